# SPDX-License-Identifier: Apache-2.0
"""The hash functions that LUKS headers name."""

import hashlib

from backupclient.keys.luks import untrusted

_KNOWN = ('ripemd160', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512')


def digest(name: str, data: bytes) -> bytes:
    """Return the digest of data.

    :raises NotCheckable: if the hash function is not available here.
    """
    try:
        if name in _KNOWN:
            return hashlib.new(name, data).digest()
    except ValueError:
        pass  # This OpenSSL lacks it, such as ripemd160.
    raise untrusted.NotCheckable(
        f'The LUKS header uses the hash {untrusted.quoted(name)}, which is '
        'not available here.'
    )


def size(name: str) -> int:
    """Return the length of a digest in bytes.

    :raises NotCheckable: if the hash function is not available here.
    """
    return len(digest(name, b''))

# SPDX-License-Identifier: Apache-2.0
"""The list of checksums of a set: ``SHA512SUMS``."""

import re

from backupclient import documents
from backupclient import errors
from backupclient.model import layout

TEXTS = (layout.MANIFEST, layout.INSTRUCTIONS)
"""The texts in the list of checksums; all other entries are data and keys."""

_LINE = re.compile(r'([0-9a-f]{128}) [ *](.+)')


def parse(data: bytes, what: str) -> dict[str, str]:
    """Parse a list of checksums.

    :param what: the name of the list, for messages.
    :returns: sha512 digests in hexadecimal, by path.
    :raises DocumentError: if a line is not the checksum of a file that a set
        can have.
    """
    found = {}
    for line in documents.text(data, what).splitlines():
        match = _LINE.fullmatch(line)
        if not match or not _may_be_listed(match[2]):
            raise errors.DocumentError(
                f'The {what} has a line that it cannot have: '
                f'{line[:100]!r}. Use a good copy of the backup set.'
            )
        found[match[2]] = match[1]
    return found


def _may_be_listed(path: str) -> bool:
    return path in TEXTS or layout.is_member(path)

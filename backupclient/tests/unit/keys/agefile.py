# SPDX-License-Identifier: Apache-2.0
"""Age files with a passphrase and little work, which age does not write.

After the specification of the format: https://age-encryption.org/v1
"""

import base64
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.primitives.kdf import hkdf
from cryptography.hazmat.primitives.kdf import scrypt


def seal(data: bytes, passphrase: str, work: int = 8) -> bytes:
    """Encrypt at most 64 KiB."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    label = b'age-encryption.org/v1/scrypt'
    wrapping = scrypt.Scrypt(label + salt, 32, 1 << work, 8, 1).derive(
        passphrase.encode()
    )
    wrapped = aead.ChaCha20Poly1305(wrapping).encrypt(
        bytes(12), file_key, None
    )
    header = b'age-encryption.org/v1\n-> scrypt %s %d\n%s\n---' % (
        _base64(salt),
        work,
        _base64(wrapped),
    )
    mac = hmac.HMAC(_derive(file_key, None, b'header'), hashes.SHA256())
    mac.update(header)
    stream = aead.ChaCha20Poly1305(_derive(file_key, nonce, b'payload'))
    return b'%s %s\n%s%s' % (
        header,
        _base64(mac.finalize()),
        nonce,
        stream.encrypt(bytes(11) + b'\1', data, None),
    )


def _derive(key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return hkdf.HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b'=')

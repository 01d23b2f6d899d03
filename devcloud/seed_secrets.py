# SPDX-License-Identifier: Apache-2.0
"""Secrets to seed: one of each type that Barbican knows.

Run by the services' Python, which has the cryptography module.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import os
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

Entry = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Secret:
    """A secret to be made."""

    name: str
    kind: str
    payload: bytes
    text: bool = False
    details: Entry = dataclasses.field(default_factory=dict)


def make_secret(cloud: Any, secret: Secret) -> Entry:
    """Make a secret and give what is to be noted of it."""
    if secret.text:
        how = {'payload_content_type': 'text/plain'}
        payload = secret.payload.decode()
    else:
        how = {
            'payload_content_type': 'application/octet-stream',
            'payload_content_encoding': 'base64',
        }
        payload = base64.b64encode(secret.payload).decode()
    made = cloud.key_manager.create_secret(
        name=secret.name,
        secret_type=secret.kind,
        payload=payload,
        **how,
        **secret.details,
    )
    return {
        'kind': 'secret',
        'secret_type': secret.kind,
        'payload_content_type': how['payload_content_type'],
        'href': made.secret_ref,
        'id': made.secret_ref.rpartition('/')[2],
        'sha256': hashlib.sha256(secret.payload).hexdigest(),
        'payload_hex': secret.payload.hex(),
    }


def secrets() -> list[Secret]:
    """Make up one secret of each of Barbican's six types."""
    private, public, certificate = _key_pair()
    aes = {'algorithm': 'aes', 'bit_length': 256, 'mode': 'cbc'}
    rsa_2048 = {'algorithm': 'rsa', 'bit_length': 2048}
    return [
        Secret(
            'sec-passphrase',
            'passphrase',
            b'correct horse battery staple',
            text=True,
        ),
        Secret('sec-symmetric', 'symmetric', os.urandom(32), details=aes),
        Secret('sec-private', 'private', private, details=rsa_2048),
        Secret('sec-public', 'public', public, details=rsa_2048),
        Secret('sec-certificate', 'certificate', certificate),
        Secret('sec-opaque', 'opaque', os.urandom(1000)),
    ]


def _key_pair() -> tuple[bytes, bytes, bytes]:
    """Make a private key, its public key, and a certificate, as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'devcloud')])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return (
        key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        key.public_key().public_bytes(
            pem, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        certificate.public_bytes(pem),
    )

# SPDX-License-Identifier: Apache-2.0
"""A restic repository with snapshots and no data, written in a moment.

``restic backup`` takes a second for each snapshot. Its format is documented
("References/Design"): all that a decision of ``restic forget`` needs are the
snapshots, which are encrypted JSON.
"""

import base64
import hashlib
import json
import os
import pathlib
import subprocess

from cryptography.hazmat.primitives import poly1305
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers import modes

PASSWORD = 'secret'
_SCRYPT = {'N': 2, 'r': 8, 'p': 1}


class Repository:
    """Snapshots, by the groups that they belong to."""

    def __init__(self, place: pathlib.Path) -> None:
        self._place = place
        for name in ('data', 'index', 'keys', 'locks', 'snapshots'):
            (place / name).mkdir()
        self._master = os.urandom(64)
        self._write_key()
        config = {
            'version': 1,
            'id': os.urandom(32).hex(),
            'chunker_polynomial': '3DA3358B4DC173',
        }
        (place / 'config').write_bytes(_seal(self._master, config))

    def add(self, group: str, time: str) -> str:
        """Add a snapshot; return its ID."""
        content = _seal(
            self._master,
            {
                'time': time,
                'tree': '0' * 64,
                'paths': ['/volumes/v.raw'],
                'hostname': 'h',
                'tags': [group],
            },
        )
        return self._put('snapshots', content)

    def forget(self, *rules: str) -> dict[str, frozenset[str]]:
        """Return the IDs of what restic would keep, by group."""
        done = subprocess.run(
            [
                *('restic', '-r', self._place, '--no-cache', '--no-lock'),
                *('forget', '--group-by', 'tags', '--dry-run', '--json'),
                *rules,
            ],
            env={
                'PATH': os.environ['PATH'],
                'RESTIC_PASSWORD': PASSWORD,
                'TZ': 'UTC',
            },
            capture_output=True,
            check=True,
        )
        return {
            group['tags'][0]: frozenset(one['id'] for one in group['keep'])
            for group in json.loads(done.stdout)
        }

    def _write_key(self) -> None:
        salt = os.urandom(64)
        of_user = hashlib.scrypt(
            PASSWORD.encode(),
            salt=salt,
            n=_SCRYPT['N'],
            r=_SCRYPT['r'],
            p=_SCRYPT['p'],
            dklen=64,
        )
        encrypt, k, r = _parts(self._master)
        master = {
            'mac': {'k': _text(k), 'r': _text(r)},
            'encrypt': _text(encrypt),
        }
        key = {
            'created': '2026-01-01T00:00:00Z',
            'kdf': 'scrypt',
            **_SCRYPT,
            'salt': _text(salt),
            'data': _text(_seal(of_user, master)),
        }
        self._put('keys', json.dumps(key).encode())

    def _put(self, folder: str, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        (self._place / folder / name).write_bytes(content)
        return name


def _parts(key: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a key for AES-256, and k and r for Poly1305-AES."""
    return key[:32], key[32:48], key[48:]


def _seal(key: bytes, document: object) -> bytes:
    """Encrypt as restic does: nonce, AES-256-CTR, Poly1305-AES."""
    encrypt, k, r = _parts(key)
    nonce = os.urandom(16)
    cipher = Cipher(algorithms.AES(encrypt), modes.CTR(nonce)).encryptor()
    sealed = cipher.update(json.dumps(document).encode())
    pad = Cipher(algorithms.AES(k), modes.ECB()).encryptor().update(nonce)
    tag = poly1305.Poly1305.generate_tag(r + pad, sealed)
    return nonce + sealed + tag


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

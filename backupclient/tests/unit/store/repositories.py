# SPDX-License-Identifier: Apache-2.0
"""Restic repositories for tests: made by the real program."""

import base64
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives import poly1305
import fixtures

from backupclient.model import addresses
from backupclient.store.restic import store

PASSWORD = 'geheim-4711'


def restic(place, *words, **options):
    """Call restic as a person does."""
    done = subprocess.run(
        ['restic', '-r', str(place), *words],
        env={**os.environ, 'RESTIC_PASSWORD': PASSWORD},
        check=True,
        capture_output=True,
        **options,
    )
    return done.stdout


def quick(document):
    """Protect a key with hardly any work, as no call shall take a second.

    After "Keys, Encryption and MAC" of restic's design document.
    """
    key = json.loads(document)
    sealed = base64.b64decode(key['data'])
    nonce, text, mac = sealed[:16], sealed[16:-16], sealed[-16:]
    crypt, authenticate = _derived(key)
    if authenticate(nonce, text) != mac:
        raise ValueError('the key is of another format')
    plain = crypt(nonce, text)
    key |= {'N': 2, 'r': 1, 'p': 1}
    crypt, authenticate = _derived(key)
    text = crypt(nonce, plain)
    sealed = nonce + text + authenticate(nonce, text)
    return json.dumps(
        key | {'data': base64.b64encode(sealed).decode()}
    ).encode()


def _derived(key):
    """Return what encrypts, and what authenticates."""
    found = hashlib.scrypt(
        PASSWORD.encode(),
        salt=base64.b64decode(key['salt']),
        n=key['N'],
        r=key['r'],
        p=key['p'],
        maxmem=1 << 28,
        dklen=64,
    )

    def crypt(nonce, data):
        cipher = ciphers.Cipher(
            ciphers.algorithms.AES(found[:32]), ciphers.modes.CTR(nonce)
        )
        return cipher.encryptor().update(data)

    def authenticate(nonce, data):
        cipher = ciphers.Cipher(
            ciphers.algorithms.AES(found[32:48]), ciphers.modes.ECB()
        )
        one_time = found[48:] + cipher.encryptor().update(nonce)
        return poly1305.Poly1305.generate_tag(one_time, data)

    return crypt, authenticate


class Repository(fixtures.Fixture):
    """A new repository. To make one takes a second, to copy one does not."""

    _template = None

    def _setUp(self):
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_PASSWORD', PASSWORD)
        )
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_CACHE_DIR', self.cache())
        )
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # Tests that run beside this one have small files of their own.
        space = root / 'space'
        space.mkdir()
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_RUNTIME_DIR', str(space))
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.restic.staging._SHARED_MEMORY',
                root / 'none',
            )
        )
        self.place = root / 'repository'
        shutil.copytree(self.template(), self.place)

    @classmethod
    def template(cls):
        if cls._template is None:
            cls._template = tempfile.TemporaryDirectory()
            restic(cls._template.name, 'init')
            for key in pathlib.Path(cls._template.name, 'keys').iterdir():
                key.chmod(0o600)
                key.write_bytes(quick(key.read_bytes()))
        return cls._template.name

    @classmethod
    def cache(cls):
        return f'{cls.template()}/cache'

    def store(self):
        return store.Restic(
            addresses.Address(addresses.Scheme.RESTIC, str(self.place))
        )

    def lock(self):
        """Have a process hold the lock that shuts out everybody else.

        :returns: the process, which is stopped.
        """
        process = subprocess.Popen(
            ['restic', '-r', str(self.place), 'check'],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        locks = self.place / 'locks'
        while not any(len(each.name) == 64 for each in locks.iterdir()):
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        if len(list(locks.iterdir())) != 1:
            raise AssertionError('restic has let its lock go')
        return process

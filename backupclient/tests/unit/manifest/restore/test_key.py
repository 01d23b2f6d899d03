# SPDX-License-Identifier: Apache-2.0
"""Keys: the page's commands with the real age, cryptsetup and qemu-img."""

import dataclasses
import os
import shutil

import pyrage
import testtools
from testtools import matchers

from backupclient.manifest.restore import page
from backupclient.model import request
from backupclient.tests.unit.manifest import samples
from backupclient.tests.unit.manifest.restore import commands

KEY = bytes(range(32))
PASSPHRASE = KEY.hex().encode()
PATH = f'keys/volume-{samples.DATA.id}.key'
DATA = f'volumes/{samples.DATA.id}.raw'


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.shell = self.useFixture(commands.Shell())
        self.key = samples.key_record(PATH)

    def needs(self, *programs):
        for program in programs:
            path = f'{os.environ["PATH"]}:/usr/sbin:/sbin'
            if not shutil.which(program, path=path):
                self.skipTest(f'{program} is not installed')

    def script(self, word):
        """The one block with a word in it, among those of the volume."""
        manifest = samples.manifest(
            samples.volume_entry(samples.DATA, key=self.key),
            request=request.Request(recipients=('age1...',)),
        )
        (found,) = [
            script
            for script in commands.scripts(page.render(manifest))
            if word in script
        ]
        return found

    def protect(self, data):
        """Put a key there that age protects, and give its identity."""
        identity = pyrage.x25519.Identity.generate()
        self.key = samples.key_record(f'{PATH}.age')
        self.shell.put(
            self.key.path, pyrage.encrypt(data, [identity.to_public()])
        )
        self.shell.put('my/identity', str(identity).encode())
        return 'IDENTITY=my/identity'


class TestStore(Case):
    def call(self):
        (call,) = self.shell.calls
        return ' '.join(call)

    def test_raw_bytes_are_stored(self):
        self.needs('xxd')
        self.shell.put(PATH, PASSPHRASE)
        self.shell.run(self.script('secret store'))
        self.assertEqual(KEY, self.shell.payload)
        for part in (
            '--secret-type symmetric',
            '--algorithm aes',
            '--bit-length 256',
        ):
            self.assertThat(self.call(), matchers.Contains(part))

    def test_long_key(self):
        self.needs('xxd')
        key = os.urandom(256)
        self.shell.put(PATH, key.hex().encode())
        self.shell.run(self.script('secret store'))
        self.assertEqual(key, self.shell.payload)

    def test_protected_key(self):
        self.needs('xxd', 'age')
        self.shell.run(self.protect(PASSPHRASE), self.script('secret store'))
        self.assertEqual(KEY, self.shell.payload)

    def test_passphrase_is_stored_as_it_is(self):
        self.key = dataclasses.replace(self.key, secret_type='passphrase')
        self.shell.put(PATH, b'open sesame')
        self.shell.run(self.script('secret store'))
        self.assertEqual(b'open sesame', self.shell.payload)
        self.assertThat(
            self.call(),
            matchers.Contains(
                '--secret-type passphrase --payload-content-type text/plain'
            ),
        )


class TestUnlock(Case):
    def setUp(self):
        super().setUp()
        self.needs('cryptsetup')
        self.shell.put(PATH, PASSPHRASE)
        self.shell.put(DATA, bytes(4 << 20))
        done = self.shell.run(
            'cryptsetup luksFormat --batch-mode --type luks1 '
            f'--pbkdf-force-iterations 1000 --key-file {PATH} {DATA}'
        )
        if done.returncode:
            self.skipTest(f'cryptsetup cannot work here: {done.stdout}')

    def test_proof(self):
        done = self.shell.run(self.script('--test-passphrase'))
        self.assertEqual(('', 0), (done.stdout, done.returncode))

    def test_wrong_key(self):
        self.shell.put(PATH, PASSPHRASE + b'\n')
        done = self.shell.run(self.script('--test-passphrase'))
        self.assertNotEqual('', done.stdout)
        self.assertEqual(2, done.returncode)

    def test_protected_key(self):
        self.needs('age')
        identity = self.protect(PASSPHRASE)
        done = self.shell.run(identity, self.script('--test-passphrase'))
        self.assertEqual(('', 0), (done.stdout, done.returncode))

    def test_decrypted_disk(self):
        self.needs('qemu-img')
        done = self.shell.run(self.script('qemu-img'))
        self.assertEqual(('', 0), (done.stdout, done.returncode))
        decrypted = (self.shell.folder / 'decrypted.raw').stat()
        self.assertEqual(2 << 20, decrypted.st_size)
        self.assertEqual(0o600, decrypted.st_mode & 0o777)

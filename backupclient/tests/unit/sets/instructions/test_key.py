# SPDX-License-Identifier: Apache-2.0
"""Keys: the page's commands with the real age, cryptsetup and qemu-img."""

import dataclasses
import os
import shutil

import pyrage
import testtools

from backupclient.model import requests
from backupclient.sets.instructions import page
from backupclient.tests.unit.sets import samples
from backupclient.tests.unit.sets.instructions import commands

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

    def manifest(self):
        return samples.manifest(
            samples.volume_entry(samples.DATA, key=self.key),
            request=requests.Request(recipients=('age1...',)),
        )

    def script(self, word):
        """The one block with a word in it, among those of the volume."""
        (found,) = [
            script
            for script in commands.scripts(page.render(self.manifest()))
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
    def store(self, *before):
        self.shell.run(self.function(), *before, self.script('barbican store'))
        (post, put) = self.shell.requests
        self.assertEqual(('PUT', '/secrets/new-secret'), put[:2])
        return post[2], put[3]['headers']['Content-Type']

    def function(self):
        (found,) = [
            script
            for script in commands.scripts(page.render(self.manifest()))
            if 'barbican()' in script
        ]
        return found

    def test_raw_bytes_are_stored(self):
        self.needs('xxd')
        self.shell.put(PATH, PASSPHRASE)
        body, content = self.store()
        self.assertEqual(KEY, self.shell.payload)
        self.assertEqual(
            {
                'name': f'key of {samples.DATA.name}',
                'secret_type': 'symmetric',
                'algorithm': 'aes',
                'bit_length': 256,
            },
            body,
        )
        self.assertEqual('application/octet-stream', content)

    def test_long_key(self):
        self.needs('xxd')
        key = os.urandom(256)
        self.shell.put(PATH, key.hex().encode())
        self.store()
        self.assertEqual(key, self.shell.payload)

    def test_protected_key(self):
        self.needs('xxd', 'age')
        self.store(self.protect(PASSPHRASE))
        self.assertEqual(KEY, self.shell.payload)

    def test_passphrase_is_stored_as_it_is(self):
        """With its blanks and line breaks: they belong to it."""
        self.key = dataclasses.replace(self.key, secret_type='passphrase')
        self.shell.put(PATH, b' open sesame\n')
        body, content = self.store()
        self.assertEqual(b' open sesame\n', self.shell.payload)
        self.assertEqual('passphrase', body['secret_type'])
        self.assertEqual('text/plain', content)


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

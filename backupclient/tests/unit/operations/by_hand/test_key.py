# SPDX-License-Identifier: Apache-2.0
"""Keys: the page's commands with the real age, cryptsetup and qemu-img."""

import base64
import dataclasses
import hashlib
import os
import shutil

import pyrage
import testtools

from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import restores
from backupclient.model import saved_plans
from backupclient.operations.by_hand import page
from backupclient.procedures.restore import luks_opening
from backupclient.tests.unit import items
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.sets import samples

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

    def protect(self, data):
        """Put a key there that age protects, and give its identity."""
        identity = pyrage.x25519.Identity.generate()
        self.key = samples.key_record(f'{PATH}.age')
        self.shell.put(
            self.key.path, pyrage.encrypt(data, [identity.to_public()])
        )
        self.shell.put('my/identity', str(identity).encode())
        return {'IDENTITY': 'my/identity'}


class TestStore(Case):
    def store(self, key=KEY, **environment):
        self.key = dataclasses.replace(
            self.key, fingerprint=hashlib.sha256(key).hexdigest()
        )
        self.shell.put(DATA, b'x')
        done = self.shell.run(page.render(self.manifest()), **environment)
        self.assertEqual(0, done.returncode, done.stdout)
        self.done = done
        (post, put, _delete) = self.shell.requests
        self.assertEqual(('PUT', '/secrets/new-secret'), put[:2])
        return post[2], put[3]['headers']['Content-Type']

    def test_raw_bytes_are_stored(self):
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
        key = os.urandom(256)
        self.shell.put(PATH, key.hex().encode())
        self.store(key)
        self.assertEqual(key, self.shell.payload)

    def test_key_is_no_argument(self):
        self.shell.put(PATH, PASSPHRASE)
        self.store(SHELLOPTS='xtrace')
        self.assertIn('barbican store', self.done.stdout)
        for form in (PASSPHRASE, base64.b64encode(KEY)):
            self.assertNotIn(form.decode(), self.done.stdout)

    def test_protected_key(self):
        self.needs('age')
        self.store(**self.protect(PASSPHRASE))
        self.assertEqual(KEY, self.shell.payload)

    def test_passphrase_is_stored_as_it_is(self):
        """With its blanks and line breaks: they belong to it."""
        self.key = dataclasses.replace(self.key, secret_type='passphrase')
        self.shell.put(PATH, b' open sesame\n')
        body, content = self.store(b' open sesame\n')
        self.assertEqual(b' open sesame\n', self.shell.payload)
        self.assertEqual('passphrase', body['secret_type'])
        self.assertEqual('text/plain', content)


class TestOpen(Case):
    """The commands for data that are opened before they are uploaded."""

    def test_decrypted_disk(self):
        self.needs('cryptsetup', 'qemu-img', 'age')
        self.shell.put(PATH, PASSPHRASE)
        self.shell.put(DATA, bytes(4 << 20))
        done = self.shell.run(
            'cryptsetup luksFormat --batch-mode --type luks1 '
            f'--pbkdf-force-iterations 1000 --key-file {PATH} {DATA}'
        )
        if done.returncode:
            self.skipTest(f'cryptsetup cannot work here: {done.stdout}')
        identity = self.protect(PASSPHRASE)
        entry = samples.volume_entry(samples.DATA, key=self.key)
        item = items.item(
            entry.resource,
            plans.Procedure.VOLUME_FROM_IMAGE,
            'why',
            volume=entry.volume,
            restore=saved_plans.Task(
                restores.Source(samples.RUN, file=entry.file, key=self.key),
                'vault',
                volume=restores.NewVolume(1, restores.Way.OPENED),
            ),
        )
        done = self.shell.run(*luks_opening.commands(item), **identity)
        self.assertEqual(('', 0), (done.stdout, done.returncode))
        decrypted = (self.shell.folder / luks_opening.PLAIN).stat()
        self.assertEqual(2 << 20, decrypted.st_size)
        self.assertEqual(0o600, decrypted.st_mode & 0o777)

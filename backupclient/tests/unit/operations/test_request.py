# SPDX-License-Identifier: Apache-2.0

import os

import fixtures
import pyrage
import testtools

from backupclient import errors
from backupclient.operations import request


class TargetTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.root = self.useFixture(fixtures.TempDir()).path
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.root)

    def test_absolute(self):
        here = os.getcwd()
        for text, path in (
            ('/srv/backups/', '/srv/backups'),
            ('backups', f'{here}/backups'),
            ('../x', f'{os.path.dirname(here)}/x'),
        ):
            self.assertEqual(path, request.target(text))

    def test_refused(self):
        for text in ('', '~/backups', 'restic:repo', 's3://bucket', 'a\0'):
            self.assertRaises(errors.UsageError, request.target, text)

    def test_current_folder_that_is_gone(self):
        os.rmdir(self.root)
        error = self.assertRaises(errors.UsageError, request.target, 'there')
        self.assertIn('"there" is below the current folder', str(error))
        self.assertEqual('/srv', request.target('/srv'))


class RecipientsTestCase(testtools.TestCase):
    def test_keys_and_files(self):
        one, two = (
            str(pyrage.x25519.Identity.generate().to_public())
            for _ in range(2)
        )
        file = os.path.join(self.useFixture(fixtures.TempDir()).path, 'keys')
        with open(file, 'w') as writing:
            writing.write(f'# mine\n{two}\n')
        self.assertEqual((one, two), request.recipients([one, file]))
        self.assertEqual((), request.recipients([]))

    def test_secret_key(self):
        secret = str(pyrage.x25519.Identity.generate())
        error = self.assertRaises(
            errors.UsageError, request.recipients, [secret]
        )
        self.assertNotIn(secret, str(error))

# SPDX-License-Identifier: Apache-2.0

import os

import fixtures
import pyrage
import testtools

from backupclient import errors
from backupclient.model import requests
from backupclient.model import restores
from backupclient.operations import request
from backupclient.store import targets


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
        for text in ('', '~/backups', 'restic:', 's3://bucket', 'a\0'):
            self.assertRaises(errors.UsageError, request.target, text)

    def test_other_targets(self):
        here = os.getcwd()
        for text, target in (
            ('restic:repository', f'restic:{here}/repository'),
            ('restic:/srv/x/', 'restic:/srv/x'),
            ('restic:s3:https://there/x', 'restic:s3:https://there/x'),
            ('rclone:remote:x/', 'rclone:remote:x'),
        ):
            self.assertEqual(target, request.target(text))
            self.assertEqual(target, requests.Request(target=target).target)

    def test_passwords(self):
        """Only this process knows them; no request can have one."""
        self.addCleanup(targets.forget)
        text = 'rclone::webdav,url="http://there",pass=hunter2:x'
        shown = request.target(text)
        self.assertEqual(text.replace('hunter2', '***'), shown)
        self.assertEqual(shown, targets.find(shown).name)
        requests.Request(target=shown)
        for make in (
            lambda: requests.Request(target=text),
            lambda: restores.Request(requests.Request(), source=text),
        ):
            error = self.assertRaises(ValueError, make)
            self.assertNotIn('hunter2', str(error))

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

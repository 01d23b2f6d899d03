# SPDX-License-Identifier: Apache-2.0
"""From the text of a target to its store, once in a process."""

import testtools

from backupclient import errors
from backupclient.model import addresses
from backupclient.store import localfolder
from backupclient.store import targets
from backupclient.store.rclone import store

SECRET = 'rclone::webdav,url="http://there",pass=hunter2:x'
SHOWN = 'rclone::webdav,url="http://there",pass=***:x'


class TestTargets(testtools.TestCase):
    def setUp(self):
        super().setUp()
        targets.forget()
        self.addCleanup(targets.forget)

    def refused(self, function, *args):
        error = self.assertRaises(errors.UsageError, function, *args)
        self.assertNotIn('hunter2', str(error))
        return str(error)

    def test_folder(self):
        found = targets.find('/srv/back:ups')
        self.assertIsInstance(found, localfolder.Folder)
        self.assertEqual('/srv/back:ups', found.name)

    def test_rclone(self):
        found = targets.find('rclone:remote:path')
        self.assertIsInstance(found, store.Rclone)
        self.assertEqual('rclone:remote:path', found.name)
        self.assertIs(found, targets.find('rclone:remote:path'))
        self.assertIsNot(found, targets.find('rclone:remote:other'))

    def test_no_target(self):
        self.refused(targets.find, 'rclone:x')

    def test_passwords_are_remembered(self):
        self.assertEqual(SHOWN, targets.keep(addresses.parse(SECRET)))
        found = targets.find(SHOWN)
        self.assertEqual(SHOWN, found.name)
        self.assertIs(found, targets.find(SECRET))

    def test_passwords_that_are_not_known(self):
        said = self.refused(targets.find, SHOWN)
        self.assertIn(SHOWN, said)
        self.assertIn('--to or --from', said)

    def test_passwords_that_are_others(self):
        targets.keep(addresses.parse(SECRET))
        first = targets.find(SHOWN)
        targets.keep(addresses.parse(SECRET.replace('hunter2', 'other')))
        self.assertIsNot(first, targets.find(SHOWN))

    def test_same(self):
        targets.require_same('/srv/backups', '')
        targets.require_same('/srv/backups', '/srv/backups')
        for kept in ('/srv/backups', ''):
            said = self.refused(targets.require_same, kept, '/srv/other')
            self.assertIn(kept or 'none', said)

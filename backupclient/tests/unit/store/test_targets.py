# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient import errors
from backupclient.store import folder
from backupclient.store import targets


class TestTargets(testtools.TestCase):
    def test_folder(self):
        found = targets.find('/srv/back:ups')
        self.assertIsInstance(found, folder.Folder)
        self.assertEqual('/srv/back:ups', found.name)

    def test_kinds_that_come_later(self):
        for target in ('restic:/srv/repo', 'rclone:remote:path', 'restic:'):
            error = self.assertRaises(errors.UsageError, targets.find, target)
            self.assertIn('come with a later release', str(error))
            self.assertNotIn('remote', str(error))

# SPDX-License-Identifier: Apache-2.0
"""Data that are taken away before their source is deleted."""

import dataclasses

from backupclient import errors
from backupclient.model import copies
from backupclient.model import plans
from backupclient.procedures import files
from backupclient.procedures import interim
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures import base

KEY = bytes(range(32))


class FilesTestCase(base.TestCase):
    """An encrypted volume, by an image, to a file and the key to it."""

    procedure = plans.Procedure.VOLUME_IMAGE
    more = {'to_file': True}

    def seed(self):
        secret = self.cloud.barbican.add_secret('', KEY)
        volume = self.cloud.cinder.add_volume(
            'data', base.DATA, key=secret['id']
        )
        return self.work.cloud.cinder.volume(volume['id'])

    def _take_away(self, kind):
        for entry in self.folder.list(kind):
            self.folder.delete(entry.path)

    def test_while_it_was_killed(self):
        """The journal says that they are there: they are brought again."""
        for kind, where in (
            ('volumes', 'DELETE glance'),
            ('keys', 'DELETE glance'),
            ('volumes', 'GET barbican'),
        ):
            self.begin()
            self.cloud.fail(wire.Killed(), where)
            self.assertRaises(wire.Killed, self.go)
            self._take_away(kind)
            self.new_process()
            self.go()
            self.assertEqual({}, self.new_things(), where)
            self.check_untouched()
            content = {*self.folder.files().values()}
            self.assertEqual({base.DATA, KEY.hex().encode()}, content)

    def test_while_it_runs(self):
        """The image stays until they are known to be there."""
        self.cloud.fail(lambda: self._take_away('volumes'), 'GET barbican')
        failure = self.assertRaises(errors.NotFound, self.go)
        self.assertIn('.raw was taken away', str(failure))
        self.assertEqual([], self.left_over)
        self.assertEqual({}, self.new_things())
        self.assertEqual({}, self.folder.files())
        self.check_untouched()

    def test_not_whole(self):
        record = copies.FileRecord('volumes/1.raw', 4, {'sha512': 'a' * 128})
        made = interim.Backup(file=record)
        for content in (None, b'dat'):
            if content:
                self.folder.put('volumes/1.raw', content)
            for each in (interim.Backup(), made):
                self.assertRaises(
                    errors.NotFound, files.require_data, self.work, each
                )
        self.folder.put('volumes/1.raw', b'data')
        self.assertEqual('volumes/1.raw', files.require_data(self.work, made))

    def test_without_a_set(self):
        work = dataclasses.replace(self.work, files=None)
        failure = self.assertRaises(errors.UsageError, files.of, work)
        self.assertIn('--to', str(failure))

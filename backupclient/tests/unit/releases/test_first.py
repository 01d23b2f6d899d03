# SPDX-License-Identifier: Apache-2.0
"""What the first release has written is read, and finished."""

import pathlib
import shutil

from backupclient.model import manifests
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.unit.engine import base

FILES = pathlib.Path(__file__).parent / 'first'
CLOSED = '20260102T030405Z-wxvi'
KILLED = '20260102T030405Z-sxrr'
DATA = b'boot' * 500 + bytes(9000) + b'the end'
GOLD = bytes(range(256)) * 200
KEY = bytes(range(32))
CONTENT = {
    'images/00000001-image.qcow2': GOLD,
    'keys/volume-00000001-volume.key': KEY.hex().encode(),
    'secrets/00000002-secret.bin': b'sesame',
    'servers/00000001-server.qcow2': b'root' * 1000,
    'volumes/00000001-volume.raw': DATA,
    'volumes/00000002-volume.raw': b'spare' * 900,
}


class TestCase(base.TestCase):
    def check_set(self, folder):
        """All is there, and as it was in the cloud."""
        files = localfolder.Folder(folder)
        self.assertEqual((), check.check(files))
        manifest = check.read(files)
        self.assertEqual(folder.name, manifest.run)
        self.assertIs(manifests.State.COMPLETE, manifest.state)
        self.assertEqual(
            ['web', 'data', 'spare', 'golden', 'word'],
            [entry.resource.name for entry in manifest.items],
        )
        for path, content in CONTENT.items():
            self.assertEqual(content, (folder / path).read_bytes(), path)


class TestClosed(TestCase):
    def test_is_read(self):
        self.check_set(FILES / 'closed' / CLOSED)


class TestKilled(TestCase):
    def setUp(self):
        super().setUp()
        server = self.fake.nova.add_server('web', b'root' * 1000)
        key = self.fake.barbican.add_secret('', KEY)
        self.fake.cinder.add_volume(
            'data', DATA, server=server['id'], key=key['id']
        )
        self.fake.cinder.add_volume('spare', b'spare' * 900)
        self.fake.glance.add_image('golden', GOLD, disk_format='qcow2')
        self.fake.barbican.add_secret('word', b'sesame', secret_type='opaque')
        self.before = self.fake.world.holdings()

    def copy(self):
        """Put the files where they were, on this machine."""
        shutil.copytree(FILES / 'killed', self.root, dirs_exist_ok=True)
        journal = self.root / 'state' / 'openstack-backup' / KILLED
        for name in ('items', 'stopped'):
            (journal / name).mkdir()
        run = journal / 'run.json'
        run.write_text(
            run.read_text().replace('/srv/backups', str(self.target))
        )

    def test_is_finished(self):
        self.copy()
        report = self.resume()
        self.assertEqual(0, report.exit_code, report)
        self.check_set(self.target / KILLED)
        self.check_cloud()
        self.assertEqual(
            [KILLED], [path.name for path in self.target.iterdir()]
        )

    def test_goes_on_where_the_part_file_ends(self):
        self.copy()
        self.resume()
        asked = [
            request.headers.get('Range')
            for request in self.fake.seen
            if request.path.endswith('/file')
        ]
        self.assertEqual(['bytes=20000-'], asked)

# SPDX-License-Identifier: Apache-2.0
"""What the steps of each kind of flow have made, in files and out of them."""

import dataclasses
import json
import pathlib

import fixtures
import testtools

from backupclient import documents
from backupclient import errors
from backupclient.engine import journal_base
from backupclient.engine import saved_progress
from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.procedures import interim

FILE = copies.FileRecord('volumes/1.raw', 4, {'sha512': 'a' * 128})
EVERYTHING = {
    'artifact': {'id': 'kept', 'kind': 'image', 'name': 'n'},
    'captured_at': '2026-01-02T03:04:05+00:00',
    'consistency': 'stopped',
    'file': {
        'digests': {'sha512': 'a' * 128},
        'path': 'volumes/1.raw',
        'size': 4,
        'verified': '',
    },
    'found': 'ACTIVE',
    'image': None,
    'image_id': 'an-image',
    'key': None,
    'notes': ['a note'],
    'restored': 'what-is-back',
    'secret': None,
    'secret_id': 'a-secret',
    'server_id': 'a-server',
    'snapshot_id': 'a-snapshot',
    'volume_id': 'a-volume',
}
"""All fields that an earlier release wrote, whatever a flow had of them."""
AS_TYPES = {
    'volume/v/deliver#1': interim.Backup(
        snapshot_id='a-snapshot',
        volume_id='a-volume',
        image_id='an-image',
        captured=interim.Moment(
            '2026-01-02T03:04:05+00:00', plans.Consistency.STOPPED
        ),
        artifact=copies.Artifact('image', 'kept', 'n'),
        file=FILE,
        notes=('a note',),
    ),
    'volume/v/restore#1': interim.Restore(
        secret_id='a-secret',
        image_id='an-image',
        volume_id='a-volume',
        server_id='a-server',
        restored='what-is-back',
        notes=('a note',),
    ),
    'downtime/s/start#1': interim.Downtime('ACTIVE'),
}
PARTS = {
    interim.Backup: ('capture', 'convert', 'deliver', 'whole'),
    interim.Restore: ('restore', 'remove'),
    interim.Downtime: ('stop', 'start'),
}
IMAGE = resources.Image('an-image', 'n', 'active', 'p', disk_format='raw')
SECRET = resources.Secret('s', 'n', 'ACTIVE', metadata={'a': 'b'})


class TestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = folder / 'record.json'

    def read(self, flow):
        kind = saved_progress.Progress
        found = documents.read(self.path, kind, 'record')
        return saved_progress.opened(found, flow)

    def put(self, flow, **made):
        done = [{'step': 'a-step', 'made': EVERYTHING | made}]
        text = {'flow': flow, 'done': done, 'undoing': True, 'version': 2}
        self.path.write_text(json.dumps(text))

    def test_of_an_earlier_release(self):
        for flow, made in AS_TYPES.items():
            self.put(flow)
            expected = journal_base.Progress(
                flow, (journal_base.Done('a-step', made),), undoing=True
            )
            self.assertEqual(expected, self.read(flow))

    def test_each_part_has_its_type(self):
        for kind, parts in PARTS.items():
            for part in parts:
                self.put(f'volume/v/{part}#2')
                (done,) = self.read(f'volume/v/{part}#2').done
                self.assertIs(kind, type(done.made))

    def test_there_and_back(self):
        (backup, *others) = AS_TYPES.items()
        flow, made = backup
        described = [
            (flow, dataclasses.replace(made, described=each))
            for each in (IMAGE, SECRET)
        ]
        nothing = [(flow, type(made)()) for flow, made in AS_TYPES.items()]
        for flow, made in (backup, *others, *described, *nothing):
            done = journal_base.Done('a-step', made)
            progress = journal_base.Progress(flow, (done, done))
            documents.write(self.path, saved_progress.of(progress))
            self.assertEqual(progress, self.read(flow))
            (first, _) = json.loads(self.path.read_text())['done']
            # An earlier release of this format finds each of its fields.
            self.assertEqual({*EVERYTHING}, {*first['made']})

    def test_what_is_no_id(self):
        for name in EVERYTHING:
            if name.endswith('_id') or name == 'restored':
                self.put('volume/v/capture#1', **{name: '../x'})
                failure = self.assertRaises(
                    errors.DocumentError, self.read, 'volume/v/capture#1'
                )
                self.assertIn('$.done[0].made', str(failure), name)

    def test_another_flow(self):
        self.put('volume/v/capture#1')
        failure = self.assertRaises(
            errors.DocumentError, self.read, 'volume/w/capture#1'
        )
        self.assertIn("'volume/v/capture#1'", str(failure))

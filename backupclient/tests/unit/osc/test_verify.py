# SPDX-License-Identifier: Apache-2.0
"""The command, as a person types it: without a login."""

import json
import os
import signal
import subprocess
import sys

import fixtures
import pyrage

from backupclient.operations import verify
from backupclient.osc import verify as verify_
from backupclient.store import localfolder
from backupclient.tests import hearing
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.operations import verify_case
from backupclient.tests.unit.osc import base

CASE = verify_case


class VerifyTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        for name in fake_cloud.ENVIRONMENT:
            self.useFixture(fixtures.EnvironmentVariable(name, None))
        self.target.mkdir()
        self.store = localfolder.Folder(self.target)
        self.set = self.target / CASE.RUN
        CASE.make(self.store)

    def verify(self, *words, code=0):
        return self.rows('verify', '--from', self.target, *words, code=code)

    def refused(self, code, *words):
        found = self.openstack('backup', 'verify', *words)
        self.assertEqual(code, found, self.err.said)
        self.assertEqual('', self.out.said)
        return self.err.said

    def test_rows(self):
        rows = self.verify()
        self.assertEqual([], self.fake.seen)
        self.assertEqual(
            ['Run', 'Kind', 'Name', 'ID', 'Depth', 'Result', 'Notes'],
            list(rows[0]),
        )
        self.assertEqual(
            {
                'Run': CASE.RUN,
                'Kind': 'volume',
                'Name': 'archive',
                'ID': CASE.PLAIN.id,
                'Depth': 'data',
                'Result': 'good',
                'Notes': [
                    f'{CASE.SPARSE} has the sha512 that was written down.'
                ],
            },
            rows[2],
        )
        self.assertIn(
            f'Backups of run {CASE.RUN}\n5 good; 3.1 MiB hashed in ',
            self.err.said,
        )

    def test_damage(self):
        os.truncate(self.set / CASE.SPARSE, 5)
        rows = self.verify('--depth', 'files', code=3)
        self.assertEqual('damaged', rows[2]['Result'])
        self.assertIn(
            f'volume "archive" ({CASE.PLAIN.id}) of run {CASE.RUN}: damaged: '
            f'{CASE.SPARSE}: It has 5 bytes instead of 3,145,735.',
            self.err.said,
        )
        self.assertIn('4 good, 1 damaged', self.err.said)

    def test_damaged_manifest(self):
        os.truncate(self.set / 'manifest.json', 5)
        (row,) = self.verify(code=3)
        self.assertEqual(('set', 'damaged'), (row['Kind'], row['Result']))
        self.assertIn(f'The set of run {CASE.RUN}: damaged', self.err.said)

    def test_lost_manifest(self):
        """It is said, and the older run is verified."""
        CASE.make(self.store, CASE.Contents(run=CASE.OLD))
        (self.set / 'manifest.json').unlink()
        lost, *others = self.verify(code=3)
        self.assertEqual(
            (CASE.RUN, 'set', 'damaged'),
            (lost['Run'], lost['Kind'], lost['Result']),
        )
        self.assertIn('Put a copy of the file back', lost['Notes'][0])
        self.assertEqual(
            {(CASE.OLD, 'good')},
            {(row['Run'], row['Result']) for row in others},
        )
        (row,) = self.verify(CASE.RUN, code=3)
        self.assertEqual(('set', 'damaged'), (row['Kind'], row['Result']))

    def test_result_is_kept(self):
        self.verify()
        (kept,) = (self.set / 'verified').iterdir()
        self.assertEqual(CASE.RUN, json.loads(kept.read_text())['run'])

    def test_selection_and_runs(self):
        CASE.make(self.store, CASE.Contents(run=CASE.OLD))
        (row,) = self.verify('--secret', 'tls')
        self.assertEqual((CASE.RUN, 'tls'), (row['Run'], row['Name']))
        rows = self.verify(CASE.OLD, CASE.RUN, '--exclude', 'secret/tls')
        self.assertEqual(8, len(rows))

    def test_sample(self):
        rows = self.verify('--sample', '10%')
        self.assertEqual({'data', 'files'}, {row['Depth'] for row in rows})

    def test_identity(self):
        run = '20260401T000000Z-aaaa'
        identity = pyrage.x25519.Identity.generate()
        CASE.make(
            self.store,
            CASE.Contents(run=run, recipient=identity.to_public()),
        )
        words = ('--depth', 'keys', '--secret', 'tls')
        (row,) = self.verify(*words, code=3)
        self.assertEqual('unproved', row['Result'])
        self.assertIn('--identity FILE', self.err.said)
        file = self.root / 'key.txt'
        file.write_text(str(identity))
        (row,) = self.verify(*words, '--identity', file)
        self.assertEqual(('keys', 'good'), (row['Depth'], row['Result']))

    def test_wrong_words(self):
        target = ('--from', self.target)
        for words, said in (
            ((*target, '--identity', 'x'), '--depth keys'),
            ((*target, '--sample', '0'), 'percentage'),
            ((*target, '--sample', '101%'), 'percentage'),
            ((*target, '--sample', 'x'), 'percentage'),
            ((*target, '--timeout', '3'), 'need --depth restore'),
            ((*target, '--flavor', 'a=b'), 'need --depth restore'),
            ((*target, '--depth', 'all'), 'invalid choice'),
            ((*target, '--parallel', '0'), 'not a number'),
            ((*target, CASE.OLD), f'The newest are: {CASE.RUN}'),
            ((*target, '--volume', 'x'), 'No volume has the name'),
            (('--from', 'restic:'), 'needs the repository'),
        ):
            self.assertIn(said, self.refused(2, *words))
        self.assertIn(
            'There is no folder',
            self.refused(1, '--from', self.root / 'missing'),
        )
        self.assertIn(
            'set RESTIC_PASSWORD_FILE', self.refused(1, '--from', 'restic:x')
        )

    def test_depths_are_those_of_the_operation(self):
        self.assertEqual(verify_._DEPTHS, verify.DEPTHS)

    def test_fits_a_terminal(self):
        for name in self.set.glob('volumes/*'):
            os.truncate(name, 5)
        for width in (60, 80):
            self.useFixture(
                fixtures.EnvironmentVariable('COLUMNS', str(width))
            )
            code = self.openstack(
                'backup', 'verify', '--from', self.target, terminal=True
            )
            self.assertEqual(3, code)
            lines = self.out.said.splitlines()
            self.assertIn('| Kind ', lines[1])
            self.assertIn(' Result', lines[1])
            self.assertGreaterEqual(width, max(map(len, lines)))

    def test_in_a_process_without_anything(self):
        """No login, no configuration, no network, no variables."""
        process = self.start('-f', 'value', '-c', 'Result')
        out, err = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode, err)
        self.assertEqual(['good'] * 5, out.split())

    def start(self, *words):
        process = subprocess.Popen(
            [
                *(sys.executable, '-m', 'openstackclient.shell'),
                *('backup', 'verify', '--from', str(self.target), *words),
            ],
            env={
                'PATH': os.environ['PATH'],
                'PYTHONPATH': os.pathsep.join(sys.path),
                'HOME': str(self.root),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_interrupted_in_a_large_file(self):
        """Ctrl-C ends it at once, also within a hole of a TiB."""
        self.useFixture(hearing.Hearing())
        size = 1 << 40
        os.truncate(self.set / CASE.SPARSE, size)
        manifest = self.set / 'manifest.json'
        text = manifest.read_text()
        manifest.write_text(text.replace('3145735', str(size)))
        process = self.start('--volume', 'archive')
        for line in process.stderr:
            if 'hash its files' in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual((130, ''), (process.returncode, out), err)

    def test_interrupted(self):
        def interrupt(*_, **__):
            raise KeyboardInterrupt

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.operations.verifying.workers._verify', interrupt
            )
        )
        self.assertIn('Interrupted', self.refused(130, '--from', self.target))

# SPDX-License-Identifier: Apache-2.0
"""The plan of a restore: which sets it is made of."""

import dataclasses
import shutil

import fixtures

from backupclient import errors
from backupclient.model import requests
from backupclient.model import restores
from backupclient.operations import restore
from backupclient.operations import restore_files
from backupclient.operations import run
from backupclient.operations import verify
from backupclient.tests.unit.operations import base

NEWER = '20991231T000000Z-zzzz'


class RestorePlanTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.fake.glance.add_image('golden', base.DATA)
        self.asked = requests.Request(everything=True, target=str(self.target))
        done = run.back_up(self.session, self.asked)
        self.set = self.target / done.report.run
        self.wanted = restores.Request(
            requests.Request(everything=True), str(self.target)
        )

    def cut(self, folder):
        path = folder / 'manifest.json'
        path.write_bytes(path.read_bytes()[:100])

    def test_set_that_cannot_be_read(self):
        """The newest one may be meant, so the plan names it."""
        newer = self.target / NEWER
        shutil.copytree(self.set, newer)
        self.cut(newer)
        planned = restore.plan(self.session, self.wanted)
        (item,) = planned.items
        self.assertEqual(self.set.name, item.restore.source.run)
        self.assertIn(f'{newer}/manifest.json', ' '.join(planned.cautions))

    def test_set_that_has_lost_its_manifest(self):
        newer = self.target / NEWER
        shutil.copytree(self.set, newer)
        (newer / 'manifest.json').unlink()
        planned = restore.plan(self.session, self.wanted)
        (item,) = planned.items
        self.assertEqual(self.set.name, item.restore.source.run)
        said = ' '.join(planned.cautions)
        self.assertIn(f'The set {newer} has no manifest.json', said)
        named = dataclasses.replace(self.wanted, run=NEWER)
        error = self.assertRaises(
            errors.UsageError, restore.plan, self.session, named
        )
        self.assertIn(f'The set {newer} has no manifest.json', str(error))
        (self.set / 'manifest.json').unlink()
        error = self.assertRaises(
            errors.UsageError, restore.plan, self.session, self.wanted
        )
        self.assertIn(f'The set {self.set} has no manifest.json', str(error))

    def again(self):
        """Back up once more, and say which file the second run has made."""
        self.session.clock.sleep(2)
        done = run.back_up(self.session, self.asked)
        self.assertNotEqual(self.set.name, done.report.run)
        (path,) = (self.target / done.report.run / 'images').iterdir()
        return done.report.run, path

    def test_what_a_verification_found_damaged(self):
        """It is passed over: an older good one is taken, with a note."""
        newer, path = self.again()
        data = path.read_bytes()
        path.write_bytes(b'x' * len(data))
        for selection in (
            requests.Request(everything=True),
            requests.Request(images=('golden',)),
        ):
            wanted = restores.Request(selection, str(self.target))
            (item,) = restore.plan(self.session, wanted).items
            self.assertEqual(newer, item.restore.source.run)
            verify.verify(str(self.target), [newer])
            (item,) = restore.plan(self.session, wanted).items
            self.assertEqual(self.set.name, item.restore.source.run)
            self.assertIn(
                f'Run {newer}: complete, but "backup verify" found it '
                f'damaged. It comes from run {self.set.name}.',
                item.notes,
            )
            for result in (self.target / newer / 'verified').iterdir():
                result.unlink()

    def test_damage_that_is_mended(self):
        newer, path = self.again()
        data = path.read_bytes()
        path.write_bytes(b'x' * len(data))
        verify.verify(str(self.target), [newer])
        path.write_bytes(data)
        self.session.clock.sleep(2)
        verify.verify(str(self.target), [newer])
        (item,) = restore.plan(self.session, self.wanted).items
        self.assertEqual(newer, item.restore.source.run)

    def test_only_damaged_ones(self):
        """Nothing is taken, but of a run that is named, with a caution."""
        (path,) = (self.set / 'images').iterdir()
        path.write_bytes(b'x')
        verify.verify(str(self.target), [self.set.name])
        (item,) = restore.plan(self.session, self.wanted).items
        self.assertFalse(item.possible)
        self.assertTrue(item.reason.startswith('No backup of it is good: '))
        self.assertIn('found each complete backup of it damaged', item.reason)
        self.assertIn('--run', item.reason)
        named = dataclasses.replace(self.wanted, run=self.set.name)
        (item,) = restore.plan(self.session, named).items
        self.assertTrue(item.possible)
        self.assertIn('found this backup damaged', ' '.join(item.notes))

    def test_files_of_what_is_damaged(self):
        newer, path = self.again()
        data = path.read_bytes()
        path.write_bytes(b'x' * len(data))
        verify.verify(str(self.target), [newer])
        done = restore_files.restore(self.wanted, self.root / 'out')
        (one,) = done.outcomes
        self.assertEqual(0, done.exit_code)
        file = self.root / 'out' / one.restored
        self.assertEqual(base.DATA, file.read_bytes())
        self.assertIn(f'It comes from run {self.set.name}.', one.notes[0])

    def test_no_set(self):
        for set_ in self.target.iterdir():
            shutil.rmtree(set_)
        for function in (
            lambda: restore.plan(self.session, self.wanted),
            lambda: restore_files.restore(self.wanted, self.root / 'out'),
        ):
            error = self.assertRaises(errors.UsageError, function)
            self.assertIn(f'There is no backup in {self.target}', str(error))
            self.assertIn('Name the folder that "backup run', str(error))

    def test_no_set_that_can_be_read(self):
        self.cut(self.set)
        error = self.assertRaises(
            errors.UsageError, restore.plan, self.session, self.wanted
        )
        self.assertIn(f'There is no backup in {self.target}.', str(error))
        self.assertIn(f'{self.set}/manifest.json', str(error))
        self.assertNotIn('Name the folder', str(error))

    def test_nothing_in_the_cloud(self):
        """No journal of this machine names a copy there."""
        elsewhere = str(self.root / 'elsewhere')
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', elsewhere)
        )
        wanted = restores.Request(requests.Request(everything=True))
        error = self.assertRaises(
            errors.UsageError, restore.plan, self.session, wanted
        )
        self.assertIn('with --from', str(error))

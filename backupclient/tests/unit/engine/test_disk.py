# SPDX-License-Identifier: Apache-2.0
"""A disk that fails at each of its calls: of the target, of the journals."""

import dataclasses
import os
import pathlib

import fixtures

from backupclient import errors
from backupclient.model import results
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.unit import failing_disk
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire

KEY = bytes(range(32))


class EveryCall:
    """To be inherited beside the name of the folder that fails."""

    planned = None

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.FakeLogger())

    def _at_each_call(self, kind, first=0, every=1):
        """Let calls fail, one after the other, until all were let through."""
        for at in range(first, 1000, every):
            self.begin()
            self._fill()
            disk = kind(self.failing(), at, self._made)
            try:
                self._fails_and_recovers(disk)
            except Exception as exc:
                text = f'{kind.__name__} at {at}, {disk.hit}: {exc}'
                raise AssertionError(text) from exc
            if not disk.hit:
                self.assertGreater(at, 20)
                return

    def _fill(self):
        secret = self.fake.barbican.add_secret('', KEY)
        self.fake.cinder.add_volume('data', base.DATA, key=secret['id'])
        self.target.mkdir()
        if self.planned is None:
            self.planned = self.plan(
                everything=False,
                volumes=('data',),
                target=str(self.target),
                plaintext_keys=True,
            )
        # The cloud is the same each time, the folder is not.
        asked = dataclasses.replace(
            self.planned.request, target=str(self.target)
        )
        self.planned = dataclasses.replace(self.planned, request=asked)
        self.before = self.fake.world.holdings()

    def _fails_and_recovers(self, disk):
        said, states = [], set()
        with disk:
            try:
                report = self.start(self.planned)
            except errors.BackupError as exc:
                said, code = [str(exc)], exc.exit_code
            else:
                code = report.exit_code
                for one in report.outcomes:
                    said += [one.reason, *one.notes]
                    states.add(one.state.value)
        self._check_told(disk, code, ' '.join(said + self.reporter.said))
        self.check_stopped(disk, code)
        self.check_cloud()
        self._check_files()
        lost = isinstance(disk, failing_disk.Gone) or 'failed' in states
        self._recover(must_resume=code == 130 and not lost)

    def _made(self):
        return self.fake.asked('POST')

    def check_stopped(self, disk, code):
        """To be told how far it went: for some folders."""

    def _check_told(self, disk, code, said):
        self.assertIn(code, (0, 1, 130))
        if code:
            self.assertIn(disk.root, said)
            self.assertIn(os.strerror(disk.code), said)

    def _check_files(self):
        """What has its final name is right; a set with its name is whole."""
        contents = {'volumes': base.DATA, 'keys': KEY.hex().encode()}
        for path in (*self.target.glob('2*'), *self._failed()):
            for file in path.glob('*/*'):
                if file.suffix != '.part':
                    data = contents[file.parent.name]
                    self.assertEqual(data, file.read_bytes())
            if path.suffix != '.partial':
                self.assertEqual((), check.check(localfolder.Folder(path)))
                self.assertEqual([], [*path.rglob('*.part')])

    def _failed(self):
        return self.target.glob('.failed/2*')

    def _recover(self, must_resume):
        """Resume, or run anew: then all is there."""
        self.new_process()
        try:
            report = self.resume()
        except errors.BackupError:
            report = None
        if not must_resume and (report is None or report.exit_code):
            self.new_process()
            report = self.start(self.planned)
        [one] = report.outcomes
        self.assertIs(results.State.COMPLETE, one.state, one)
        self.assertEqual(0, report.exit_code)
        self.check_cloud()
        self._check_files()
        self.assertEqual(4, len([*self.folder(report).rglob('*.*')]))


class TargetTestCase(EveryCall, base.TestCase):
    def failing(self):
        return self.target

    def test_full(self):
        self._at_each_call(failing_disk.Full)

    def test_gone(self):
        self._at_each_call(failing_disk.Gone, 0, 2)

    def test_read_only(self):
        self._at_each_call(failing_disk.ReadOnly, 1, 3)

    def test_broken(self):
        self._at_each_call(failing_disk.Broken, 2, 3)


class StateTestCase(EveryCall, base.TestCase):
    def failing(self):
        return pathlib.Path(os.environ['XDG_STATE_HOME'])

    def check_stopped(self, disk, code):
        """What cannot be written down is not done."""
        if disk.hit and not isinstance(disk, failing_disk.Gone):
            self.assertEqual(disk.seen, self._made())
        if code == 1 and isinstance(disk, failing_disk.Full):
            # It could not begin: then nothing is left of it.
            self.assertEqual([], self.journals())
            self.assertEqual([], [*self.target.iterdir()])

    def test_each_kind_in_turn(self):
        """Most calls are alike: each record of a step takes some."""
        for number, kind in enumerate(failing_disk.ALL):
            self._at_each_call(kind, number, 7)

    def test_full_when_it_is_resumed(self):
        """What an earlier process made is undone as well."""
        for at in range(0, 1000, 4):
            self.begin()
            self._fill()
            self.fake.fail(wire.Killed(), 'DELETE glance')
            self.assertRaises(wire.Killed, self.start, self.planned)
            self.new_process()
            disk = failing_disk.Full(self.failing(), at, self._made)
            with disk:
                report = self.resume()
            if not disk.hit:
                self.assertGreater(at, 10)
                return
            self.check_cloud()
            if report.exit_code:
                self.assertEqual(130, report.exit_code)
                self.new_process()
                report = self.resume()
            self.assertEqual(0, report.exit_code)
            self.check_cloud()
            self._check_files()

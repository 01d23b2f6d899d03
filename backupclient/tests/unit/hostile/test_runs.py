# SPDX-License-Identifier: Apache-2.0
"""Whole runs with plans and journals that someone has edited."""

import contextlib
import json
import re

import fixtures
import hypothesis
from hypothesis import strategies as st

from backupclient import documents
from backupclient import errors
from backupclient.cloud import services
from backupclient.model import saved_plans
from backupclient.operations import plan
from backupclient.operations import run
from backupclient.operations import sessions
from backupclient.tests.unit import examples
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.hostile import values
from backupclient.tests.unit.hostile import watch

PATH = re.compile('(?:/[0-9A-Za-z-]+)+')


class TestCase(base.TestCase):
    """A project with one of everything, and eyes on what a run touches."""

    def setUp(self):
        super().setUp()
        self.paths = set()
        send = services.Service._send

        def seen(of, method, path, *arguments, **options):
            self.paths.add(path)
            return send(of, method, path, *arguments, **options)

        self.useFixture(
            fixtures.MonkeyPatch(f'{services.__name__}.Service._send', seen)
        )
        self.useFixture(fixtures.LoggerFixture('backupclient'))

    def planned(self):
        """Plan for some things in a new cloud, beside what is not planned."""
        self.begin()
        fake = self.fake
        server = fake.nova.add_server('web', b'boot')
        fake.cinder.add_volume('data', b'data', server=server['id'])
        fake.barbican.add_secret('password', b'secret')
        fake.cinder.add_volume('precious', b'precious')
        fake.glance.add_image('precious', b'precious')
        return self.plan(
            target=str(self.target),
            plaintext_keys=True,
            exclude=('volume/precious', 'image/precious'),
        )

    def go(self, work):
        """Do something with an edited file: it is done, or refused."""
        root = self.root
        self.paths.clear()
        with watch.Watch(root / 'state', root / 'backups') as seen:
            try:
                report = work()
            except errors.BackupError as error:
                report = None
                self.assertTrue(str(error))
        self.assertEqual([], seen.elsewhere)
        for path in self.paths:
            self.assertTrue(PATH.fullmatch(path), path)
        self.fake.world.settle()
        now = self.fake.world.holdings()
        self.assertEqual(set(), self.before.keys() - now.keys())
        return report


class TestPlan(TestCase):
    """``run --plan``."""

    def save(self):
        """Save a plan for a new cloud; give it as JSON."""
        planned = self.planned()
        self.file = self.root / 'plan.json'
        documents.write(self.file, saved_plans.of(planned))
        return json.loads(self.file.read_text())

    def run_it(self):
        saved = plan.load(self.file)
        if saved.request.target not in ('', str(self.target)):
            # Any folder may be meant; only this one is for the test.
            raise errors.UsageError(saved.request.target)
        there = sessions.Session(self.cloud, self.clock)
        settings = run.Settings(parallel=1, timeout=3600.0)
        done = run.carry_out(there, saved, self.reporter, settings)
        return done.report

    @examples.examples(4)
    @hypothesis.given(st.data())
    def test_changed(self, data):
        saved = json.dumps(self.save())
        self.file.write_bytes(data.draw(values.files(saved)))
        self.new_process(stop_at=2000)
        self.go(self.run_it)

    def test_what_is_done_is_what_is_there(self):
        """A saved plan says what is to be done, not with which records."""
        saved = self.save()
        for item in saved['items']:
            item['notes'] = ['\x1b[2J']
            item['to_file'] = False
            item['result'] = '../../x'
        self.file.write_text(json.dumps(saved))
        report = self.go(self.run_it)
        self.assertEqual(0, report.exit_code, report)
        self.assertNotIn('\x1b', repr(report.outcomes))
        self.assertTrue(all(one.file for one in report.outcomes))


class TestResume(TestCase):
    """``run --resume``, after a kill at any place."""

    def kill(self, skip):
        """Kill a run at one of its requests, and give its journal."""
        planned = self.planned()
        self.fake.fail(wire.Killed(), skip=skip, same=False, done=True)
        with contextlib.suppress(wire.Killed):
            self.start(planned)
        self.new_process(stop_at=2000)
        (journal,) = self.journals()
        return journal.folder

    def of_the_first_release(self, folder):
        """Make a journal look as that release has left it."""
        (folder / 'stopped').mkdir()
        path = folder / 'run.json'
        loaded = json.loads(path.read_text())
        path.write_text(json.dumps(loaded | {'version': 1}))

    def resume_it(self):
        (journal,) = self.journals()
        return self.resume(journal.folder.name)

    @examples.examples(8)
    @hypothesis.given(st.integers(0, 60), st.data())
    def test_changed(self, skip, data):
        folder = self.kill(skip)
        known = sorted(folder.rglob('*.json'))
        path = known[data.draw(st.integers(0, 50)) % len(known)]
        path.write_bytes(data.draw(values.files(path.read_text())))
        self.go(self.resume_it)

    def records(self, folder):
        """How far the steps of each item are, as JSON by their files."""
        for path in sorted(folder.glob('flows/*')):
            yield path, json.loads(path.read_text())

    def test_records_of_other_steps(self):
        """They are worth nothing: what is there is found by its tags."""
        more = {'step': 'Other', 'made': {}}
        for edit in (
            lambda done: [dict(each, step='../x') for each in done],
            lambda done: done[1:],
            lambda done: done + 20 * [more],
        ):
            folder = self.kill(40)
            for path, loaded in self.records(folder):
                loaded['done'] = edit(loaded['done'])
                path.write_text(json.dumps(loaded))
            report = self.go(self.resume_it)
            self.assertEqual(0, report.exit_code, report)

    def test_links_that_lead_elsewhere(self):
        for name in (
            'lock',
            'alive',
            'items',
            'outcomes',
            'flows',
            'stopped',
            'flows/*',
        ):
            folder = self.kill(40)
            if name == 'stopped':
                self.of_the_first_release(folder)
            elsewhere = self.root / 'elsewhere'
            path = next(folder.glob(name))
            if path.is_dir():
                path.rename(elsewhere)
            else:
                path.unlink()
                elsewhere.write_text('precious')
            path.symlink_to(elsewhere)
            before = sorted(elsewhere.rglob('*'))
            with contextlib.suppress(OSError):
                self.go(self.resume_it)
            self.assertEqual(before, sorted(elsewhere.rglob('*')), name)
            if elsewhere.is_file():
                self.assertEqual('precious', elsewhere.read_text())

    def test_what_is_not_ours_is_not_deleted(self):
        """Whatever a record says that a step has made."""
        others = {
            'snapshot_id': '00000001-snapshot',
            'volume_id': '00000002-volume',
            'image_id': '00000001-image',
        }
        for skip in (18, 42, 52):
            folder = self.kill(skip)
            for path, loaded in self.records(folder):
                for made in (each['made'] for each in loaded['done']):
                    made |= {k: v for k, v in others.items() if made[k]}
                path.write_text(json.dumps(loaded))
            self.go(self.resume_it)

    def test_journal_of_another_run(self):
        folder = self.kill(40)
        path = folder / 'run.json'
        loaded = json.loads(path.read_text())
        path.write_text(json.dumps(loaded | {'run': '20250101T000000Z-abcd'}))
        self.assertIsNone(self.go(self.resume_it))

    def test_more_than_the_plan_has(self):
        for name in ('items/99.json', 'outcomes/99.json'):
            folder = self.kill(40)
            outcome = next((folder / 'outcomes').glob('*.json'))
            (folder / name).write_bytes(outcome.read_bytes())
            self.assertIsNone(self.go(self.resume_it), name)

    def test_servers_that_are_none(self):
        folder = self.kill(40)
        self.of_the_first_release(folder)
        for name in ('x?y', '..x', 'a b', 'unknown'):
            (folder / 'stopped' / name).touch()
        report = self.go(self.resume_it)
        self.assertEqual(0, report.exit_code)

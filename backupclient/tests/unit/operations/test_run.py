# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient import errors
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tags
from backupclient.operations import plan
from backupclient.operations import run
from backupclient.osc import run as command
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.operations import base

ALL = requests.Request(everything=True)
DEAD = '20250101T030405Z-abcd'
SOURCE = resources.Resource(resources.Kind.VOLUME, 'data', 'of-elsewhere')


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data', b'data' * 99)
        self.request = dataclasses.replace(ALL, target=str(self.target))
        self.before = self.fake.world.holdings()

    def outcomes(self, done):
        return [
            (one.resource.name, one.state.value)
            for one in done.report.outcomes
        ]


class BackUpTestCase(TestCase):
    def test_files(self):
        done = run.back_up(self.session, self.request, self.reporter)
        self.assertEqual([('data', 'complete')], self.outcomes(done))
        self.assertEqual(0, done.report.exit_code)
        self.assertGreater(done.seconds, 0)
        self.assertEqual('volume-image', done.plan.items[0].procedure)
        (file,) = self.folder(done.report).glob('volumes/*')
        self.assertEqual(b'data' * 99, file.read_bytes())
        self.check_cloud()
        self.assertEqual(f'Run {done.report.run}', self.reporter.said[0])

    def test_without_a_reporter(self):
        done = run.back_up(self.session, self.request)
        self.assertEqual([('data', 'complete')], self.outcomes(done))

    def test_nothing_selected(self):
        """Nothing is asked of the cloud, and no run is begun."""
        error = self.assertRaises(
            errors.UsageError, run.back_up, self.session, requests.Request()
        )
        self.assertIn('selects nothing', str(error))
        self.assertEqual([], self.fake.seen)
        self.assertEqual([], self.journals())

    def test_target_that_cannot_be(self):
        self.target.touch()
        self.assertRaises(
            errors.TargetError, run.back_up, self.session, self.request
        )
        self.assertEqual([], self.fake.asked('POST'))

    def test_what_dead_runs_left(self):
        self.fake.cinder.add_volume(
            tags.name(DEAD, SOURCE),
            metadata=tags.metadata(DEAD, SOURCE, tags.Role.TEMPORARY),
            created_at='2025-01-01T03:04:05',
        )
        run.back_up(self.session, self.request, self.reporter)
        self.assertIn(f'interrupted runs ({DEAD}): 1', self.reporter.said[1])

    def test_settings(self):
        settings = run.Settings(parallel=1, timeout=60.0)
        run.back_up(self.session, self.request, settings=settings)
        (journal,) = self.journals()
        began = journal.run()
        self.assertEqual((1, 60.0), (began.parallel, began.timeout))

    def test_settings_that_let_nothing_be_done(self):
        for wrong in {'parallel': 0}, {'timeout': 0}, {'timeout': -1.0}:
            self.assertRaises(ValueError, run.Settings, **wrong)

    def test_defaults_of_the_command(self):
        """Its help has these numbers without importing this module."""
        settings = run.Settings()
        self.assertEqual(command._PARALLEL, settings.parallel)
        self.assertEqual(command._TIMEOUT * 60, settings.timeout)


class CarryOutTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.saved = plan.make(self.session, self.request)

    def test_unchanged(self):
        done = run.carry_out(self.session, self.saved, self.reporter)
        self.assertEqual([('data', 'complete')], self.outcomes(done))

    def test_changed(self):
        self.volume['size'] = 2
        done = run.carry_out(self.session, self.saved, self.reporter)
        self.assertEqual([('data', 'skipped')], self.outcomes(done))
        self.assertIn('its size was', ' '.join(self.reporter.said))
        done = run.carry_out(self.session, self.saved, replan=True)
        self.assertEqual([('data', 'complete')], self.outcomes(done))

    def test_other_project(self):
        elsewhere = dataclasses.replace(self.saved.identity, project_id='x')
        saved = dataclasses.replace(self.saved, identity=elsewhere)
        self.assertRaises(
            errors.UsageError, run.carry_out, self.session, saved
        )
        self.assertEqual([], self.journals())

    def test_name(self):
        kept = dataclasses.replace(ALL, name='first')
        saved = plan.make(self.session, kept)
        for name, beginning in (('', 'first'), ('second', 'second')):
            run.carry_out(self.session, saved, name=name)
            *_, backup = self.fake.world.things['backups'].values()
            self.assertTrue(backup['name'].startswith(beginning), backup)


class ResumeTestCase(TestCase):
    def test_last(self):
        """After a kill: what was temporary goes, the files are there."""
        self.fake.fail(wire.Killed(), 'DELETE glance')
        self.assertRaises(wire.Killed, run.back_up, self.session, self.request)
        (journal,) = self.journals()
        self.new_process()
        done = run.resume(self.session, 'last', self.reporter)
        self.assertEqual(journal.folder.name, done.report.run)
        self.assertEqual([('data', 'complete')], self.outcomes(done))
        self.assertEqual(self.request, done.plan.request)
        self.check_cloud()

    def test_none(self):
        for name in 'last', DEAD:
            self.assertRaises(
                errors.UsageError, run.resume, self.session, name
            )

# SPDX-License-Identifier: Apache-2.0

import dataclasses
import hashlib
import os

from backupclient import documents
from backupclient import errors
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.operations import running
from backupclient.planner.backup import rule
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire

REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


class ReportTestCase(base.TestCase):
    def test_exit_codes(self):
        state = results.State
        for states, interrupted, code in (
            ((), False, 0),
            ((state.COMPLETE,), False, 0),
            ((state.COMPLETE, state.FAILED), False, 3),
            ((state.COMPLETE, state.SKIPPED), False, 3),
            ((state.FAILED,), False, 1),
            ((state.SKIPPED,), False, 1),
            ((state.COMPLETE,), True, 130),
            ((state.SKIPPED,), True, 130),
        ):
            resource = resources.Resource(resources.Kind.VOLUME, 'a', 'b')
            outcomes = tuple(
                results.Outcome(resource, plans.Procedure.NONE, one)
                for one in states
            )
            report = running.Report('r', None, outcomes, interrupted)
            self.assertEqual(code, report.exit_code, states)


class RunTestCase(base.TestCase):
    def _fill(self):
        server = self.fake.nova.add_server('web', b'root' * 1000)
        self.fake.cinder.add_volume('data', base.DATA, server=server['id'])
        self.fake.cinder.add_volume('spare', b'spare' * 9000)
        self.fake.glance.add_image('golden', b'gold' * 777)
        self.fake.barbican.add_secret('word', b'sesame', secret_type='opaque')

    def test_everything(self):
        for parallel in (1, 4):
            self.begin()
            self._fill()
            planned = self.plan(target=str(self.target), plaintext_keys=True)
            report = self.start(planned, parallel)
            self.assertEqual({'complete'}, {*self.states(report).values()})
            self.assertEqual(5, len(report.outcomes))
            self.assertEqual(0, report.exit_code)
            self.check_cloud()
            self.assertEqual(self.target / report.run, self.folder(report))
            self._check_files(report)
            self._check_journal(report)

    def _check_files(self, report):
        contents = {
            'data': base.DATA,
            'golden': b'gold' * 777,
            'spare': b'spare' * 9000,
            'web': b'root' * 1000,
            'word': b'sesame',
        }
        for one in report.outcomes:
            path = self.folder(report) / one.file.path
            self.assertEqual(contents[one.resource.name], path.read_bytes())
            self.assertEqual(
                hashlib.sha512(path.read_bytes()).hexdigest(),
                one.file.digests['sha512'],
            )
        manifest = documents.read(
            self.folder(report) / 'manifest.json',
            manifests.Manifest,
            'manifest',
        )
        self.assertEqual(report.run, manifest.run)
        self.assertIs(manifests.State.COMPLETE, manifest.state)

    def _check_journal(self, report):
        (journal,) = self.journals()
        self.assertTrue(journal.has_ended)
        self.assertEqual(report.run, journal.folder.name)
        self.assertEqual(f'Run {report.run}', self.reporter.said[0])

    def test_one_fails_the_others_go_on(self):
        self._fill()
        planned = self.plan(target=str(self.target), plaintext_keys=True)
        self.fake.fail(REFUSED, 'POST cinder /snapshots')
        report = self.start(planned)
        states = self.states(report)
        self.assertEqual('failed', states.pop('data'))
        self.assertEqual({'complete'}, {*states.values()})
        self.assertEqual(3, report.exit_code)
        (failed,) = [o for o in report.outcomes if o.reason]
        self.assertIn('no (HTTP 403)', failed.reason)
        self.check_cloud()
        self.assertTrue(self.folder(report).is_dir())

    def _volume_backed(self):
        server = self.fake.nova.add_server('db')
        for name in ('root', 'data'):
            self.fake.cinder.add_volume(name, base.DATA, server=server['id'])
        return self.plan(target=str(self.target))

    def test_server_is_what_its_volumes_are(self):
        """Whichever ends last, and in whatever order."""
        for parallel in (1, 4):
            for refused, state in ((0, 'complete'), (1, 'failed')):
                self.begin()
                planned = self._volume_backed()
                if refused:
                    self.fake.fail(REFUSED, 'POST cinder /snapshots')
                report = self.start(planned, parallel)
                (server,) = (
                    o for o in report.outcomes if o.resource.name == 'db'
                )
                self.assertEqual(state, server.state)
                self.assertIn('The data are in its volumes.', server.reason)
                lacking = [
                    o.resource.label
                    for o in report.outcomes
                    if o.state is results.State.FAILED and o != server
                ]
                self.assertEqual(refused, len(lacking))
                for label in lacking:
                    self.assertIn(f'{label}, failed', server.reason)
                self.assertEqual(3 if refused else 0, report.exit_code)
                self.assertIn(server, self.reporter.outcomes)
                manifest = documents.read(
                    self.folder(report) / 'manifest.json',
                    manifests.Manifest,
                    'it',
                )
                (entry,) = manifest.of_kind(resources.Kind.SERVER)
                self.assertEqual(state, entry.state)
                page = (self.folder(report) / 'RESTORE.md').read_text()
                self.assertEqual(bool(refused), 'Incomplete' in page)

    def test_server_of_which_no_volume_is_there(self):
        planned = self._volume_backed()
        self.fake.fail(REFUSED, 'POST cinder /snapshots', times=2)
        report = self.start(planned)
        self.assertEqual({'failed'}, {*self.states(report).values()})
        self.assertEqual(1, report.exit_code)
        self.assertEqual(
            self.target / '.failed' / report.run, self.folder(report)
        )
        self.assertEqual(['.failed'], os.listdir(self.target))

    def test_server_whose_volume_is_skipped(self):
        """As in a plan that was saved, whose volume has changed since."""
        planned = self._volume_backed()
        items = tuple(
            rule.refusal(item, 'it has changed')
            if item.resource.name == 'data'
            else item
            for item in planned.items
        )
        planned = dataclasses.replace(planned, items=items)
        report = self.start(planned)
        self.assertEqual(
            {'db': 'skipped', 'root': 'complete', 'data': 'skipped'},
            self.states(report),
        )
        self.assertEqual(3, report.exit_code)

    def test_server_whose_volume_is_not_part_of_the_run(self):
        planned = self._volume_backed()
        items = planned.items[:-1]
        report = self.start(dataclasses.replace(planned, items=items))
        self.assertEqual('skipped', self.states(report)['db'])
        self.assertIn('not part of this run', report.outcomes[0].reason)

    def test_shelved_server_whose_image_fails(self):
        server = self.fake.nova.add_server('web', b'root', status='SHELVED')
        self.fake.glance.add_image(
            'web-shelved', b'root', instance_uuid=server['id']
        )
        planned = self.plan(target=str(self.target))
        self.fake.fail(wire.Answer(404, {}), 'GET glance /images/0', times=99)
        report = self.start(planned)
        self.assertEqual(
            {'web': 'failed', 'web-shelved': 'failed'}, self.states(report)
        )

    def test_server_waits_for_volumes_that_are_resumed(self):
        planned = self._volume_backed()
        self.fake.fail(wire.Killed(), 'POST cinder /snapshots', skip=1)
        self.assertRaises(wire.Killed, self.start, planned)
        (journal,) = self.journals()
        ended = {o.resource.name for o in journal.outcomes().values()}
        self.assertEqual({'data'}, ended)
        self.new_process()
        report = self.resume()
        self.assertEqual({'complete'}, {*self.states(report).values()})
        self.assertEqual(0, report.exit_code)

    def test_all_fail(self):
        self.fake.cinder.add_volume('data', base.DATA)
        planned = self.plan(target=str(self.target))
        self.fake.fail(REFUSED, 'POST cinder')
        report = self.start(planned)
        self.assertEqual(1, report.exit_code)
        self.check_cloud()

    def test_surprise(self):
        """A fault of ours is told as one, and undone."""
        self.fake.cinder.add_volume('data', base.DATA)
        planned = self.plan(target=str(self.target))
        self.fake.fail(ZeroDivisionError('oh'), 'GET glance /images/')
        report = self.start(planned)
        (one,) = report.outcomes
        self.assertIn('a fault of the program (ZeroDiv', one.reason)
        self.check_cloud()

    def test_seconds_and_progress(self):
        self.fake.cinder.add_volume('data', base.DATA)
        report = self.start(self.plan(target=str(self.target)))
        (one,) = report.outcomes
        self.assertEqual(round(self.clock.slept, 1), one.seconds)
        self.assertEqual([one], self.reporter.outcomes)
        done, total = self.reporter.moved[-1][1:]
        self.assertEqual((len(base.DATA), len(base.DATA)), (done, total))
        titles = [text for _, text in self.reporter.steps]
        self.assertEqual(
            ['copy the volume to an image', 'download', 'delete the image'],
            titles,
        )

    def test_no_room(self):
        """Said before anything is made."""
        self.fake.cinder.add_volume('data', base.DATA, size=1 << 30)
        planned = self.plan(target=str(self.target))
        self.assertRaises(errors.TargetError, self.start, planned)
        self.assertEqual([], self.fake.asked('POST'))
        self.assertFalse(self.target.exists())
        self.assertEqual([], self.journals())

    def test_nothing_to_do(self):
        report = self.start(self.plan())
        self.assertEqual(((), 0), (report.outcomes, report.exit_code))

    def test_nothing_to_do_with_a_target(self):
        report = self.start(self.plan(target=str(self.target)))
        self.assertEqual(0, report.exit_code)
        self.assertEqual(self.target / report.run, self.folder(report))

    def test_nothing_could_be_looked_at(self):
        """There is no resource, and yet nothing is complete."""
        planned = self.plan(target=str(self.target))
        planned = dataclasses.replace(planned, gaps=('No volumes.',))
        report = self.start(planned)
        self.assertEqual(1, report.exit_code)
        self.assertEqual('.failed', self.folder(report).parent.name)
        page = (self.folder(report) / 'RESTORE.md').read_text()
        self.assertIn('Incomplete: all of 0', page)

    def test_nothing_complete_and_a_server_that_does_not_start(self):
        """Who resumes the run finds the set among the failed ones."""
        self.fake.nova.add_server('web', b'root')
        planned = self.plan(target=str(self.target), stop_servers=True)
        self.fake.nova.captures = False
        self.fake.nova.starts = False
        report = self.start(planned)
        self.assertEqual(130, report.exit_code)
        self.assertEqual('.failed', self.folder(report).parent.name)
        self.fake.nova.starts = True
        self.new_process()
        again = self.resume()
        self.assertEqual(1, again.exit_code)
        self.assertEqual(self.folder(report), self.folder(again))
        self.assertEqual(['.failed'], os.listdir(self.target))
        self.assertRaises(errors.UsageError, self.resume, report.run)

    def test_refused_items_are_skipped(self):
        self.fake.cinder.add_volume('data', status='error')
        report = self.start(self.plan(target=str(self.target)))
        (one,) = report.outcomes
        self.assertIs(results.State.SKIPPED, one.state)
        self.assertTrue(one.reason)
        self.assertEqual(1, report.exit_code)


class ResumeTestCase(base.TestCase):
    def _plan(self):
        self.fake.cinder.add_volume('one', base.DATA)
        self.fake.cinder.add_volume('two', b'two' * 9000)
        self.fake.cinder.add_volume('three', b'three' * 9000)
        return self.plan(target=str(self.target))

    def _check_resumed(self):
        self.new_process()
        report = self.resume()
        self.assertEqual({'complete'}, {*self.states(report).values()})
        self.assertEqual(0, report.exit_code)
        self.check_cloud()
        files = [path for path in self.folder(report).rglob('*.raw')]
        self.assertEqual(3, len(files))
        self.assertFalse((self.target / f'{report.run}.partial').exists())
        (journal,) = self.journals()
        self.assertTrue(journal.has_ended)
        return report

    def test_interrupted(self):
        for number in range(1, 100):
            self.begin()
            self.new_process(stop_at=number)
            report = self.start(self._plan())
            if len(self.clock.pauses) < number:
                self.assertGreater(number, 5)
                return
            self.assertTrue(report.interrupted)
            self.assertEqual(130, report.exit_code)
            self.assertIn('skipped', self.states(report).values())
            self.assertEqual(f'{report.run}.partial', self.folder(report).name)
            self.assertFalse(self.journals()[0].has_ended)
            self.check_cloud()
            self._check_resumed()

    def test_interrupted_in_parallel(self):
        self.new_process(stop_at=4)
        self.fake.world.delay = 20
        report = self.start(self._plan(), parallel=3)
        self.assertTrue(report.interrupted)
        self.check_cloud()
        self._check_resumed()

    def test_login_ends(self):
        """At each request: nothing more is asked, and all is resumed."""
        for skip in range(1000):
            self.begin()
            planned = self._plan()
            ends = self.fake.fail(self.fake.end_login, skip=skip)
            report = self.start(planned)
            if self.fake.ended is None:
                self.assertGreater(skip, 40)
                return
            self._check_ended(report, ends, 1)

    def test_login_ends_in_parallel(self):
        for skip in range(0, 45, 4):
            self.begin()
            planned = self._plan()
            ends = self.fake.fail(self.fake.end_login, skip=skip)
            self._check_ended(self.start(planned, parallel=3), ends, 3)

    def _check_ended(self, report, ends, threads):
        numbers = [id(request) for request in self.fake.seen]
        after = self.fake.seen[numbers.index(id(ends.hit[0])) + 1 :]
        self.assertLessEqual(len(after), 2 * threads, [*map(str, after)])
        self.assertLessEqual(self.fake.refused, 2 * threads)
        self.assertNotIn('failed', self.states(report).values())
        said = [text for text in self.reporter.said if 'login' in text]
        self.assertEqual([], said)
        self.fake.ended = None
        if not report.interrupted:
            # Only the lease was left.
            self.assertEqual(0, report.exit_code)
            return
        self.assertEqual(130, report.exit_code)
        self.assertIn('Failed to validate token', report.login)
        self._check_resumed()

    def test_what_is_complete_is_not_done_again(self):
        planned = self._plan()
        self.fake.fail(wire.Killed(), 'POST cinder', skip=1)
        self.assertRaises(wire.Killed, self.start, planned)
        self.fake.seen.clear()
        self._check_resumed()
        self.assertEqual(2, len(self.fake.asked('POST cinder')))

    def test_killed(self):
        for skip in range(1000):
            self.begin()
            planned = self._plan()
            kill = wire.Fault(wire.Killed(), wire.writes, skip, done=True)
            self.fake.faults.append(kill)
            try:
                self.start(planned)
            except wire.Killed:
                self._check_resumed()
            if not kill.hit:
                self.assertEqual(17, skip)
                return

    def test_time_is_up_once(self):
        """Only what is gone is made once more, not what takes too long."""
        server = self.fake.nova.add_server('web')
        self.fake.cinder.add_volume('data', base.DATA, server=server['id'])
        planned = self.plan(target=str(self.target), volumes=('data',))
        self.fake.fail(wire.Killed(), 'POST cinder /volumes', done=True)
        self.assertRaises(wire.Killed, self.start, planned)
        self.new_process()
        for volume in self.fake.world.things['volumes'].values():
            if not volume['attachments']:
                self.fake.world.settle()
                volume['status'] = 'creating'
        self.fake.seen.clear()
        report = self.resume()
        self.assertIn('still creating', report.outcomes[-1].reason)
        self.assertEqual([], self.fake.asked('POST cinder'))

    def test_killed_after_the_set_was_closed(self):
        report = self.start(self._plan())
        (journal,) = self.journals()
        (journal.folder / 'ended.json').unlink()
        again = self._check_resumed()
        self.assertEqual(report.run, again.run)
        self.assertEqual(report.outcomes, again.outcomes)

    def test_failed_ones_are_not_tried_again(self):
        """They have their outcome; a new run is what does them."""
        planned = self._plan()
        self.fake.fail(REFUSED, 'POST cinder')
        self.fake.fail(wire.Killed(), 'POST cinder', skip=1)
        self.assertRaises(wire.Killed, self.start, planned)
        self.new_process()
        report = self.resume()
        self.assertEqual('failed', self.states(report)['one'])
        self.assertEqual(3, report.exit_code)

    def test_damaged_records_of_the_steps(self):
        """Each step looks for what is there: nothing is made twice."""
        for damage in (b'', b'{', b'\0' * 100, b'[]'):
            self.begin()
            planned = self._plan()
            self.fake.fail(
                wire.Killed(), 'GET glance /images/0', skip=1, same=False
            )
            self.assertRaises(wire.Killed, self.start, planned)
            (journal,) = self.journals()
            for path in (journal.folder / 'flows').rglob('*'):
                if path.is_file() and not path.is_symlink():
                    path.write_bytes(damage)
            self._check_resumed()
            self.assertEqual(3, len(self.fake.asked('POST cinder')), damage)

    def test_damaged_run(self):
        planned = self._plan()
        self.fake.fail(wire.Killed(), 'POST cinder', skip=1)
        self.assertRaises(wire.Killed, self.start, planned)
        (journal,) = self.journals()
        (journal.folder / 'run.json').write_text('{')
        self.new_process()
        failure = self.assertRaises(
            errors.DocumentError, self.resume, journal.folder.name
        )
        self.assertIn('run.json', str(failure))
        self.assertRaises(errors.UsageError, self.resume, 'last')

    def test_damaged_outcome(self):
        planned = self._plan()
        self.fake.fail(wire.Killed(), 'POST cinder', skip=1)
        self.assertRaises(wire.Killed, self.start, planned)
        (journal,) = self.journals()
        (journal.folder / 'outcomes' / '0.json').write_text('{}')
        self.new_process()
        failure = self.assertRaises(errors.DocumentError, self.resume)
        self.assertIn('0.json', str(failure))


class BackupServiceTestCase(base.TestCase):
    """The first backup shows whether there is a backup service."""

    def _start(self, service, parallel=1, **options):
        for name in ('one', 'two', 'three'):
            self.fake.cinder.add_volume(name, b'x')
        self.fake.cinder.backup_service = service
        return self.start(self.plan(**options), parallel)

    def _posts(self):
        return [
            'backup' if text.endswith('/backups') else 'image'
            for text in self.fake.asked('POST cinder')
        ]

    def test_up(self):
        report = self._start('up', parallel=4)
        self.assertEqual(0, report.exit_code)
        self.assertEqual(['backup'] * 3, self._posts())
        self.check_cloud('backups', 'backups', 'backups')

    def test_down(self):
        """One fails; all go another way, that one too."""
        for parallel in (1, 4):
            self.begin()
            report = self._start('down', parallel)
            self.assertEqual({'complete'}, {*self.states(report).values()})
            self.assertEqual(
                ['backup', 'image', 'image', 'image'], self._posts()
            )
            self.check_cloud('backups', 'images', 'images', 'images')
            procedures = {one.procedure.value for one in report.outcomes}
            self.assertEqual({'volume-image'}, procedures)
            said = ' '.join(self.reporter.said)
            self.assertIn('does not answer', said)
            # What stays of the try is told.
            self.assertIn('00000001-backup', said)

    def test_stuck(self):
        """One volume is lost to it, no other."""
        report = self._start('stuck', parallel=4)
        states = self.states(report)
        self.assertEqual(
            ['complete', 'complete', 'failed'], sorted(states.values())
        )
        self.assertEqual(['backup', 'image', 'image'], self._posts())
        self.assertEqual(3, report.exit_code)

    def test_asked_for(self):
        """Who wants backups and nothing else gets no images."""
        report = self._start(
            'down', volume_method=requests.VolumeMethod.BACKUP
        )
        self.assertEqual(['backup'] * 3, self._posts())
        self.assertEqual(1, report.exit_code)

    def test_goes_down_meanwhile(self):
        """The others still have their other way."""

        def go_down():
            self.fake.cinder.backup_service = 'down'

        self.fake.fail(go_down, 'POST cinder /backups', skip=1)
        report = self._start('up')
        self.assertFalse(report.interrupted)
        self.assertEqual({'complete'}, {*self.states(report).values()})
        self.assertEqual(['backups', 'images', 'images'], self._kept())

    def _kept(self):
        return sorted(
            f'{one.artifact.kind}s'
            for one in self.reporter.outcomes
            if one.artifact
        )

    def test_first_fails_for_another_reason(self):
        """That says nothing of the service: the next one goes ahead."""
        self.fake.fail(REFUSED, 'POST cinder /backups')
        report = self._start('stuck', parallel=4)
        states = self.states(report)
        self.assertEqual(
            ['complete', 'failed', 'failed'], sorted(states.values())
        )

    def test_killed_and_resumed(self):
        for skip in range(6):
            self.begin()
            kill = self.fake.fail(
                wire.Killed(), 'POST', skip=skip, same=False, done=True
            )
            try:
                self._start('down')
            except wire.Killed:
                self.new_process()
                report = self.resume()
                self.assertEqual({'complete'}, {*self.states(report).values()})
                self.check_cloud('backups', 'images', 'images', 'images')
            if not kill.hit:
                self.assertEqual(5, skip)
                return

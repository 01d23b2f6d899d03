# SPDX-License-Identifier: Apache-2.0

import dataclasses
import datetime
import functools
import hashlib

from backupclient import errors
from backupclient.cloud import inventory
from backupclient.engine import journals
from backupclient.model import leases
from backupclient.model import leftover
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import tags
from backupclient.operations import cleanup
from backupclient.operations import leftovers
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.operations import base

DEAD, ALIVE, DONE = (f'2026010{day}T030405Z-abcd' for day in (1, 2, 3))
SOURCE = resources.Resource(resources.Kind.VOLUME, 'data', 'of-elsewhere')
REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})
IMAGE = {'volume_method': requests.VolumeMethod.IMAGE}
NEWER = b'newer' * 9000


def _downloads(request):
    return request.path.endswith('/file')


def _counts(request):
    """Tell a request that changes something, or brings the data out."""
    return wire.writes(request) or _downloads(request)


class TestCase(base.TestCase):
    def survey(self):
        found = inventory.read_leftovers(self.cloud)
        return leftovers.survey(self.cloud, found)

    def clean_up(self):
        return cleanup.remove(
            self.cloud, self.clock, self.survey(), self.reporter
        )

    def volume(self, run, **fields):
        return self.fake.cinder.add_volume(
            tags.name(run, SOURCE),
            metadata=tags.metadata(run, SOURCE, tags.Role.TEMPORARY),
            **fields,
        )

    def snapshot(self, run, metadata):
        return self.fake.world.add(
            'snapshots',
            tags.name(run, SOURCE),
            status='available',
            volume_id=SOURCE.id,
            size=1,
            metadata=metadata,
        )

    def backup(self, run, status):
        return self.fake.cinder.add_backup(
            {'id': SOURCE.id, 'size': 1},
            tags.name(run, SOURCE),
            status=status,
            metadata=tags.metadata(run, SOURCE, tags.Role.ARTIFACT),
        )

    def lease(self, run, **age):
        seen = self.fake.world.now() - datetime.timedelta(**age)
        return self.fake.glance.add_image(
            leases.name(run),
            updated_at=seen.isoformat(),
            **leases.metadata(run, 'elsewhere', ()),
        )

    def temporaries(self, run):
        """Make what a run has in the cloud while Cinder makes the image."""
        temporary = tags.metadata(run, SOURCE, tags.Role.TEMPORARY)
        snapshot = self.snapshot(run, temporary)
        self.volume(run, snapshot_id=snapshot['id'])
        self.fake.glance.add_image(tags.name(run, SOURCE))

    def surroundings(self):
        """Make what has to stay, whatever happens."""
        self.fake.cinder.add_volume('mine')
        self.snapshot(DEAD, metadata={})
        self.fake.glance.add_image('golden', b'gold')
        self.fake.glance.add_image(f'{tags.name(DEAD, SOURCE)} (mine)')
        self.temporaries(ALIVE)
        self.lease(ALIVE)
        self.fake.glance.add_image(
            tags.name(DONE, SOURCE),
            b'done',
            **tags.metadata(DONE, SOURCE, tags.Role.ARTIFACT),
        )
        self.backup(DONE, 'available')


class KilledTestCase(TestCase):
    """Killed at each request that changes something: cleaned up, resumed."""

    def _check(self, make, artifacts=(), **options):
        """Kill a run at each place in turn.

        :param make: puts the source there, and gives its kind, name and ID.
        :param artifacts: the kinds of what stays of a complete run.
        """
        for skip in range(100):
            self.begin()
            planned, source_id = self._begin(make, **options)
            kill = wire.Fault(wire.Killed(), _counts, skip, done=True)
            self.fake.faults.append(kill)
            try:
                self.start(planned)
            except wire.Killed:
                self._clean_up(artifacts)
                self.fake.world.content[source_id] = NEWER
                self._resume(artifacts)
            if not kill.hit:
                self.assertGreater(skip, 3)
                return

    def _begin(self, make, **options):
        kind, name, id_ = make()
        self.surroundings()
        options.setdefault('target', str(self.target))
        selected = {f'{kind}s': (name,), 'everything': False}
        return self.plan(**selected, **options), id_

    def _clean_up(self, artifacts):
        self.new_process()
        early = self._watch_order()
        found = self.clean_up()
        actions = {one.action.value for one in found if one.run != ALIVE}
        self.assertLessEqual(actions, {'deleted'}, found)
        self.assertEqual([], early)
        for key, thing in self._new().items():
            role = self._tags(thing)[tags.ROLE]
            # What stays in the cloud has its manifest there.
            kinds = ['images'] if role == 'manifest' else artifacts
            self.assertIn(key[0], kinds if artifacts else ())
            self.assertIn(role, ('artifact', 'manifest'))
            self.assertIn(thing['status'], ('available', 'active'))
        self.assertEqual({ALIVE}, {one.run for one in self.survey()})

    def _watch_order(self):
        """Note what is deleted while something else depends on it."""
        early = []

        def look(request):
            id_ = request.path.rpartition('/')[2]
            if request.method == 'DELETE' and any(
                one.get('snapshot_id') == id_
                for one in self.fake.world.things['volumes'].values()
            ):
                early.append(id_)
            return False

        self.fake.faults.append(wire.Fault(wire.Lost(), look))
        return early

    def _tags(self, thing):
        return thing.get('metadata', thing)

    def _new(self):
        self.fake.world.settle()
        now = self.fake.world.holdings()
        for key, thing in self.before.items():
            self.assertEqual(thing, now.get(key), key)
        return {key: now[key] for key in now.keys() - self.before.keys()}

    def _resume(self, artifacts):
        self.new_process()
        report = self.resume()
        (one,) = report.outcomes
        self.assertEqual(('complete', ''), (one.state.value, one.reason))
        self.check_cloud(*artifacts)
        if one.file:
            data = (self.folder(report) / one.file.path).read_bytes()
            self.assertEqual(
                hashlib.sha512(data).hexdigest(), one.file.digests['sha512']
            )
            self.assertIn(data, (base.DATA, NEWER))
        return report

    def _detached(self):
        volume = self.fake.cinder.add_volume('data', base.DATA)
        return 'volume', 'data', volume['id']

    def _attached(self, **fields):
        server = self.fake.nova.add_server('web')['id']
        volume = self.fake.cinder.add_volume(
            'data', base.DATA, server=server, **fields
        )
        return 'volume', 'data', volume['id']

    def _server(self):
        server = self.fake.nova.add_server('web', base.DATA)
        return 'server', 'web', server['id']

    def _encrypted(self):
        secret = self.fake.barbican.add_secret('', b'k' * 32)
        return self._attached(key=secret['id'])

    def test_volume_image(self):
        self._check(self._detached)

    def test_snapshot_image(self):
        self._check(self._encrypted, plaintext_keys=True)

    def test_snapshot_image_that_stays(self):
        self._check(self._attached, ['images'], target='', **IMAGE)

    def test_server_image_that_stays(self):
        self._check(self._server, ['images'], target='')

    def test_volume_backup(self):
        self._check(self._detached, ['backups'], target='')

    def test_download_that_was_begun(self):
        """What was received is of an image that is gone: it is not used."""
        planned, source_id = self._begin(self._attached)
        self.fake.glance.breaks = [30_000]
        self.fake.faults.append(wire.Fault(wire.Killed(), _downloads, 1))
        self.assertRaises(wire.Killed, self.start, planned)
        (part,) = self.target.rglob('*.part')
        self.assertGreater(part.stat().st_size, 0)
        self._clean_up(())
        self.fake.world.content[source_id] = NEWER
        report = self._resume(())
        (file,) = self.folder(report).rglob('*.raw*')
        self.assertEqual(NEWER, file.read_bytes())


class JudgeTestCase(TestCase):
    """Which runs may be alive."""

    def _actions(self, *found):
        judged = leftovers.judge(self.cloud, found, self.fake.world.now())
        self.assertEqual(
            [*found],
            [
                dataclasses.replace(
                    one, action=leftover.Action.DELETE, reason=''
                )
                for one in judged
            ],
        )
        for one in judged:
            kept = one.action is leftover.Action.KEEP
            self.assertEqual(kept, one.run in one.reason, one)
        self.reasons = [one.reason for one in judged]
        return [one.action.value for one in judged]

    def _left(self, run=DEAD, kind=leftover.LeftoverKind.VOLUME, **age):
        return leftover.Leftover(
            kind, 'name', 'id', run, datetime.timedelta(**age)
        )

    def _journal(self, run):
        planned = plans.Plan(self.cloud.identity, requests.Request())
        return journals.Journal.create(
            journals.Run(run, planned, '2026-01-02', 4, 60.0)
        )

    def test_nothing(self):
        self.assertEqual([], self._actions())

    def test_of_this_machine(self):
        """The journal tells for certain, whatever the lease says."""
        made = self._journal(DEAD)
        self.lease(DEAD)
        young, old = self._left(), self._left(days=9)
        self.assertEqual(['delete', 'delete'], self._actions(young, old))
        with made.locked():
            self.assertEqual(['keep', 'keep'], self._actions(young, old))
            self.assertIn('another process', self.reasons[0])
            made.end(journals.Ended(results.State.COMPLETE, 'now'))
        self.assertEqual(['delete', 'delete'], self._actions(young, old))

    def test_lease_of_another_machine(self):
        for minutes, action in ((0, 'keep'), (14, 'keep'), (15, 'delete')):
            self.begin()
            self.lease(DEAD, minutes=minutes)
            found = (
                self._left(),
                self._left(days=9),
                self._left(kind=leftover.LeftoverKind.LEASE),
            )
            self.assertEqual([action] * 3, self._actions(*found), minutes)
        self.begin()
        self.lease(DEAD, seconds=70)
        self._actions(self._left())
        self.assertIn('on elsewhere, seen 70 s ago', self.reasons[0])

    def test_no_lease(self):
        """All of it is kept as long as some of it is young."""
        for hours, action in ((0, 'keep'), (23, 'keep'), (24, 'delete')):
            found = self._left(days=9), self._left(hours=hours)
            self.assertEqual([action] * 2, self._actions(*found), hours)

    def test_each_run_for_itself(self):
        self.lease(ALIVE)
        self.lease(DEAD, hours=1)
        found = self._left(ALIVE), self._left(DEAD), self._left(DONE, days=2)
        self.assertEqual(['keep', 'delete', 'delete'], self._actions(*found))

    def test_leases_that_cannot_be_read(self):
        """Then nobody knows, and nothing is deleted."""
        self.fake.fail(REFUSED, 'GET glance')
        self.assertRaises(errors.Forbidden, self._actions, self._left())

    def test_no_image_service(self):
        """There are no leases then; what is old enough goes."""
        self.fake = self.useFixture(fake_cloud.FakeCloud(('volumev3',)))
        self.connection = self.fake.connection()
        self.new_process()
        stamp = self.clock.now() - datetime.timedelta(days=2)
        naive = stamp.replace(tzinfo=None).isoformat()
        self.volume(DEAD, created_at=naive)
        self.assertEqual(
            ['deleted'], [o.action.value for o in self.clean_up()]
        )
        self.assertEqual([], self.fake.asked('GET glance'))


class RemoveTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.before = {}

    def _clean_up(self, *actions):
        """Clean up, and check what became of each."""
        found = self.clean_up()
        self.assertEqual([*actions], [one.action.value for one in found])
        return found

    def _dead(self):
        self.lease(DEAD, hours=1)
        self.temporaries(DEAD)

    def test_all_kinds(self):
        """When it comes back everything is gone, not only asked to go."""
        for delay in (1, 20):
            self.begin()
            self.before = {}
            self.fake.world.delay = delay
            self._dead()
            self.backup(DEAD, 'error')
            self._clean_up(*['deleted'] * 5)
            self.assertEqual({}, self.fake.world.holdings())
            self.assertEqual(
                ['image', 'volume', 'snapshot', 'backup', 'lease'],
                [text.split()[1] for text in self.reporter.said],
            )

    def test_only_what_is_dead(self):
        self.surroundings()
        self.before = self.fake.world.holdings()
        self._dead()
        found = self._clean_up(*['keep', 'deleted'] * 3, 'keep', 'deleted')
        self.check_cloud()
        self.assertEqual(0, cleanup.exit_code(found))

    def test_what_is_still_busy(self):
        """It is waited for: a volume while it is made or copied."""
        for status in ('creating', 'uploading'):
            self.begin()
            self.before = {}
            self.lease(DEAD, hours=1)
            settle = functools.partial(
                self.volume(DEAD, status=status).update, status='available'
            )
            self.fake.world.later(settle, 9)
            self._clean_up('deleted', 'deleted')
            self.check_cloud()

    def test_snapshot_that_comes_back(self):
        self._dead()
        self.fake.cinder.busy = 2
        self._clean_up(*['deleted'] * 4)
        self.check_cloud()

    def test_gone_meanwhile(self):
        self._dead()
        found = self.survey()
        for kind in ('images', 'volumes', 'snapshots'):
            self.fake.world.things[kind].clear()
        done = cleanup.remove(self.cloud, self.clock, found, self.reporter)
        self.assertEqual({'deleted'}, {one.action.value for one in done})

    def test_of_another_run_by_now(self):
        """Only that goes which is still of the run that it was found of."""
        self._dead()
        found = self.survey()
        for kind in ('images', 'volumes', 'snapshots'):
            for thing in self.fake.world.things[kind].values():
                if thing['name'] == tags.name(DEAD, SOURCE):
                    thing['name'] = tags.name(ALIVE, SOURCE)
                    thing.get('metadata', {}).update({tags.RUN: ALIVE})
        done = cleanup.remove(self.cloud, self.clock, found, self.reporter)
        self.assertEqual(
            ['failed', 'failed', 'failed', 'deleted'],
            [one.action.value for one in done],
        )
        for one in done[:3]:
            self.assertIn(f'was not made by run {DEAD}', one.reason)
        self.check_cloud('images', 'snapshots', 'volumes')

    def test_one_cannot_be_deleted(self):
        """The others are; what depends on it is not."""
        self._dead()
        self.temporaries(DEAD)
        self.fake.fail(REFUSED, 'DELETE cinder /volumes/00000001')
        found = self._clean_up(
            'deleted',
            'deleted',
            'failed',
            'deleted',
            'failed',
            'deleted',
            'deleted',
        )
        self.assertIn('no (HTTP 403)', found[2].reason)
        self.assertIn('00000001-snapshot', found[4].reason)
        self.assertEqual(3, cleanup.exit_code(found))
        self.check_cloud('snapshots', 'volumes')

    def test_backup_without_a_service(self):
        self.lease(DEAD, hours=1)
        self.backup(DEAD, 'error')
        self.fake.cinder.backup_service = 'down'
        failed, _ = self._clean_up('failed', 'deleted')
        self.assertIn('while no backup service', failed.reason)
        self.check_cloud('backups')

    def test_asked_to_stop(self):
        """What is being deleted goes; what was not come to is told."""
        self._dead()
        found = self.survey()

        class Stops(quiet_reporter.Quiet):
            def say(_, text):
                self.clock.stop.ask()

        done = cleanup.remove(self.cloud, self.clock, found, Stops())
        self.assertEqual(
            ['deleted', 'delete', 'delete', 'delete'],
            [one.action.value for one in done],
        )
        self.assertEqual(130, cleanup.exit_code(done))
        self.check_cloud('images', 'snapshots', 'volumes')

    def test_exit_codes(self):
        action = leftover.Action
        for actions, code in (
            ((), 0),
            ((action.KEEP,), 0),
            ((action.DELETED, action.KEEP), 0),
            ((action.DELETED, action.FAILED), 3),
            ((action.FAILED,), 3),
            ((action.DELETED, action.FAILED, action.DELETE), 130),
        ):
            found = [
                leftover.Leftover(
                    leftover.LeftoverKind.IMAGE,
                    'name',
                    'id',
                    DEAD,
                    datetime.timedelta(),
                    action=one,
                )
                for one in actions
            ]
            self.assertEqual(code, cleanup.exit_code(found), actions)


class FindAndDeleteTestCase(TestCase):
    """What the command does, with a decision in between."""

    def setUp(self):
        super().setUp()
        self.mine = self.fake.cinder.add_volume('mine')
        self.before = {}

    def _old(self, run, days):
        created = self.fake.world.now() - datetime.timedelta(days=days)
        naive = created.replace(tzinfo=None).isoformat()
        return self.volume(run, created_at=naive)

    def _found(self, **options):
        return {one.id for one in cleanup.find(self.session, **options)}

    def test_find(self):
        """Nothing changes; the caller chooses by run and age."""
        one, other = self._old(DEAD, 3)['id'], self._old(DONE, 9)['id']
        for options, ids in (
            ({}, {one, other}),
            ({'run': DONE}, {other}),
            ({'run': ALIVE}, set()),
            ({'older_than': datetime.timedelta(5)}, {other}),
            ({'run': DEAD, 'older_than': datetime.timedelta(5)}, set()),
        ):
            self.assertEqual(ids, self._found(**options), options)
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_delete_a_part(self):
        kept, _ = self._old(DEAD, 3), self._old(DONE, 9)
        found = cleanup.find(self.session, run=DONE)
        (done,) = cleanup.delete(self.session, found, self.reporter)
        self.assertEqual('deleted', done.action)
        self.assertEqual(
            {self.mine['id'], kept['id']},
            {*self.fake.world.things['volumes']},
        )
        self.assertEqual([f'delete {done.label}'], self.reporter.said)

    def test_what_was_not_found_before(self):
        self._old(DEAD, 3)
        found = cleanup.find(self.session)
        later = self._old(DEAD, 9)
        cleanup.delete(self.session, found)
        self.assertEqual({later['id']}, self._found())

    def test_alive_by_now(self):
        self._old(DEAD, 3)
        found = cleanup.find(self.session)
        self.lease(DEAD)
        (kept,) = cleanup.delete(self.session, found)
        self.assertEqual('keep', kept.action)
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_problems(self):
        self._old(DEAD, 3)
        self.fake.fail(REFUSED, 'DELETE cinder', times=9)
        found = cleanup.find(self.session)
        self.assertEqual([], cleanup.problems(self.session, found))
        (one,) = done = cleanup.delete(self.session, found)
        self.assertEqual(
            [f'{one.label}: {one.reason}'],
            cleanup.problems(self.session, done),
        )

    def test_set_that_is_not_finished(self):
        """It is named for its own run, until it is finished."""
        planned = self.plan(target=str(self.target))
        self.fake.fail(wire.Killed(), 'POST cinder')
        self.assertRaises(wire.Killed, self.start, planned)
        (folder,) = self.target.iterdir()
        run = folder.name.removesuffix('.partial')
        self.new_process()
        for asked, told in ((None, True), (run, True), (DEAD, False)):
            said = cleanup.problems(self.session, (), asked)
            self.assertEqual(told, f'Kept: {folder}, ' in ''.join(said))
        self.resume()
        self.assertEqual([], cleanup.problems(self.session, ()))

    def test_set_that_is_deleted(self):
        """The run that can still be resumed is the last one then."""
        for _ in range(2):
            planned = self.plan(target=str(self.target))
            self.fake.fail(wire.Killed(), 'POST cinder')
            self.assertRaises(wire.Killed, self.start, planned)
            self.new_process()
        older, newer = (each.folder.name for each in self.journals())
        target = str(self.target)
        found = cleanup.find(self.session, run=newer, target=target)
        done = cleanup.delete(self.session, found, self.reporter, target)
        self.assertEqual({'deleted'}, {one.action.value for one in done})
        done = self.resume()
        self.assertEqual((older, 0), (done.run, done.exit_code))
        self.assertRaises(errors.UsageError, self.resume)
        error = self.assertRaises(errors.TargetError, self.resume, newer)
        self.assertIn('start a new run', str(error))

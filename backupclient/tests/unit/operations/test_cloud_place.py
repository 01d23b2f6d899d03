# SPDX-License-Identifier: Apache-2.0
"""Backups in the cloud, by the manifests that runs leave there."""

import dataclasses
import hashlib
import itertools
import json

import fixtures

from backupclient import documents
from backupclient import errors
from backupclient.model import manifests
from backupclient.model import requests
from backupclient.model import restores
from backupclient.model import tags
from backupclient.model import verification
from backupclient.operations import cleanup
from backupclient.operations import cloud_place
from backupclient.operations import history
from backupclient.operations import plan
from backupclient.operations import restore
from backupclient.operations import run
from backupclient.operations import verify
from backupclient.sets import catalogue
from backupclient.sets import verified
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds
from backupclient.tests.unit.operations import base

ALL = requests.Request(everything=True)
IN_CLOUD = restores.Request(ALL)
DATA = base.DATA
FILES = verify.Settings(verification.Depth.FILES)


class TestCase(base.TestCase):
    """A project with two volumes."""

    def setUp(self):
        super().setUp()
        self.fake.cinder.backup_service = 'up'
        self.one = self.fake.cinder.add_volume('one', DATA)
        self.two = self.fake.cinder.add_volume('two', b'2')

    def back_up(self, request=ALL):
        return run.back_up(self.session, request, self.reporter)

    def another_machine(self):
        """Go on where no journal is."""
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_STATE_HOME', str(self.root / 'elsewhere')
            )
        )
        self.new_process()

    def library(self):
        project = self.cloud.identity.project_id
        return cloud_place.library(
            self.cloud, tuple(self.cloud.glance.images(project))
        )

    def opened(self):
        library = self.library()
        return [library.open(found) for found in library.runs]

    def forge(self, content, run='20300101T000000Z-evil', **fields):
        """Make an image as somebody else could."""
        return self.fake.glance.add_image(
            fields.pop('name', tags.manifest_name(run)),
            content,
            **{tags.RUN: run, tags.ROLE: 'manifest', 'os_hidden': True}
            | fields,
        )


class LeftTestCase(TestCase):
    """A run leaves its manifest."""

    def test_image(self):
        done = self.back_up()
        (image,) = self.left_manifests()
        self.assertEqual(f'backupclient-{done.report.run}', image['name'])
        self.assertEqual('private', image['visibility'])
        self.assertTrue(image['os_hidden'])
        self.assertEqual('active', image['status'])
        self.assertEqual(done.report.run, image[tags.RUN])
        self.assertEqual(image['id'], image[tags.IMAGE])
        manifest = documents.decode(
            self.fake.world.content[image['id']], manifests.Manifest, 'm'
        )
        self.assertEqual(
            {'one': 'backup', 'two': 'backup'},
            {one.resource.name: one.artifact.kind for one in manifest.items},
        )
        self.assertNotEqual('', manifest.host)

    def test_it_is_nobodys_data(self):
        self.back_up()
        planned = plan.make(
            self.session, dataclasses.replace(ALL, target=str(self.target))
        )
        self.assertEqual(
            {'one', 'two'}, {one.resource.name for one in planned.items}
        )
        self.assertEqual((), cleanup.find(self.session))

    def test_none_where_all_went_to_files(self):
        self.back_up(dataclasses.replace(ALL, target=str(self.target)))
        self.assertEqual([], self.left_manifests())

    def test_only_what_stays_in_the_cloud(self):
        self.fake.glance.add_image('golden', DATA)
        request = dataclasses.replace(
            ALL,
            target=str(self.target),
            volume_method=requests.VolumeMethod.BACKUP,
        )
        self.assertEqual(0, self.back_up(request).report.exit_code)
        (opened,) = self.opened()
        self.assertEqual(
            ['one', 'two'],
            [one.resource.name for one in opened.manifest.items],
        )

    def test_state_is_that_of_the_run(self):
        """What failed elsewhere is not in it, but the run is incomplete."""
        golden = self.fake.glance.add_image('golden', DATA)
        answer = self.fake.glance.refuse(403, 'Forbidden')
        self.fake.fail(
            answer, f'GET glance /images/{golden["id"]}/file', times=99
        )
        request = dataclasses.replace(
            ALL,
            target=str(self.target),
            volume_method=requests.VolumeMethod.BACKUP,
        )
        self.assertEqual(3, self.back_up(request).report.exit_code)
        (opened,) = self.opened()
        self.assertEqual('incomplete', opened.manifest.state.value)
        query = history.Query()
        (row,) = history.runs(query, self.session).rows
        self.assertEqual(
            ('incomplete', 2, 0, 0),
            (row.state.value, row.complete, row.failed, row.skipped),
        )
        query = history.Query(places=(str(self.target),))
        (row,) = history.runs(query).rows
        self.assertEqual(
            ('incomplete', 2, 1, 0),
            (row.state.value, row.complete, row.failed, row.skipped),
        )

    def test_kept_images(self):
        request = dataclasses.replace(
            ALL, target=str(self.target), keep_images=True
        )
        self.assertEqual(0, self.back_up(request).report.exit_code)
        (opened,) = self.opened()
        for entry in opened.manifest.items:
            self.assertEqual('image', entry.artifact.kind)
            self.assertIsNone(entry.file)

    def test_killed_at_each_request(self):
        """Whenever it is killed, who resumes it leaves one manifest."""
        for skip, done in itertools.product(range(12), (False, True)):
            self.begin()
            self.fake.cinder.backup_service = 'up'
            self.fake.cinder.add_volume('one', DATA)
            # The lease is left and taken away by the first of them.
            self.fake.fail(wire.Killed(), 'DELETE glance', done=True)
            self.assertRaises(wire.Killed, self.back_up)
            self.new_process()
            self.fake.fail(wire.Killed(), '', skip=skip, same=False, done=done)
            try:
                run.resume(self.session, 'last', self.reporter)
            except wire.Killed:
                self.new_process()
                self.fake.faults.clear()
                again = run.resume(self.session, 'last', self.reporter)
                self.assertEqual(0, again.report.exit_code)
            self.fake.faults.clear()
            self.assertEqual(1, len(self.left_manifests()), (skip, done))
            (opened,) = self.opened()
            self.assertEqual('complete', opened.manifest.state.value)
            self.assertEqual((), cleanup.find(self.session))

    def test_it_is_cleaned_up_before_it_is_whole(self):
        self.fake.fail(wire.Killed(), 'PUT glance')
        self.assertRaises(wire.Killed, self.back_up)
        self.new_process()
        (found,) = [
            one
            for one in cleanup.find(self.session)
            if one.kind.value == 'image'
        ]
        cleanup.delete(self.session, [found])
        self.assertEqual([], self.opened())

    def test_written_twice(self):
        self.back_up()
        (opened,) = self.opened()
        shelf = self.library().store
        path = f'{opened.found.run}/manifest.json'
        with shelf.read(path) as stream:
            content = stream.read(1 << 20)
        (before,) = self.left_manifests()
        shelf.put(path, content)
        self.assertEqual([before], self.left_manifests())
        changed = dataclasses.replace(opened.manifest, host='other')
        shelf.put(path, documents.encode(changed))
        (again,) = self.opened()
        self.assertEqual('other', again.manifest.host)
        (after,) = self.left_manifests()
        self.assertNotEqual(before['id'], after['id'])

    def test_refused(self):
        for status, text in ((403, 'Forbidden'), (413, 'quota exceeded')):
            self.begin()
            self.fake.cinder.backup_service = 'up'
            self.fake.cinder.add_volume('one', DATA)
            answer = self.fake.glance.refuse(status, text)
            self.fake.fail(answer, 'PUT glance')
            done = self.back_up()
            self.assertEqual(0, done.report.exit_code)
            (said,) = [one for one in self.reporter.said if 'manifest' in one]
            self.assertIn(text, said)
            self.assertEqual([], self.left_manifests())
            # The journal of this machine serves.
            (opened,) = self.opened()
            self.assertEqual(done.report.run, opened.manifest.run)
            planned = restore.plan(self.session, IN_CLOUD)
            self.assertEqual(1, len(planned.items))

    def test_no_image_service(self):
        """The plan goes on without Glance, and says what is lost."""
        services = self.cloud.services - {'image'}
        self.session = dataclasses.replace(
            self.session,
            cloud=dataclasses.replace(self.cloud, services=services),
        )
        done = self.back_up()
        self.assertEqual(0, done.report.exit_code)
        self.assertIn('has no image service', ' '.join(self.reporter.said))
        self.assertEqual([], self.left_manifests())
        library, _ = cloud_place.what_is_known(self.session.cloud)
        self.assertEqual([done.report.run], [one.run for one in library.runs])

    def test_login_ends(self):
        """The run is not at its end: who resumes it leaves the manifest."""
        self.fake.fail(self.fake.end_login, 'PUT glance')
        done = self.back_up()
        self.assertEqual(130, done.report.exit_code)
        self.assertIn('not in the cloud yet', ' '.join(self.reporter.said))
        self.fake.ended = None
        self.new_process()
        self.connection = self.fake.connection()
        self.new_process()
        again = run.resume(self.session, 'last', self.reporter)
        self.assertEqual(0, again.report.exit_code)
        self.assertEqual(1, len(self.left_manifests()))

    def test_answer_is_lost(self):
        """What has arrived is not uploaded again."""
        self.fake.fail(wire.Lost(), 'PUT glance', done=True)
        self.back_up()
        self.assertEqual(1, len(self.left_manifests()))
        self.assertEqual(1, len(self.fake.asked('PUT glance')))

    def test_damaged_on_its_way(self):
        """What Glance has is compared before it counts."""
        fill = self.fake.glance.fill
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.tests.unit.fake_cloud.glance.Glance.fill',
                lambda _, image, content: fill(image, content[:-1]),
            )
        )
        self.assertEqual(0, self.back_up().report.exit_code)
        self.assertEqual([], self.left_manifests())
        self.assertIn('Glance has other bytes', ' '.join(self.reporter.said))
        self.assertEqual((), cleanup.find(self.session))

    def test_damaged_later(self):
        self.back_up()
        (image,) = self.left_manifests()
        self.fake.world.content[image['id']] = b'{}'
        (opened,) = self.opened()
        self.assertIsNone(opened.manifest)
        self.assertIn('damaged', opened.problem)


class AnotherMachineTestCase(TestCase):
    """Nothing but the credentials is needed."""

    def setUp(self):
        super().setUp()
        self.first = self.back_up().report.run
        self.another_machine()

    def test_restore(self):
        self.fake.world.remove('volumes', self.one['id'])
        self.fake.world.remove('volumes', self.two['id'])
        done = restore.restore(self.session, IN_CLOUD)
        self.assertEqual(0, done.report.exit_code, done.report)
        asked = [
            one.json['volume']
            for one in self.fake.seen
            if str(one).startswith('POST cinder /volumes')
        ]
        self.assertEqual(
            {
                backup['id']
                for backup in self.fake.world.things['backups'].values()
            },
            {one['backup_id'] for one in asked},
        )

    def test_other_address_of_keystone(self):
        (image,) = self.left_manifests()
        old = self.fake.world.content[image['id']]
        self.fake.glance.fill(
            image, old.replace(b'keystone.example', b'inside.example')
        )
        planned = restore.plan(self.session, IN_CLOUD)
        self.assertEqual(
            (True, True), tuple(i.possible for i in planned.items)
        )

    def test_glance_does_not_answer(self):
        answer = self.fake.glance.refuse(403, 'Forbidden')
        self.fake.fail(answer, 'GET glance /images', times=99)
        library, troubles = cloud_place.what_is_known(self.cloud)
        self.assertEqual((), library.runs)
        self.assertIn('cannot be listed', *troubles)
        self.assertRaises(errors.CloudError, self.library)

    def test_verify_files(self):
        done = verify.verify('', settings=FILES, session=self.session)
        self.assertEqual(
            [('files', 'good')] * 2,
            [(one.depth.value, one.result.value) for one in done.rows],
        )
        self.assertEqual((), done.notices)
        self.assertEqual(0, done.exit_code)
        library = self.library()
        known = library.standings(library.runs[0])
        standing = known['volume', self.one['id']]
        self.assertEqual('files', standing.depth.value)
        self.assertFalse(standing.damaged)

    def test_verify_data(self):
        """Nobody but a restore can prove the bytes of a Cinder backup."""
        done = verify.verify('', session=self.session)
        self.assertEqual(
            [('files', 'unproved')] * 2,
            [(one.depth.value, one.result.value) for one in done.rows],
        )
        self.assertIn('--depth restore', ' '.join(done.rows[0].notes))
        self.assertEqual(0, done.exit_code)

    def test_verify_damaged(self):
        (first, second) = self.fake.world.things['backups'].values()
        first['status'] = 'error'
        self.fake.world.remove('backups', second['id'])
        done = verify.verify('', settings=FILES, session=self.session)
        self.assertEqual(
            ['damaged', 'missing'],
            [one.result.value for one in done.rows],
        )
        self.assertEqual(3, done.exit_code)
        library = self.library()
        known = library.standings(library.runs[0])
        self.assertEqual(
            [True, True],
            [known['volume', v['id']].damaged for v in (self.one, self.two)],
        )

    def test_results_do_not_grow(self):
        for _ in range(4):
            verify.verify('', settings=FILES, session=self.session)
            self.clock.sleep(2)
        library = self.library()
        self.assertEqual(1, len(verified.read(library.store, library.runs[0])))


class ForgedTestCase(TestCase):
    """Only private images of the project with role and name count."""

    def setUp(self):
        super().setUp()
        self.run_id = self.back_up().report.run
        (image,) = self.left_manifests()
        self.good = self.fake.world.content[image['id']]
        self.evil = '20300101T000000Z-evil'
        self.copy = self.good.replace(self.run_id.encode(), self.evil.encode())

    def test_control(self):
        self.forge(self.copy)
        self.assertEqual(
            [self.evil, self.run_id], [one.found.run for one in self.opened()]
        )

    def test_others(self):
        for fields in (
            {'owner': 'f' * 32},
            {'visibility': 'shared'},
            {'visibility': 'public'},
            {'visibility': 'community'},
            {'name': 'backupclient'},
            {'name': f'backupclient-{self.run_id}'},
            {tags.ROLE: 'artifact'},
            {tags.RUN: 'evil'},
            {tags.RUN: self.run_id},
            {tags.IMAGE: '00000000-0000-0000-0000-00000000feed'},
            {'status': 'queued'},
        ):
            made = self.forge(self.copy, **fields)
            made.update(fields)
            self.assertEqual(
                [self.run_id], [one.found.run for one in self.opened()], fields
            )
            self.fake.world.remove('images', made['id'])

    def test_other_project_inside(self):
        self.forge(self.copy.replace(worlds.PROJECT.encode(), b'f' * 32))
        (evil, good) = self.opened()
        self.assertIsNone(evil.manifest)
        self.assertIn('is of project', evil.problem)
        self.assertIsNotNone(good.manifest)
        planned = restore.plan(self.session, IN_CLOUD)
        self.assertIn(evil.problem, planned.cautions)

    def test_other_run_inside(self):
        self.forge(self.good)
        (evil, _) = self.opened()
        self.assertIn('wrong set', evil.problem)

    def test_too_large(self):
        image = self.forge(self.copy)
        image['size'] = documents.LARGEST + 1
        (evil, _) = self.opened()
        self.assertIn('not written by this program', evil.problem)
        self.assertEqual(
            [], self.fake.asked(f'GET glance /images/{image["id"]}/file')
        )

    def test_longer_than_it_says(self):
        image = self.forge(self.copy)
        self.fake.world.content[image['id']] += b' ' * 10
        (evil, _) = self.opened()
        self.assertIn('damaged', evil.problem)

    def test_no_manifest_at_all(self):
        self.forge(b'\xff\0')
        (evil, good) = self.opened()
        self.assertIn('is not valid', evil.problem)
        self.assertIsNotNone(good.manifest)

    def test_files_are_none_of_it(self):
        """A file in the cloud's manifest would be looked for nowhere."""
        planned = documents.decode(self.good, manifests.Manifest, 'm')
        entry = planned.items[0]
        record = {
            'path': f'volumes/{entry.resource.id}.raw',
            'size': 1,
            'digests': {'sha512': hashlib.sha512(b'1').hexdigest()},
        }
        text = documents.encode(
            dataclasses.replace(planned, run=self.evil)
        ).replace(
            b'"file": null',
            b'"file": ' + json.dumps(record).encode(),
        )
        self.forge(text)
        (evil, _) = self.opened()
        self.assertEqual(
            [None, None], [one.file for one in evil.manifest.items]
        )

    def test_results(self):
        """What is no result of a verification says nothing."""
        (image,) = self.left_manifests()
        for text in (
            'x',
            '{}',
            '{"version":1,"verified_at":"","depth":"data","groups":['
            '{"items":"0-99999999","depth":"data","result":"good"}]}',
            '{"version":1,"verified_at":"","depth":"data","groups":['
            '{"items":"7","depth":"data","result":"good"}]}',
            '{"version":1,"verified_at":"","depth":"data","groups":['
            '{"items":"-1","depth":"data","result":"good"}]}',
        ):
            image[f'{tags.VERIFIED}20260101T000000Z'] = text
            library = self.library()
            self.assertEqual({}, library.standings(library.runs[0]), text)

    def test_both_of_a_run(self):
        """The newest of a run counts, and both go with it."""
        self.forge(self.good, run=self.run_id)
        library = self.library()
        self.assertEqual(
            [catalogue.State.FINISHED], [one.state for one in library.runs]
        )
        library.store.delete(f'{self.run_id}/manifest.json')
        self.assertEqual([], self.left_manifests())


class MarkTestCase(TestCase):
    """What prune notes before it deletes artifacts."""

    def test_mark(self):
        run_id = self.back_up().report.run
        shelf = self.library().store
        self.assertFalse(shelf.is_marked(run_id))
        shelf.mark(run_id, self.clock.now())
        self.assertTrue(shelf.is_marked(run_id))
        self.assertTrue(self.library().store.is_marked(run_id))

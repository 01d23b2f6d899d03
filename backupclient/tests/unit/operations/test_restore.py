# SPDX-License-Identifier: Apache-2.0
"""Whole restores: what a run has saved comes back, whatever goes wrong."""

import contextlib
import dataclasses

from backupclient import errors
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.operations import cleanup
from backupclient.operations import restore
from backupclient.operations import run
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.operations import base

ALL = requests.Request(everything=True)
DATA = base.DATA


class TestCase(base.TestCase):
    """A project with one of each kind, and its backup set."""

    def setUp(self):
        super().setUp()
        self.seed()
        done = run.back_up(
            self.session,
            dataclasses.replace(
                ALL, target=str(self.target), plaintext_keys=True
            ),
        )
        self.assertEqual(0, done.report.exit_code, done.report)
        self.run_id = done.report.run
        self.asked = restores.Request(ALL, source=str(self.target))

    def seed(self):
        """Fill the project."""
        fake = self.fake
        self.image = fake.glance.add_image(
            'golden', DATA, hw_disk_bus='scsi', tags=['t']
        )
        self.volume = fake.cinder.add_volume('data', DATA, metadata={'a': 'b'})
        self.secret = fake.barbican.add_secret('word', b'\0pw ')
        self.server = fake.nova.add_server(
            'web',
            DATA[::-1],
            flavor={
                'original_name': 'm1.tiny',
                'vcpus': 1,
                'ram': 64,
                'disk': 1,
                'ephemeral': 0,
                'swap': 0,
            },
        )
        id_ = self.server['id']
        self.disk = fake.cinder.add_volume('disk', b'disk', server=id_)
        self.server['os-extended-volumes:volumes_attached'] = [
            {'id': self.disk['id']}
        ]

    def lose_all(self):
        """Take all away that was backed up."""
        self.fake.world.settle()
        for kind, id_ in self.fake.world.holdings():
            self.fake.world.remove(kind, id_)
        self.before = self.fake.world.holdings()

    def go(self, asked=None, **settings):
        return restore.restore(
            self.session,
            asked or self.asked,
            None,
            self.reporter,
            restore.Settings(**{'parallel': 1, **settings}),
        )

    def resume(self, name='last'):
        return restore.resume(self.session, name, None, self.reporter)

    def states(self, done):
        return {
            (one.resource.kind.value, one.resource.name): one.state.value
            for one in done.report.outcomes
        }

    def the(self, kind, name):
        """Give the one thing of a kind and a name."""
        found = [
            each
            for each in self.fake.world.things[kind].values()
            if each['name'] == name
        ]
        self.assertEqual(1, len(found), (kind, name, found))
        return found[0]

    def content(self, kind, name):
        return self.fake.world.content[self.the(kind, name)['id']]

    def check_restored(self):
        """Each thing is there once, with its bytes; nothing else is."""
        self.fake.world.settle()
        self.assertEqual(DATA, self.content('images', 'golden'))
        self.assertEqual(DATA, self.content('volumes', 'data'))
        self.assertEqual(b'disk', self.content('volumes', 'disk'))
        self.assertEqual(b'\0pw ', self.content('secrets', 'word'))
        self.assertEqual(DATA[::-1], self.content('servers', 'web'))
        kinds = [kind for kind, _ in self.fake.world.holdings()]
        self.assertEqual(
            ['images', 'secrets', 'servers', 'volumes', 'volumes'],
            sorted(kinds),
        )


class RestoreTestCase(TestCase):
    def test_all_after_all_is_lost(self):
        self.lose_all()
        done = self.go()
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.assertEqual({'complete'}, set(self.states(done).values()))
        self.check_restored()
        disk = self.the('volumes', 'disk')
        server = self.the('servers', 'web')
        self.assertEqual(server['id'], disk['attachments'][0]['server_id'])
        new = restore.restored(done.report)
        self.assertEqual(disk['id'], new[self.disk['id']])
        self.assertEqual(server['id'], new[self.server['id']])

    def test_beside_the_originals(self):
        """Nothing that exists is changed."""
        before = self.fake.world.holdings()
        asked = dataclasses.replace(self.asked, suffix='.new')
        done = self.go(asked)
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.fake.world.settle()
        now = self.fake.world.holdings()
        for key, thing in before.items():
            self.assertEqual(thing, now.get(key), key)
        self.assertEqual(DATA, self.content('volumes', 'data.new'))
        self.the('servers', 'web.new')

    def test_one_server_with_its_volume(self):
        self.lose_all()
        chosen = requests.Request(servers=('web',))
        done = self.go(dataclasses.replace(self.asked, selection=chosen))
        self.assertEqual(
            {('server', 'web'): 'complete', ('volume', 'disk'): 'complete'},
            self.states(done),
        )

    def test_server_that_cannot_be_restored(self):
        """Its disk is not left over, unless it was asked for itself."""
        self.lose_all()
        self.fake.nova.flavors.clear()
        chosen = requests.Request(servers=('web',))
        asked = dataclasses.replace(self.asked, selection=chosen)
        done = self.go(asked)
        self.assertEqual(1, done.report.exit_code)
        self.assertEqual(
            {('server', 'web'): 'skipped', ('volume', 'disk'): 'skipped'},
            self.states(done),
        )
        self.assertEqual(self.before, self.fake.world.holdings())
        disk = done.report.outcomes[0]
        self.assertIn('It was selected with server "web"', disk.reason)
        self.new_process()
        chosen = requests.Request(servers=('web',), volumes=('disk',))
        done = self.go(dataclasses.replace(self.asked, selection=chosen))
        self.assertEqual(3, done.report.exit_code)
        self.assertEqual('complete', self.states(done)['volume', 'disk'])

    def test_other_runs_have_more(self):
        self.fake.cinder.add_volume('late', b'late')
        self.new_process()
        small = requests.Request(volumes=('late',), target=str(self.target))
        late = run.back_up(self.session, small).report.run
        self.new_process()
        # Both began in the same second, so neither is the newer one.
        asked = dataclasses.replace(self.asked, run=late)
        planned = restore.plan(self.session, asked)
        self.assertEqual(1, len(planned.items))
        (said,) = [text for text in planned.cautions if 'run' in text]
        self.assertIn(f'This restores run {late} alone.', said)
        self.assertIn('backups of 5 more resources', said)
        self.new_process()
        asked = dataclasses.replace(self.asked, run=self.run_id)
        planned = restore.plan(self.session, asked)
        self.assertIn('of 1 more resource:', '\n'.join(planned.cautions))
        self.new_process()
        chosen = requests.Request(servers=('web',))
        asked = dataclasses.replace(self.asked, selection=chosen)
        planned = restore.plan(self.session, asked)
        self.assertNotIn('Other runs', '\n'.join(planned.cautions))

    def test_without_servers(self):
        self.lose_all()
        asked = dataclasses.replace(self.asked, without_servers=True)
        done = self.go(asked)
        self.assertNotIn(('server', 'web'), self.states(done))
        self.assertEqual({}, self.fake.world.things['servers'])

    def test_restored_things_are_data_again(self):
        """A later backup of everything has them; see safety."""
        self.lose_all()
        self.go()
        self.new_process()
        done = run.back_up(
            self.session,
            dataclasses.replace(
                ALL, target=str(self.target), plaintext_keys=True
            ),
        )
        self.assertEqual(
            [
                ('image', 'golden'),
                ('secret', 'word'),
                ('server', 'web'),
                ('volume', 'data'),
                ('volume', 'disk'),
            ],
            sorted(self.states(done)),
        )
        self.assertEqual({'complete'}, set(self.states(done).values()))

    def test_skip_existing(self):
        self.lose_all()
        chosen = requests.Request(volumes=('data',))
        self.go(dataclasses.replace(self.asked, selection=chosen))
        self.new_process()
        asked = dataclasses.replace(self.asked, skip_existing=True)
        done = self.go(asked)
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.assertEqual('skipped', self.states(done)['volume', 'data'])
        self.check_restored()
        self.new_process()
        again = self.go(asked)
        self.assertEqual({'skipped'}, set(self.states(again).values()))
        self.assertEqual(0, again.report.exit_code)
        self.check_restored()

    def test_damage_stops_what_needs_it_only(self):
        self.lose_all()
        path = next(
            (self.target / self.run_id).glob(f'volumes/{self.disk["id"]}.*')
        )
        path.write_bytes(b'dusk')
        done = self.go()
        self.assertEqual(3, done.report.exit_code)
        states = self.states(done)
        self.assertEqual('failed', states.pop(('volume', 'disk')))
        self.assertEqual('skipped', states.pop(('server', 'web')))
        self.assertEqual({'complete'}, set(states.values()))
        self.assertEqual({}, self.fake.world.things['servers'])
        names = [v['name'] for v in self.fake.world.things['volumes'].values()]
        self.assertEqual(['data'], names)

    def test_nothing_selected_that_is_there(self):
        chosen = requests.Request(volumes=('other',))
        asked = dataclasses.replace(self.asked, selection=chosen)
        error = self.assertRaises(errors.UsageError, self.go, asked)
        self.assertIn('other', str(error))

    def test_no_backup(self):
        asked = dataclasses.replace(self.asked, source=str(self.root / 'no'))
        self.assertRaises(errors.BackupError, self.go, asked)


class PlanTestCase(TestCase):
    def test_nothing_is_made(self):
        before = self.fake.world.holdings()
        planned = restore.plan(self.session, self.asked)
        self.assertTrue(planned.complete, planned.items)
        self.assertEqual(before, self.fake.world.holdings())
        procedures = {i.resource.kind: i.procedure for i in planned.items}
        self.assertEqual(
            {
                resources.Kind.SECRET: plans.Procedure.SECRET_STORE,
                resources.Kind.IMAGE: plans.Procedure.IMAGE_UPLOAD,
                resources.Kind.VOLUME: plans.Procedure.VOLUME_FROM_IMAGE,
                resources.Kind.SERVER: plans.Procedure.SERVER_BUILD,
            },
            procedures,
        )
        for step in restore.steps(planned):
            self.assertRegex(step.command, r'\b(openstack|barbican) ')

    def test_saved_and_carried_out(self):
        file = self.root / 'plan.json'
        self.lose_all()
        planned = restore.plan(self.session, self.asked, save_to=file)
        saved = restore.load(file)
        self.assertEqual(planned, saved)
        done = restore.carry_out(self.session, saved)
        self.assertEqual(0, done.report.exit_code)
        self.check_restored()

    def test_saved_and_outdated(self):
        """What has changed is named, and planned anew when that is wanted."""
        self.lose_all()
        planned = restore.plan(self.session, self.asked)
        asked = dataclasses.replace(planned.restore, suffix='.x')
        changed = dataclasses.replace(planned, restore=asked)
        error = self.assertRaises(
            errors.UsageError, restore.carry_out, self.session, changed
        )
        self.assertIn('--replan', str(error))
        done = restore.carry_out(self.session, changed, replan=True)
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)

    def test_plan_of_the_other_command(self):
        """Each refuses the other's, and names the right command."""
        planned = restore.plan(self.session, self.asked)
        error = self.assertRaises(
            errors.UsageError, run.carry_out, self.session, planned
        )
        self.assertIn('backup restore --plan', str(error))
        backup = dataclasses.replace(planned, restore=None, items=())
        error = self.assertRaises(
            errors.UsageError, restore.carry_out, self.session, backup
        )
        self.assertIn('backup run --plan', str(error))


class ResumeTestCase(TestCase):
    def test_killed_at_each_request_that_writes(self):
        """Resumed, each thing is there once, and nothing else."""
        self.lose_all()
        self.go()
        writes = len([r for r in self.fake.seen if r.method != 'GET'])
        self.assertGreater(writes, 20)
        for done in (False, True):
            for skip in range(0, writes, 3):
                self.lose_all()
                self.new_process()
                self.fake.faults.clear()
                self.fake.faults.append(
                    wire.Fault(
                        wire.Killed(), wire.writes, skip=skip, done=done
                    )
                )
                try:
                    found = self.go()
                except wire.Killed:
                    self.new_process()
                    found = self.resume()
                self.assertEqual(0, found.report.exit_code, (done, skip))
                self.check_restored()

    def test_interrupted(self):
        self.lose_all()
        self.new_process(stop_at=2)
        done = self.go()
        self.assertEqual(130, done.report.exit_code)
        reasons = {o.reason for o in done.report.outcomes if o.reason}
        self.assertIn('restore --resume', ' '.join(reasons))
        self.new_process()
        done = self.resume(done.report.run)
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.check_restored()

    def test_the_other_command(self):
        self.lose_all()
        self.new_process(stop_at=2)
        begun = self.go().report.run
        self.new_process()
        error = self.assertRaises(
            errors.UsageError, run.resume, self.session, begun
        )
        self.assertIn(f'backup restore --resume {begun}', str(error))
        self.assertRaises(errors.UsageError, run.resume, self.session, 'last')

    def test_cleanup_after_a_kill(self):
        """Cleanup deletes all temporary things; a resume then completes."""
        for skip in range(1, 60, 3):
            self.lose_all()
            self.new_process()
            self.fake.faults.clear()
            self.fake.faults.append(
                wire.Fault(wire.Killed(), wire.writes, skip=skip, done=True)
            )
            with contextlib.suppress(wire.Killed):
                self.go()
            self.new_process()
            found = cleanup.find(self.session)
            cleanup.delete(self.session, found)
            self.fake.world.settle()
            left = [
                (kind, thing)
                for (kind, id_), thing in self.fake.world.holdings().items()
                if (
                    thing.pop('asked', None) is None
                    and 'temporary' in str(thing)
                )
                or 'temporary' in str(self.fake.barbican.metadata.get(id_, ''))
            ]
            self.assertEqual([], left, skip)
            done = self.resume()
            self.assertEqual(0, done.report.exit_code, (skip, done.report))
            self.check_restored()


class ReferencesTestCase(TestCase):
    """An image that names another one, and a certificate."""

    def seed(self):
        super().seed()
        fake = self.fake
        self.kernel = fake.glance.add_image('a-kernel', b'kernel')
        self.signed = {
            'img_signature': 'c2ln',
            'img_signature_hash_method': 'SHA-256',
            'img_signature_key_type': 'RSA-PSS',
            'img_signature_certificate_uuid': self.secret['id'],
        }
        fake.glance.add_image(
            'a-root', b'root', kernel_id=self.kernel['id'], **self.signed
        )

    def test_all_of_them(self):
        self.lose_all()
        done = self.go(parallel=4)
        self.assertEqual(0, done.report.exit_code, done.report)
        root = self.the('images', 'a-root')
        kernel = self.the('images', 'a-kernel')
        self.assertEqual(kernel['id'], root['kernel_id'])
        self.assertNotEqual(self.kernel['id'], kernel['id'])
        certificate = self.the('secrets', 'word')['id']
        wanted = {
            **self.signed,
            'img_signature_certificate_uuid': certificate,
        }
        self.assertEqual(wanted, {name: root[name] for name in wanted})

    def test_the_kernel_fails(self):
        self.lose_all()
        file = self.target / self.run_id / 'images'
        (file / f'{self.kernel["id"]}.raw').write_bytes(b'k\0rnel')
        done = self.go()
        self.assertEqual('failed', self.states(done)['image', 'a-kernel'])
        self.assertEqual('complete', self.states(done)['image', 'a-root'])
        self.assertNotIn('kernel_id', self.the('images', 'a-root'))
        (notes,) = [
            one.notes
            for one in done.report.outcomes
            if one.resource.name == 'a-root'
        ]
        self.assertIn('kernel_id', ' '.join(notes))

    def test_no_room_for_the_server(self):
        self.lose_all()
        self.fake.nova.limits['Instances'] = 0
        done = self.go()
        self.assertEqual(3, done.report.exit_code)
        self.assertEqual('skipped', self.states(done)['server', 'web'])
        (server,) = [
            one for one in done.report.outcomes if one.resource.name == 'web'
        ]
        self.assertIn('instances: 1 needed, 0 free', server.reason)

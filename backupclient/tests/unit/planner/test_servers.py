# SPDX-License-Identifier: Apache-2.0

from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import resources
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

SERVER_IMAGE = plans.Procedure.SERVER_IMAGE


class TestStates(base.TestCase):
    def test_ready(self):
        for status, stop, consistency in (
            ('ACTIVE', False, 'crash-consistent'),
            ('ACTIVE', True, 'stopped'),
            ('SHUTOFF', False, 'stopped'),
            ('SHUTOFF', True, 'stopped'),
            ('PAUSED', False, 'crash-consistent'),
            ('PAUSED', True, 'crash-consistent'),
            ('SUSPENDED', True, 'crash-consistent'),
        ):
            item = self.item(samples.server('web', status), stop_servers=stop)
            self.assertIs(SERVER_IMAGE, item.procedure, status)
            self.assertEqual(consistency, item.consistency, status)

    def test_waits(self):
        for status in (
            'BUILD',
            'HARD_REBOOT',
            'MIGRATING',
            'PASSWORD',
            'REBOOT',
            'REBUILD',
            'RESIZE',
            'REVERT_RESIZE',
        ):
            item = self.item(samples.server('web', status))
            self.assertIs(SERVER_IMAGE, item.procedure, status)
            self.assertEqual('crash-consistent', item.consistency)
            self.assertIn(f'no longer "{status}"', item.notes[0])

    def test_waits_for_a_task(self):
        for status in ('ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'):
            item = self.item(
                samples.server('web', status, task_state='image_snapshot')
            )
            self.assertIs(SERVER_IMAGE, item.procedure)
            self.assertIn('its task "image_snapshot"', item.notes[0])

    def test_never(self):
        for status, word in (
            ('VERIFY_RESIZE', 'Confirm or revert'),
            ('RESIZED', 'Confirm or revert'),
            ('RESCUE', 'Unrescue'),
            ('ERROR', 'Rebuild or reboot'),
            ('SOFT_DELETED', 'Restore it first'),
            ('DELETED', 'leave it out'),
            ('UNKNOWN', 'Ask the operator'),
        ):
            item = self.item(samples.server('web', status))
            self.refuses(item, f'"{status}"', word)

    def test_never_while_it_is_deleted(self):
        item = self.item(samples.server('web', task_state='deleting'))
        self.refuses(item, 'being deleted')

    def test_services(self):
        for service, word in (('compute', 'Nova'), ('image', 'Glance')):
            services = samples.SERVICES - {service}
            item = self.item(
                samples.server('web'), cloud={'services': services}
            )
            self.refuses(item, word)


class TestItem(base.TestCase):
    def test_file(self):
        server = samples.server('web', disk_gib=2)
        item = self.item(server, target='/backups')
        self.assertEqual(f'servers/{server.id}.*', item.result)
        self.assertEqual(2 * resources.GIB, item.size)
        self.assertTrue(item.to_file)
        self.assertFalse(item.task.keep_image)
        self.assertEqual(server.id, item.group)
        self.assertEqual(server, item.server)

    def test_file_and_image(self):
        item = self.item(
            samples.server('web'), target='/backups', keep_images=True
        )
        self.assertTrue(item.task.keep_image)

    def test_image(self):
        item = self.item(samples.server('web'), keep_images=True)
        self.assertEqual('image', item.result)
        self.assertFalse(item.to_file or item.task.keep_image)

    def test_unknown_size(self):
        self.assertIsNone(self.item(samples.server('web')).size)

    def test_guest_may_be_suspended(self):
        self.assertIn('suspend', self.item(samples.server('web')).notes[0])
        item = self.item(samples.server('web', 'SHUTOFF'))
        self.assertEqual((), item.notes)


class TestNotCaptured(base.TestCase):
    """What no procedure copies is said, whatever becomes of the server."""

    def _notes(self, server, *others, **options):
        return ' '.join(self.item(server, *others, **options).notes)

    def test_disks(self):
        for status in ('SHUTOFF', 'ERROR', 'SHELVED'):
            notes = self._notes(
                samples.server(
                    'web',
                    status,
                    ephemeral_gib=5,
                    swap_mib=64,
                    config_drive=True,
                )
            )
            self.says(notes, 'ephemeral disk (5 GiB)', 'swap disk (64 MiB)')
            self.says(notes, 'config drive')

    def test_warnings(self):
        """What comes back by itself is none."""
        server = samples.server('web', ephemeral_gib=5, config_drive=True)
        item = self.item(server)
        (warning,) = item.warnings
        self.assertIn('ephemeral disk (5 GiB)', warning)
        self.assertLess({*item.warnings}, {*item.notes})

    def test_disks_of_a_volume_backed_server(self):
        root = samples.attached('root', 'web')
        server = samples.server('web', image_id='', ephemeral_gib=5)
        self.assertIn('ephemeral disk (5 GiB)', self._notes(server, root))

    def test_vtpm(self):
        server = samples.server('web', 'SHUTOFF')
        mine, others = (
            samples.secret(f'vTPM secret for instance {id_}')
            for id_ in (server.id, 'another')
        )
        self.assertIn('virtual TPM', self._notes(server, mine))
        self.assertEqual('', self._notes(server, others))

    def test_volume_that_is_left_out(self):
        server = samples.server('web', 'SHUTOFF')
        notes = self._notes(
            server, samples.attached('data', 'web'), exclude=('volume/data',)
        )
        self.says(notes, 'Left out', 'volume "data"')

    def test_volume_that_is_not_left_out(self):
        server = samples.server('web', 'SHUTOFF')
        notes = self._notes(server, samples.attached('data', 'web'))
        self.assertEqual('', notes)

    def test_volume_that_cannot_be_seen(self):
        server = samples.server('web', 'SHUTOFF', volume_ids=('hidden',))
        self.assertIn('volume hidden cannot be seen', self._notes(server))

    def test_volumes_in_order(self):
        volumes = tuple('edcba')
        server = samples.server('web', 'SHUTOFF', volume_ids=volumes)
        first, *_, last = self.item(server).notes
        self.assertIn('volume a ', first)
        self.assertIn('volume e ', last)

    def test_server_that_is_not_stopped(self):
        for status in ('PAUSED', 'SUSPENDED', 'REBOOT'):
            server = samples.server('web', status)
            self.assertIn(
                '--stop-servers', self._notes(server, stop_servers=True)
            )
            self.assertNotIn('--stop-servers', self._notes(server))
        for status in ('ACTIVE', 'SHUTOFF', 'SHELVED'):
            notes = self._notes(
                samples.server('web', status), stop_servers=True
            )
            self.assertNotIn('--stop-servers', notes)

    def test_locked_server_is_not_stopped(self):
        server = samples.server('web', locked=True)
        notes = self._notes(server, stop_servers=True)
        self.says(notes, 'locked', f'openstack server unlock {server.id}')
        self.assertNotIn('locked', self._notes(server))
        off = samples.server('web', 'SHUTOFF', locked=True)
        self.assertNotIn('locked', self._notes(off, stop_servers=True))
        # Nova lets administrators stop it.
        admin = {'roles': frozenset({'admin'})}
        notes = self._notes(server, stop_servers=True, cloud=admin)
        self.assertNotIn('locked', notes)


class TestStops(base.TestCase):
    """What a plan stops, and what the copies are worth for it."""

    def _worth(self, record, *others, **options):
        options = {'stop_servers': True, 'target': '/backups', **options}
        item = self.item(record, *others, **options)
        return item.consistency.value, item.stops

    def test_running(self):
        server, volume = samples.server('web'), samples.attached('data', 'web')
        for one, others in ((server, [volume]), (volume, [server])):
            self.assertEqual(
                ('stopped', (server.id,)), self._worth(one, *others)
            )
            self.assertEqual(
                ('crash-consistent', ()),
                self._worth(one, *others, stop_servers=False),
            )

    def test_off(self):
        server = samples.server('web', 'SHUTOFF')
        volume = samples.attached('data', 'web')
        self.assertEqual(('stopped', ()), self._worth(server, volume))
        self.assertEqual(('stopped', ()), self._worth(volume, server))

    def test_locked(self):
        server = samples.server('web', locked=True)
        volume = samples.attached('data', 'web')
        for one, others in ((server, [volume]), (volume, [server])):
            self.assertEqual(
                ('crash-consistent', ()), self._worth(one, *others)
            )
            self.assertEqual(
                ('stopped', (server.id,)),
                self._worth(
                    one, *others, cloud={'roles': frozenset({'admin'})}
                ),
            )

    def test_locked_server_of_a_volume_alone(self):
        """It has no row of its own to say so."""
        server = samples.server('web', locked=True)
        volume = samples.attached('data', 'web')
        item = self.item(volume, server, volumes=('data',), stop_servers=True)
        self.says(' '.join(item.notes), server.id, 'unlock')
        for options in ({'servers': ('web',)}, {'stop_servers': False}):
            options = {'stop_servers': True, 'volumes': ('data',), **options}
            item = self.item(volume, server, **options)
            self.assertNotIn('unlock', ' '.join(item.notes))

    def test_volume_of_two_servers(self):
        one, two = samples.server('one'), samples.server('two')
        volume = samples.attached('data', 'one', 'two')
        self.assertEqual(
            ('stopped', (one.id, two.id)), self._worth(volume, one, two)
        )
        item = self.item(volume, one, two, stop_servers=True)
        self.assertNotIn('servers write', ' '.join(item.notes))
        # It is not stopped for what another server shares with it.
        options = {'servers': ('one',), 'stop_servers': True}
        item = self.item(volume, one, two, **options)
        self.assertEqual('crash-consistent', item.consistency)
        self.assertEqual((), item.stops)
        self.says(' '.join(item.notes), two.id, 'not part of this plan')
        self.says(' '.join(item.notes), '2 servers write')
        self.assertEqual(
            'stopped', self.item(one, volume, two, **options).consistency
        )

    def test_volume_of_two_servers_of_which_one_is_not_stopped(self):
        one = samples.server('one')
        volume = samples.attached('data', 'one', 'two')
        for status, locked in (('PAUSED', False), ('ACTIVE', True)):
            two = samples.server('two', status, locked=locked)
            self.assertEqual(
                ('crash-consistent', ()), self._worth(volume, one, two)
            )
        off = samples.server('two', 'SHUTOFF')
        self.assertEqual(('stopped', (one.id,)), self._worth(volume, one, off))


class TestVolumeBacked(base.TestCase):
    def test_its_volumes_are_its_disks(self):
        root = samples.attached('root', 'web')
        for options in ({}, {'target': '/backups'}):
            for status in ('ACTIVE', 'ERROR', 'SHELVED_OFFLOADED'):
                server = samples.server('web', status, image_id='')
                item = self.item(server, root, **options)
                self.assertIs(plans.Procedure.NONE, item.procedure)
                self.assertEqual('its volumes', item.task.by)
                self.assertTrue(item.possible)
                self.assertEqual(server.id, item.group)
                self.assertFalse(item.to_file)
                self.assertIn('boots from a volume', item.reason)

    def test_with_a_volume_that_cannot_be_backed_up(self):
        root = samples.attached('root', 'web')
        server = samples.server('web', image_id='', ephemeral_gib=1)
        full = {'snapshots': inventories.Quota(5, 5)}
        for volume, cloud in (
            (samples.attached('data', 'web', status='error'), {}),
            (samples.encrypted(samples.attached('data', 'web')), {}),
            (samples.attached('data', 'web'), {'quotas': full}),
        ):
            item = self.item(
                server, root, volume, target='/backups', cloud=cloud
            )
            self.refuses(item, 'Cannot be backed up', volume.resource.label)
            self.assertEqual(not cloud, root.resource.label not in item.reason)
            self.says(' '.join(item.notes), 'ephemeral')

    def test_parts(self):
        root = samples.attached('root', 'web')
        shared = samples.attached('shared', 'another', 'web')
        others = samples.attached('others', 'another')
        server = samples.server('web', image_id='')
        another = samples.server('another')
        item = self.item(server, root, shared, others, another)
        self.assertEqual({root.id, shared.id}, {*item.parts})
        self.assertEqual((), self.item(another, shared, server, root).parts)

    def test_root_that_is_left_out(self):
        server = samples.server('web', image_id='')
        data = samples.attached('data', 'web')
        for root in (
            samples.attached('root', 'web', bootable=True),
            samples.volume(
                'root',
                'in-use',
                attachments=(resources.Attachment(server.id, '/dev/vda'),),
            ),
        ):
            for others in ([], [data]):
                item = self.item(
                    server, root, *others, exclude=('volume/root',)
                )
                self.refuses(item, root.resource.label, 'left out')

    def test_other_volume_that_is_left_out(self):
        root = samples.attached('root', 'web', bootable=True)
        data = samples.attached('data', 'web', bootable=True)
        server = samples.server('web', image_id='')
        item = self.item(server, root, data, exclude=('volume/data',))
        self.assertEqual('its volumes', item.task.by)
        self.assertEqual((root.id,), item.parts)
        self.says(' '.join(item.notes), 'Left out', data.resource.label)

    def test_plan_is_complete(self):
        made = self.plan(
            samples.server('web', image_id=''),
            samples.attached('root', 'web'),
        )
        self.assertTrue(made.complete)

    def test_volumes_that_cannot_be_seen(self):
        root = samples.attached('root', 'web')
        for volumes in ((), ('hidden',), (root.id, 'hidden')):
            server = samples.server('web', image_id='', volume_ids=volumes)
            others = [root] if root.id in volumes else []
            item = self.item(server, *others)
            self.refuses(item, 'not all its volumes can be seen')


class TestShelved(base.TestCase):
    def setUp(self):
        super().setUp()
        self.image = self._image('web')

    def _image(self, of, **fields):
        server_id = fields.pop('server_id', samples.uuid_of(f'server {of}'))
        return samples.image(
            f'{of}-shelved',
            properties={'instance_uuid': server_id},
            **fields,
        )

    def _item(self, *others, status='SHELVED', **options):
        options = {'servers': ('web',), 'target': '/backups', **options}
        return self.item(samples.server('web', status), *others, **options)

    def test_image_is_downloaded(self):
        for status in ('SHELVED', 'SHELVED_OFFLOADED'):
            item = self._item(self.image, status=status)
            self.assertIs(plans.Procedure.IMAGE_DOWNLOAD, item.procedure)
            self.assertEqual(f'servers/{item.resource.id}.qcow2', item.result)
            self.assertEqual(resources.Kind.SERVER, item.resource.kind)
            self.assertEqual(self.image, item.image)
            self.assertEqual('web', item.server.name)
            self.assertEqual(self.image.size, item.size)
            self.assertEqual('immutable', item.consistency)
            self.assertTrue(item.to_file)
            self.assertIn(self.image.id, item.reason)

    def test_not_twice(self):
        for options in ({'images': (self.image.id,)}, {'everything': True}):
            item = self._item(self.image, **options)
            self.assertIs(plans.Procedure.NONE, item.procedure)
            self.assertEqual(self.image.resource.label, item.task.by)
            self.assertEqual((self.image.id,), item.parts)

    def test_not_even_once(self):
        image = self._image('web', status='deactivated')
        item = self._item(image, everything=True)
        self.refuses(item, 'shelved', image.resource.label)

    def test_image_is_excluded_under_its_own_name(self):
        item = self._item(
            self.image, everything=True, exclude=('image/web-shelved',)
        )
        self.assertIs(plans.Procedure.IMAGE_DOWNLOAD, item.procedure)

    def test_no_image(self):
        for image in (
            self._image('other'),
            self._image('web', server_id='namesake'),
            samples.image('web-shelved'),
        ):
            self.refuses(self._item(image), 'shelved', 'unshelve it')

    def test_newest_image(self):
        old = self._image('web', id='old', created_at='2026-01-01')
        new = self._image('web', id='new', created_at='2026-01-02')
        self.assertEqual(new, self._item(old, new).image)
        self.assertEqual(new, self._item(new, old).image)

    def test_image_is_not_ready(self):
        image = self._image('web', status='deactivated')
        self.refuses(self._item(image), 'deactivated')

    def test_without_target(self):
        item = self._item(self.image, target='')
        self.refuses(item, 'Unshelve it', '--to')

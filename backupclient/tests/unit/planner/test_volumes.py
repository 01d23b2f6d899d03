# SPDX-License-Identifier: Apache-2.0

import itertools

from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tasks
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

AUTO, BACKUP, IMAGE = requests.VolumeMethod
FULL, INCREMENTAL = requests.Chain.FULL, requests.Chain.INCREMENTAL
VOLUME_BACKUP = plans.Procedure.VOLUME_BACKUP
VOLUME_IMAGE = plans.Procedure.VOLUME_IMAGE
SNAPSHOT_IMAGE = plans.Procedure.SNAPSHOT_IMAGE
NONE = plans.Procedure.NONE

# state: what it is good for detached, and attached; a word of the refusal.
GOOD, WAITS, NEVER = 'good', 'waits', 'never'
STATES = {
    'available': (GOOD, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'in-use': (GOOD, SNAPSHOT_IMAGE, SNAPSHOT_IMAGE, ''),
    'attaching': (WAITS, SNAPSHOT_IMAGE, SNAPSHOT_IMAGE, ''),
    'detaching': (WAITS, SNAPSHOT_IMAGE, SNAPSHOT_IMAGE, ''),
    'reserved': (WAITS, SNAPSHOT_IMAGE, SNAPSHOT_IMAGE, ''),
    'creating': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'managing': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'downloading': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'extending': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'retyping': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'uploading': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'backing-up': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'restoring-backup': (WAITS, VOLUME_IMAGE, SNAPSHOT_IMAGE, ''),
    'awaiting-transfer': (NEVER, NONE, NONE, 'Accept or delete its transfer'),
    'maintenance': (NEVER, NONE, NONE, 'try again later'),
    'deleting': (NEVER, NONE, NONE, 'leave it out'),
    'error': (NEVER, NONE, NONE, 'Creating it failed'),
    'error_deleting': (NEVER, NONE, NONE, 'Delete it once more'),
    'error_restoring': (NEVER, NONE, NONE, 'Restore a backup'),
    'error_extending': (NEVER, NONE, NONE, 'Ask the operator'),
    'error_managing': (NEVER, NONE, NONE, 'Ask the operator'),
    'of-a-later-release': (NEVER, NONE, NONE, 'Ask the operator'),
}

# method, target, Backup API: the way
WAYS = {
    (AUTO, False, True): 'backup',
    (AUTO, False, False): 'image',
    (AUTO, True, True): 'image',
    (AUTO, True, False): 'image',
    (BACKUP, False, True): 'backup',
    (BACKUP, False, False): 'refused',
    (BACKUP, True, True): 'backup',
    (BACKUP, True, False): 'refused',
    (IMAGE, False, True): 'image',
    (IMAGE, False, False): 'image',
    (IMAGE, True, True): 'image',
    (IMAGE, True, False): 'image',
}


class TestStates(base.TestCase):
    """Every state, with every method, detached and attached."""

    def test_every_combination(self):
        for status, way, is_attached in itertools.product(
            STATES, WAYS, (False, True)
        ):
            method, target, backup_api = way
            made = samples.attached if is_attached else samples.volume
            servers = ('web',) if is_attached else ()
            item = self.item(
                made('data', *servers, status=status),
                samples.server('web'),
                cloud={'backup_api': backup_api},
                volumes=('data',),
                volume_method=method,
                target='/backups' if target else '',
            )
            with self.subTest(status=status, way=way, attached=is_attached):
                self._check(item, status, WAYS[way], is_attached, target)

    def _check(self, item, status, way, is_attached, target):
        sort, *by_image, word = STATES[status]
        if way == 'refused':
            self.refuses(item, '--volume-method image')
            return
        if sort == NEVER:
            self.refuses(item, f'"{status}"', word)
            return
        image = by_image[is_attached]
        expected = VOLUME_BACKUP if way == 'backup' else image
        self.assertIs(expected, item.procedure)
        self.assertEqual(target and way == 'image', item.to_file)
        waits = any(f'no longer "{status}"' in note for note in item.notes)
        self.assertEqual(sort == WAITS, waits)
        in_use = image is SNAPSHOT_IMAGE
        self.assertEqual(
            plans.Consistency.CRASH if in_use else plans.Consistency.DETACHED,
            item.consistency,
        )

    def test_backing_up_may_need_the_operator(self):
        item = self.item(samples.volume('data', 'backing-up'))
        self.says(' '.join(item.notes), 'never ends', 'operator')
        item = self.item(samples.volume('data', 'uploading'))
        self.assertNotIn('operator', ' '.join(item.notes))

    def test_reserved_by_an_offloaded_server(self):
        volume = samples.volume('data', 'reserved')
        server = samples.server(
            'web', 'SHELVED_OFFLOADED', volume_ids=(volume.id,)
        )
        for method in requests.VolumeMethod:
            item = self.item(volume, server, volume_method=method)
            self.refuses(item, 'shelved server "web"', 'unshelve')

    def test_reserved_for_a_moment(self):
        volume = samples.volume('data', 'reserved')
        server = samples.server('web', volume_ids=(volume.id,))
        self.assertTrue(self.item(volume, server).possible)

    def test_only_nova_knows_of_the_attachment(self):
        volume = samples.volume('data', 'uploading')
        server = samples.server('web', volume_ids=(volume.id,))
        item = self.item(volume, server, volume_method=IMAGE)
        self.assertIs(SNAPSHOT_IMAGE, item.procedure)

    def test_available_though_nova_still_lists_it(self):
        volume = samples.volume('data')
        server = samples.server('web', volume_ids=(volume.id,))
        item = self.item(volume, server, volume_method=IMAGE)
        self.assertIs(VOLUME_IMAGE, item.procedure)


class TestItem(base.TestCase):
    def test_backup(self):
        volume = samples.volume('data', size_gib=3)
        item = self.item(volume)
        self.assertEqual(volume, item.volume)
        self.assertEqual(3 * resources.GIB, item.size)
        self.assertEqual('Cinder backup (full)', item.result)
        self.assertEqual('', item.group)
        self.assertEqual((), item.notes)
        self.says(item.reason, 'Without --to', 'Backup API')

    def test_backup_that_was_asked_for(self):
        item = self.item(samples.volume('data'), volume_method=BACKUP)
        self.assertIn('--volume-method backup', item.reason)

    def test_backup_beside_a_target(self):
        item = self.item(
            samples.volume('data'), volume_method=BACKUP, target='/backups'
        )
        self.assertFalse(item.to_file)
        self.assertIn('the backup set only records it', item.notes[0])

    def test_file(self):
        volume = samples.volume('data', size_gib=3)
        item = self.item(volume, target='/backups')
        self.assertEqual(f'volumes/{volume.id}.raw', item.result)
        self.assertEqual(3 * resources.GIB, item.size)
        self.assertFalse(item.task.keep_image)
        self.assertEqual((), item.notes)
        self.says(item.reason, 'leave the cloud', 'Detached')

    def test_file_of_an_attached_volume(self):
        volume = samples.attached('data', 'web')
        item = self.item(volume, target='/backups')
        self.says(item.reason, 'leave the cloud', 'Attached', 'snapshot')

    def test_file_and_image(self):
        volume = samples.volume('data')
        item = self.item(volume, target='/backups', keep_images=True)
        self.assertTrue(item.task.keep_image)

    def test_image(self):
        item = self.item(samples.volume('data'), volume_method=IMAGE)
        self.assertEqual('image', item.result)
        self.assertFalse(item.task.keep_image)
        self.assertIn('--volume-method image', item.reason)

    def test_image_for_want_of_the_backup_api(self):
        item = self.item(samples.volume('data'), cloud={'backup_api': False})
        self.assertEqual('image', item.result)
        self.assertIn('does not let you use its Backup API', item.reason)

    def test_several_servers_write(self):
        item = self.item(samples.attached('data', 'web', 'db'))
        self.assertIn('2 servers write to it', item.notes[0])

    def test_no_image_service(self):
        services = samples.SERVICES - {'image'}
        item = self.item(
            samples.volume('data'),
            cloud={'services': services},
            target='/backups',
        )
        self.refuses(item, 'no image service (Glance)')

    def test_no_block_storage(self):
        services = samples.SERVICES - {'block-storage'}
        for method in requests.VolumeMethod:
            item = self.item(
                samples.volume('data'),
                cloud={'services': services},
                volume_method=method,
            )
            self.refuses(item, 'no block storage (Cinder)')


class TestFallback(base.TestCase):
    def test_no_fallback_without_images(self):
        services = samples.SERVICES - {'image'}
        item = self.item(samples.volume('data'), cloud={'services': services})
        self.assertIsNone(item.fallback)
        self.says(item.notes[-1], 'no other way', 'image service')

    def test_detached(self):
        volume = samples.volume('data')
        fallback = self.item(volume).fallback
        self.assertIs(VOLUME_IMAGE, fallback.procedure)
        self.assertEqual(volume.resource, fallback.resource)
        self.assertEqual('image', fallback.result)
        self.assertFalse(fallback.to_file)
        self.assertIn('No backup service', fallback.reason)

    def test_attached(self):
        fallback = self.item(samples.attached('data', 'web')).fallback
        self.assertIs(SNAPSHOT_IMAGE, fallback.procedure)

    def test_only_where_the_choice_is_ours(self):
        volume = samples.volume('data')
        for options in (
            {'volume_method': BACKUP},
            {'volume_method': IMAGE},
            {'target': '/backups'},
            {'cloud': {'backup_api': False}},
        ):
            self.assertIsNone(self.item(volume, **options).fallback)

    def test_no_way_round(self):
        services = samples.SERVICES - {'image'}
        item = self.item(samples.volume('data'), cloud={'services': services})
        self.assertIs(VOLUME_BACKUP, item.procedure)
        self.assertIsNone(item.fallback)
        self.says(item.notes[-1], 'no other way', 'no image service')

    def test_none_of_what_cannot_be_done(self):
        item = self.item(samples.volume('data'), chain=INCREMENTAL)
        self.refuses(item, 'leave out --incremental')


class TestChain(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = samples.volume('data', size_gib=10)

    def _item(self, *backups, **options):
        return self.item(self.volume, *backups, **options)

    def test_first_backup_is_full(self):
        item = self._item()
        self.assertFalse(item.task.incremental)
        self.assertEqual('Cinder backup (full)', item.result)

    def test_next_is_incremental(self):
        backup = samples.backup(self.volume)
        item = self._item(backup)
        self.assertTrue(item.task.incremental)
        self.assertEqual('Cinder backup (incremental)', item.result)
        self.says(item.notes[0], 'builds on', backup.name, backup.id)

    def test_builds_on_the_newest(self):
        old, new, newer_but_broken = (
            samples.backup(
                self.volume, status, name=name, created_at=f'2026-01-0{day}'
            )
            for name, status, day in (
                ('old', 'available', 1),
                ('new', 'available', 2),
                ('broken', 'error', 3),
            )
        )
        for order in itertools.permutations((old, new, newer_but_broken)):
            self.assertIn('"new"', self._item(*order).notes[0])

    def test_only_available_backups_count(self):
        for status in ('creating', 'error', 'deleting', 'restoring'):
            item = self._item(samples.backup(self.volume, status))
            self.assertFalse(item.task.incremental, status)

    def test_backups_of_others_do_not_count(self):
        other = samples.volume('other')
        item = self._item(other, samples.backup(other))
        self.assertFalse(item.task.incremental)

    def test_full(self):
        item = self._item(samples.backup(self.volume), chain=FULL)
        self.assertFalse(item.task.incremental)
        self.assertEqual((), item.notes)

    def test_incremental(self):
        item = self._item(samples.backup(self.volume), chain=INCREMENTAL)
        self.assertTrue(item.task.incremental)

    def test_incremental_on_nothing(self):
        for backups in ((), (samples.backup(self.volume, 'error'),)):
            for method in (AUTO, BACKUP):
                item = self._item(
                    *backups, chain=INCREMENTAL, volume_method=method
                )
                self.refuses(item, 'no available backup', '--incremental')

    def test_full_again_when_it_has_grown(self):
        item = self._item(samples.backup(self.volume, size_gib=9))
        self.assertFalse(item.task.incremental)
        self.assertIn('It has grown', item.notes[0])

    def test_incremental_though_it_has_grown(self):
        backup = samples.backup(self.volume, size_gib=9)
        item = self._item(backup, chain=INCREMENTAL)
        self.assertTrue(item.task.incremental)
        self.assertIn('It has grown', item.notes[1])

    def test_images_know_no_chain(self):
        backup = samples.backup(self.volume)
        for chain in requests.Chain:
            item = self._item(backup, chain=chain, target='/backups')
            self.assertIsInstance(item.task, tasks.ImageCopy)


class TestEncrypted(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = samples.encrypted(
            samples.volume('data', type_name='luks')
        )

    def test_backup_tells_what_a_restore_needs(self):
        for options in ({}, {'volume_method': BACKUP, 'target': '/backups'}):
            item = self.item(self.volume, **options)
            self.assertIs(VOLUME_BACKUP, item.procedure)
            self.says(item.notes[-1], 'type "luks"', 'key in Barbican')

    def test_image_in_the_cloud_depends_on_its_key(self):
        item = self.item(self.volume, volume_method=IMAGE)
        self.assertIs(VOLUME_IMAGE, item.procedure)
        self.says(item.notes[-1], 'raw LUKS', 'together with the image')

    def test_file_with_its_key(self):
        for how in ({'plaintext_keys': True}, {'recipients': ('age1x',)}):
            item = self.item(self.volume, target='/backups', **how)
            self.assertTrue(item.to_file)
            self.says(item.notes[-1], 'raw LUKS', 'exported with it')

    def test_file_without_its_key(self):
        for made in (self.volume, samples.attached('data', 'web')):
            item = self.item(samples.encrypted(made), target='/backups')
            self.refuses(
                item,
                'key would not be exported',
                '--encrypt-to or --plaintext-keys',
                '--volume-method backup',
            )

    def test_no_advice_that_the_cloud_does_not_offer(self):
        item = self.item(
            self.volume, target='/backups', cloud={'backup_api': False}
        )
        self.refuses(item, '--encrypt-to')
        self.assertNotIn('--volume-method', item.reason)

    def test_fixed_key(self):
        volume = samples.encrypted(samples.volume('data'), key='')
        item = self.item(volume, target='/backups', **base.KEYS)
        self.refuses(item, 'cannot be exported', '--volume-method backup')

    def test_fixed_key_that_stays_in_the_cloud(self):
        volume = samples.encrypted(samples.volume('data'), key='')
        self.assertTrue(self.item(volume).possible)
        self.assertTrue(self.item(volume, volume_method=IMAGE).possible)

    def test_no_key_manager(self):
        services = samples.SERVICES - {'key-manager'}
        item = self.item(
            self.volume,
            cloud={'services': services},
            target='/backups',
            **base.KEYS,
        )
        self.refuses(item, 'no key manager (Barbican)')


class TestConsistency(base.TestCase):
    """What a copy is worth depends on all servers of a volume."""

    def _consistency(self, servers, stop):
        volume = samples.attached('data', *(s.name for s in servers))
        return self.item(
            volume, *servers, stop_servers=stop, target='/backups'
        ).consistency

    def test_one_server(self):
        for status, stop, expected in (
            ('ACTIVE', False, 'crash-consistent'),
            ('ACTIVE', True, 'stopped'),
            ('PAUSED', True, 'crash-consistent'),
            ('SUSPENDED', True, 'crash-consistent'),
            ('ERROR', True, 'crash-consistent'),
            ('SHUTOFF', False, 'stopped'),
            ('SHELVED', False, 'stopped'),
        ):
            servers = [samples.server('web', status)]
            self.assertEqual(
                expected, self._consistency(servers, stop), (status, stop)
            )

    def test_two_servers(self):
        for first, second, stop, expected in (
            ('SHUTOFF', 'SHUTOFF', False, 'stopped'),
            ('ACTIVE', 'SHUTOFF', True, 'stopped'),
            ('ACTIVE', 'SHUTOFF', False, 'crash-consistent'),
            ('ACTIVE', 'ACTIVE', True, 'stopped'),
            ('ACTIVE', 'PAUSED', True, 'crash-consistent'),
        ):
            servers = [
                samples.server('a', first),
                samples.server('b', second),
            ]
            self.assertEqual(expected, self._consistency(servers, stop))

    def test_excluded_server_is_not_stopped(self):
        item = self.item(
            samples.attached('data', 'web'),
            samples.server('web'),
            stop_servers=True,
            exclude=('server/web',),
        )
        self.assertEqual('', item.group)
        self.assertEqual('crash-consistent', item.consistency)

    def test_server_that_cannot_be_seen(self):
        item = self.item(samples.attached('data', 'web'), stop_servers=True)
        self.assertEqual('crash-consistent', item.consistency)

# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import restores
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

PLAIN = samples.volume('data', type_name='ssd', size_gib=2)
KEY_ID = samples.uuid_of('key')
LOCKED = dataclasses.replace(
    samples.volume('vault', type_name='luks', size_gib=2),
    encrypted=True,
    key_id=KEY_ID,
)
SECRET = samples.secret('key', id=KEY_ID)
Way = restores.Way


def locked(size=2 * base.GIB, volume=LOCKED, **key):
    """The backup of an encrypted volume, with its key."""
    path = base.entry(volume).file.path
    return base.entry(
        volume, file=base.file(path, size), key=base.key(volume, **key)
    )


def in_cloud(kind, record, volume=LOCKED):
    artifact = copies.Artifact(kind, record.id, 'nightly')
    return base.entry(volume, artifact=artifact)


class TestCase(base.TestCase):
    def new(self, one, **options):
        item = self.item(one, **options)
        self.assertTrue(item.possible, item.reason)
        return item.restore.new


class TestPlain(TestCase):
    def test_volume(self):
        item = self.item(base.entry(PLAIN), suffix='-2')
        self.accepts(item, plans.Procedure.VOLUME_FROM_IMAGE)
        self.assertEqual('data-2', item.restore.name)
        self.assertEqual(
            restores.NewVolume(2, Way.PLAIN, 'ssd', bytes=2 * base.GIB),
            item.restore.new,
        )
        self.assertEqual(PLAIN, item.volume)
        self.assertEqual('volume, 2 GiB of the type "ssd"', item.result)
        self.assertEqual((), item.notes)

    def test_size(self):
        path = base.entry(PLAIN).file.path
        for size, min_disk, wanted in (
            (2 * base.GIB, '', 2),
            (2 * base.GIB + 1, '', 3),
            (1, '', 2),
            (1, '7', 7),
            (1, 'x', 2),
        ):
            volume = dataclasses.replace(
                PLAIN, image_metadata={'min_disk': min_disk}
            )
            one = base.entry(volume, file=base.file(path, size))
            item = self.item(one)
            self.assertEqual(wanted, item.restore.new.size_gib)
            grows = any('It grows' in note for note in item.notes)
            self.assertEqual(wanted > 2, grows)

    def test_never_empty(self):
        volume = dataclasses.replace(PLAIN, size_gib=0)
        one = base.entry(volume, file=base.file(base.entry(PLAIN).file.path))
        self.assertEqual(1, self.new(one).size_gib)

    def test_what_belonged_to_the_old_one(self):
        volume = dataclasses.replace(
            PLAIN,
            metadata={
                'env': 'prod',
                'readonly': 'True',
                'attached_mode': 'rw',
                'backupclient_run': 'x',
            },
            image_metadata={
                'hw_disk_bus': 'scsi',
                'min_disk': '1',
                'min_ram': '5',
                'checksum': 'x',
                'cinder_encryption_key_id': KEY_ID,
                'backupclient_role': 'temporary',
            },
        )
        found = self.item(base.entry(volume)).volume
        self.assertEqual({'env': 'prod'}, found.metadata)
        self.assertEqual(
            {'hw_disk_bus': 'scsi', 'min_disk': '1', 'min_ram': '5'},
            found.image_metadata,
        )
        self.assertTrue(found.read_only)

    def test_services(self):
        for service, name in (
            ('block-storage', 'Cinder'),
            ('image', 'Glance'),
        ):
            cloud = {'services': samples.SERVICES - {service}}
            self.refuses(self.item(base.entry(PLAIN), cloud=cloud), name)

    def test_roles(self):
        cloud = {'roles': frozenset({'reader'})}
        item = self.item(base.entry(PLAIN), cloud=cloud)
        self.says(item.warnings, 'ask for the role member')
        cloud = {'roles': frozenset({'custom'})}
        self.says(self.item(locked(), cloud=cloud).warnings, 'creator')


class TestTypes(TestCase):
    def test_missing(self):
        volume = dataclasses.replace(PLAIN, type_name='gone')
        self.refuses(
            self.item(base.entry(volume)),
            '"gone"',
            '--volume-type gone=NEW',
            'luks, ssd, unused',
        )

    def test_mapped_by_name_and_by_id(self):
        volume = dataclasses.replace(PLAIN, type_name='gone')
        for new in ('unused', 't-3'):
            found = self.new(base.entry(volume), volume_types={'gone': new})
            self.assertEqual('unused', found.type_name)

    def test_mapped_to_one_that_is_not_there(self):
        item = self.item(base.entry(PLAIN), volume_types={'ssd': 'x'})
        self.refuses(item, '--volume-type ssd=x')

    def test_default(self):
        volume = dataclasses.replace(PLAIN, type_name='')
        one = base.entry(volume)
        self.assertEqual('ssd', self.new(one).type_name)
        found = self.new(one, offers=base.offers(default_type=''))
        self.assertEqual('', found.type_name)

    def test_not_known(self):
        offers = base.offers(
            volume_types=None, unread={'volume_types': 'Cinder says 403.'}
        )
        item = self.item(base.entry(PLAIN), offers=offers)
        self.assertEqual('ssd', item.restore.new.type_name)
        self.says(item.notes, '403')


class TestZones(TestCase):
    def zone(self, **options):
        volume = dataclasses.replace(PLAIN, availability_zone='az1')
        return self.item(base.entry(volume), **options)

    def test_zones(self):
        gone = base.offers(zones=frozenset({'az2'}))
        unread = base.offers(zones=None, unread={'zones': 'Cinder: 403.'})
        for options, zone, words in (
            ({}, 'az1', ''),
            ({'offers': gone}, '', '--availability-zone az1=NEW'),
            ({'offers': unread}, '', '403'),
            ({'offers': base.offers(zones=None)}, '', 'It was not read.'),
            ({'zones': {'az1': 'az2'}}, 'az2', ''),
            ({'zones': {'az1': ''}}, '', ''),
        ):
            item = self.zone(**options)
            self.assertEqual(zone, item.restore.new.zone)
            self.says(item.notes, words)

    def test_mapped_to_one_that_is_not_there(self):
        item = self.zone(zones={'az1': 'az9'})
        self.refuses(item, '--availability-zone az1=az9', 'az1, az2')


class TestEncrypted(TestCase):
    def test_with_its_key(self):
        item = self.item(locked())
        self.assertEqual(
            restores.NewVolume(
                2, Way.WITH_KEY, 'luks', bytes=2 * base.GIB, encrypted=True
            ),
            item.restore.new,
        )
        self.assertEqual(base.key(LOCKED), item.restore.source.key)
        self.says(item.reason, 'with its key')
        self.assertEqual(2 * base.GIB, item.size)

    def test_grows_by_its_header(self):
        item = self.item(locked(2 * base.GIB + 2068480))
        self.assertEqual(3, item.restore.new.size_gib)
        self.says(item.notes, 'from 2 to 3 GiB', 'header')

    def test_type_of_the_same_name_that_nobody_uses(self):
        volume = dataclasses.replace(LOCKED, type_name='unused')
        found = self.new(locked(volume=volume))
        self.assertEqual((Way.WITH_KEY, True), (found.way, found.encrypted))

    def test_mapped_type(self):
        item = self.item(
            locked(2 * base.GIB + 2068480), volume_types={'luks': 'unused'}
        )
        self.assertEqual(
            restores.NewVolume(2, Way.OPENED, 'unused', encrypted=True),
            item.restore.new,
        )
        self.says(item.reason, 'Decrypted on the way', 'unused')
        self.assertEqual(2 * base.GIB + 2068480, item.size)

    def test_luks_2(self):
        item = self.item(locked(luks=2))
        found = item.restore.new
        self.assertEqual((Way.OPENED, True), (found.way, found.encrypted))
        self.says(item.reason, 'LUKS 2')
        self.assertIs(Way.WITH_KEY, self.new(locked(luks=1)).way)

    def test_never_without_encryption(self):
        volume = dataclasses.replace(LOCKED, type_name='ssd')
        item = self.item(locked(volume=volume))
        self.refuses(item, '"ssd"', '--volume-type ssd=NEW', '--decrypt')
        item = self.item(locked(), volume_types={'luks': 'ssd'})
        self.refuses(item, '"ssd"', '--volume-type luks=NEW', '--decrypt')

    def test_without_encryption_on_demand(self):
        item = self.item(locked(), volume_types={'luks': 'ssd'}, decrypt=True)
        self.assertEqual(
            restores.NewVolume(2, Way.OPENED, 'ssd'), item.restore.new
        )
        self.says(item.reason, '--decrypt')
        self.says(item.warnings, 'unencrypted')

    def test_demand_changes_nothing_where_the_type_encrypts(self):
        found = self.new(locked(), decrypt=True)
        self.assertEqual((Way.WITH_KEY, True), (found.way, found.encrypted))

    def test_type_that_nobody_uses_on_demand(self):
        found = self.new(
            locked(), volume_types={'luks': 'unused'}, decrypt=True
        )
        self.assertEqual((Way.OPENED, False), (found.way, found.encrypted))

    def test_key(self):
        self.refuses(self.item(base.entry(LOCKED)), 'key is not in the')
        sealed = locked(protected=True)
        self.refuses(self.item(sealed), '--identity')
        self.assertTrue(self.item(sealed, identities=True).possible)
        for options in ({}, {'volume_types': {'luks': 'unused'}}):
            self.refuses(self.item(locked(opens='no'), **options), 'not open')

    def test_key_that_was_not_proved(self):
        one = locked(opens='not checked')
        self.assertEqual((), self.item(one).warnings)
        item = self.item(one, volume_types={'luks': 'unused'})
        self.says(item.warnings, 'never attached')

    def test_key_without_the_flag(self):
        """A manifest that was changed by hand says less."""
        volume = dataclasses.replace(LOCKED, encrypted=False, key_id='')
        one = dataclasses.replace(locked(), volume=volume)
        self.assertTrue(self.new(one).encrypted)

    def test_no_key_manager(self):
        cloud = {'services': samples.SERVICES - {'key-manager'}}
        self.refuses(self.item(locked(), cloud=cloud), 'Barbican')
        item = self.item(
            locked(),
            cloud=cloud,
            volume_types={'luks': 'ssd'},
            decrypt=True,
        )
        self.assertTrue(item.possible)

    def test_all_obstacles_at_once(self):
        volume = dataclasses.replace(LOCKED, type_name='gone')
        item = self.item(locked(volume=volume, protected=True))
        self.refuses(item, '"gone"', '--identity')


class TestTypesByTheirVolumes(TestCase):
    def encrypted(self, *volumes):
        """Restore encrypted data into a type of which nothing is known."""
        volume = dataclasses.replace(LOCKED, type_name='unused')
        return self.item(locked(volume=volume), there=volumes).possible

    def test_types(self):
        plain = samples.volume('a', type_name='unused')
        encrypting = samples.encrypted(samples.volume('b'))
        encrypting = dataclasses.replace(encrypting, type_name='unused')
        broken = dataclasses.replace(plain, status='error')
        other = dataclasses.replace(plain, type_name='ssd')
        self.assertTrue(self.encrypted())
        self.assertTrue(self.encrypted(encrypting))
        self.assertFalse(self.encrypted(plain))
        self.assertTrue(self.encrypted(plain, encrypting))
        self.assertTrue(self.encrypted(broken))
        self.assertTrue(self.encrypted(other))


class TestEncryptedInTheCloud(TestCase):
    BACKUP = samples.backup(LOCKED, key_id=KEY_ID)
    IMAGE = samples.image(
        'kept',
        size=2 * base.GIB,
        properties={'cinder_encryption_key_id': KEY_ID},
    )

    def both(self, **options):
        for kind, record in (('backup', self.BACKUP), ('image', self.IMAGE)):
            there = [record, *options.pop('secrets', [SECRET])]
            yield self.item(in_cloud(kind, record), there=there, **options)

    def test_ways(self):
        backup, image = self.both()
        self.assertEqual(
            restores.NewVolume(2, Way.BACKUP, 'luks', encrypted=True),
            backup.restore.new,
        )
        self.assertEqual(
            restores.NewVolume(
                2, Way.WITH_KEY, 'luks', bytes=2 * base.GIB, encrypted=True
            ),
            image.restore.new,
        )

    def test_plain_backup_into_another_type(self):
        backup = samples.backup(PLAIN)
        one = in_cloud('backup', backup, PLAIN)
        found = self.new(one, there=[backup], volume_types={'ssd': 'unused'})
        self.assertEqual(restores.NewVolume(2, Way.BACKUP, 'unused'), found)

    def test_backup_needs_the_very_same_type(self):
        one = in_cloud('backup', self.BACKUP)
        there = [self.BACKUP, SECRET]
        item = self.item(one, there=there, volume_types={'luks': 'unused'})
        self.refuses(item, 'very same', '--volume-type')
        for type_id, possible in (('t-2', True), ('t-9', False)):
            volume = dataclasses.replace(LOCKED, type_id=type_id)
            one = in_cloud('backup', self.BACKUP, volume)
            item = self.item(one, there=there)
            self.assertEqual(possible, item.possible, item.reason)

    def test_key_is_gone(self):
        for kind, record in (('backup', self.BACKUP), ('image', self.IMAGE)):
            one = in_cloud(kind, record)
            self.refuses(self.item(one, there=[record]), KEY_ID, 'gone')
            cloud = {'unread': {'secret': 'Barbican says 403.'}}
            item = self.item(one, there=[record], cloud=cloud)
            self.assertTrue(item.possible)

    def test_type_without_encryption(self):
        volume = dataclasses.replace(LOCKED, type_name='ssd')
        for kind, record in (('backup', self.BACKUP), ('image', self.IMAGE)):
            item = self.item(
                in_cloud(kind, record, volume),
                there=[record, SECRET],
                decrypt=True,
            )
            self.refuses(item, '"ssd"')
            self.assertNotIn('--decrypt', item.reason)

    def test_the_cloud_knows_that_it_is_encrypted(self):
        """A manifest that was changed by hand says less."""
        volume = dataclasses.replace(
            LOCKED, encrypted=False, key_id='', type_name='ssd'
        )
        for kind, record in (('backup', self.BACKUP), ('image', self.IMAGE)):
            item = self.item(
                in_cloud(kind, record, volume), there=[record, SECRET]
            )
            self.refuses(item, 'Its data are encrypted')

    def test_size_of_the_backup(self):
        backup = samples.backup(PLAIN, size_gib=5)
        one = in_cloud('backup', backup, PLAIN)
        self.assertEqual(5, self.new(one, there=[backup]).size_gib)


class TestQuota(TestCase):
    def test_refused(self):
        for name, size in (
            ('volumes', 1),
            ('gigabytes', 3),
            ('volumes_ssd', 1),
            ('gigabytes_ssd', 3),
        ):
            quotas = {name: inventories.Quota(size, 0)}
            other = samples.volume('other', type_name='ssd', size_gib=2)
            made = self.plan(
                base.entry(other),
                base.entry(PLAIN),
                cloud={'quotas': quotas},
            )
            first, second = made.items
            self.assertTrue(first.possible)
            self.refuses(second, name, 'quota')
            self.assertEqual(name, made.peaks[0].quota)

    def test_of_the_new_type(self):
        quotas = {'volumes_unused': inventories.Quota(0, 0)}
        item = self.item(
            base.entry(PLAIN),
            cloud={'quotas': quotas},
            volume_types={'ssd': 'unused'},
        )
        self.refuses(item, 'volumes_unused')

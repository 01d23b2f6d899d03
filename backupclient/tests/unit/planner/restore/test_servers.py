# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

SERVER = samples.server(
    'web',
    flavor_name='m1.small',
    vcpus=1,
    ram_mib=2048,
    disk_gib=20,
    description='',
)
BOOTED = dataclasses.replace(SERVER, image_id='', disk_gib=0)
OWN = samples.image('web', id='own', min_disk=20)


def volume(name, device, server=SERVER, **fields):
    place = resources.Attachment(server.id, device)
    fields.setdefault('type_name', 'ssd')
    return samples.volume(name, attachments=(place,), **fields)


ROOT = volume('root', '/dev/vda')
DATA = volume('data', '/dev/vdb')


class TestCase(base.TestCase):
    def new(self, *entries, **options):
        item = self.item(*entries, **options)
        self.accepts(item, plans.Procedure.SERVER_BUILD)
        return item.restore.new


class TestDisks(TestCase):
    def test_own_disk(self):
        one = base.entry(SERVER, image=OWN)
        item = self.item(one)
        self.accepts(item, plans.Procedure.SERVER_BUILD)
        self.assertEqual(
            restores.NewServer('f-2', 'm1.small', vcpus=1, ram_mib=2048),
            item.restore.new,
        )
        self.assertEqual((), item.restore.needs)
        self.assertEqual(20, item.image.min_disk)
        self.assertEqual('private', item.image.visibility)
        self.assertEqual(1000, item.size)

    def test_quotas(self):
        """What Nova has no room for is named, by its names."""
        image = dataclasses.replace(OWN)
        for name, limit, needed in (
            ('instances', 3, 1),
            ('cores', 3, 1),
            ('ram', 2047, 2048),
        ):
            used = 3 if limit == 3 else 0
            quotas = {name: inventories.Quota(limit, used)}
            item = self.item(
                base.entry(SERVER, image=image), cloud={'quotas': quotas}
            )
            self.refuses(item, f'{name}: {needed} needed, {limit - used} free')
            unlimited = {name: inventories.Quota(-1, 3)}
            item = self.item(
                base.entry(SERVER, image=image), cloud={'quotas': unlimited}
            )
            self.accepts(item, plans.Procedure.SERVER_BUILD)

    def test_properties_of_its_own_disk(self):
        image = dataclasses.replace(
            OWN,
            properties={
                'hw_disk_bus': 'scsi',
                'instance_uuid': 'x',
                'backupclient_role': 'temporary',
            },
        )
        item = self.item(base.entry(SERVER, image=image))
        self.assertEqual({'hw_disk_bus': 'scsi'}, item.image.properties)

    def test_old_set_without_the_image(self):
        item = self.item(base.entry(SERVER))
        self.says(item.warnings, 'does not record the image', 'boots')
        described = dataclasses.replace(
            SERVER, image_properties={'hw_disk_bus': 'scsi'}
        )
        item = self.item(base.entry(described))
        self.assertEqual({'hw_disk_bus': 'scsi'}, item.image.properties)
        self.assertNotIn('boots', ' '.join(item.warnings))

    def test_encrypted_own_disk(self):
        one = base.entry(SERVER, image=OWN, key=base.key(SERVER))
        self.refuses(self.item(one), 'encrypted')

    def test_boot_volume_and_the_order_of_the_others(self):
        late = volume('late', '/dev/vdaa')
        middle = volume('middle', '/dev/vdc')
        odd = volume('odd', '')
        server = dataclasses.replace(
            BOOTED,
            volume_ids=(odd.id, middle.id, late.id, DATA.id, ROOT.id),
        )
        others = map(base.entry, (odd, middle, late, DATA, ROOT))
        item = self.item(base.whole(server), *others)
        new = item.restore.new
        self.assertEqual(ROOT.id, new.boot_volume)
        self.assertEqual(
            (
                restores.Disk(DATA.id, '/dev/vdb'),
                restores.Disk(middle.id, '/dev/vdc'),
                restores.Disk(late.id, '/dev/vdaa'),
                restores.Disk(odd.id, ''),
            ),
            new.disks,
        )
        self.assertEqual(
            (ROOT.id, DATA.id, middle.id, late.id, odd.id),
            item.restore.needs,
        )
        self.assertIsNone(item.image)

    def test_root_by_its_device(self):
        root = volume('sda', '/dev/sda')
        server = dataclasses.replace(
            BOOTED,
            root_device='/dev/sda',
            volume_ids=(DATA.id, root.id),
        )
        new = self.new(base.whole(server), *map(base.entry, (DATA, root)))
        self.assertEqual(root.id, new.boot_volume)

    def test_root_by_its_flag(self):
        root = volume('root', '/dev/xvda', bootable=True)
        server = dataclasses.replace(BOOTED, volume_ids=(DATA.id, root.id))
        new = self.new(base.whole(server), *map(base.entry, (DATA, root)))
        self.assertEqual(root.id, new.boot_volume)

    def test_volumes_that_nova_does_not_name(self):
        new = self.new(base.whole(BOOTED), base.entry(ROOT))
        self.assertEqual(ROOT.id, new.boot_volume)

    def test_root_is_not_restored(self):
        server = dataclasses.replace(BOOTED, volume_ids=(ROOT.id, DATA.id))
        item = self.item(base.whole(server), base.entry(DATA))
        self.refuses(item, f'--volume {ROOT.id}', '--without-servers')

    def test_another_volume_is_left_out(self):
        server = dataclasses.replace(BOOTED, volume_ids=(ROOT.id, DATA.id))
        item = self.item(base.whole(server), base.entry(ROOT))
        self.assertTrue(item.possible)
        self.says(item.warnings, DATA.id, 'comes without it')

    def test_a_volume_cannot_be_restored(self):
        lost = base.entry(DATA, state=results.State.FAILED, reason='No space.')
        item = self.item(base.entry(SERVER, image=OWN), lost)
        self.refuses(item, DATA.resource.label, '--without-servers')

    def test_its_own_disk_has_no_copy(self):
        self.refuses(self.item(base.entry(SERVER, file=None)), 'no copy')

    def test_shelved(self):
        image = samples.image('web-shelved', min_disk=5)
        server = dataclasses.replace(SERVER, status='SHELVED')
        one = base.entry(server, file=None, covered_by=image.resource.label)
        item = self.item(one, base.entry(image))
        self.accepts(item, plans.Procedure.SERVER_BUILD)
        self.assertEqual(image.id, item.restore.new.boot_image)
        self.assertEqual((image.id,), item.restore.needs)
        self.refuses(self.item(one), 'web-shelved', '--without-servers')
        lost = base.entry(image, file=None)
        self.refuses(self.item(one, lost), 'web-shelved', 'cannot')

    def test_without_servers(self):
        made = self.plan(
            base.whole(BOOTED), base.entry(ROOT), without_servers=True
        )
        self.assertEqual([ROOT.resource], [i.resource for i in made.items])
        self.says(made.cautions, '--without-servers: 1')


class TestFlavors(TestCase):
    def flavor(self, server, *others, **options):
        return self.item(base.entry(server, image=OWN), *others, **options)

    def test_flavors(self):
        gone = dataclasses.replace(SERVER, flavor_name='gone')
        large = dataclasses.replace(gone, vcpus=2)
        scratch = dataclasses.replace(gone, ephemeral_gib=5)
        for server, name, warned in (
            (SERVER, 'm1.small', False),
            (gone, 'm1.small', True),
            (large, 'm1.large', True),
            (scratch, 'm1.scratch', True),
        ):
            item = self.flavor(server)
            self.assertEqual(name, item.restore.new.flavor_name)
            found = any('smallest' in w for w in item.warnings)
            self.assertEqual(warned, found)

    def test_too_small_by_now(self):
        image = dataclasses.replace(OWN, min_disk=50)
        item = self.item(base.entry(SERVER, image=image))
        self.assertEqual('m1.large', item.restore.new.flavor_name)
        self.says(item.warnings, '20 of 50 GiB', '--flavor m1.small=NEW')
        image = dataclasses.replace(OWN, min_ram=4096)
        item = self.item(base.entry(SERVER, image=image))
        self.assertEqual('m1.large', item.restore.new.flavor_name)

    def test_boot_from_volume_needs_no_disk(self):
        server = dataclasses.replace(BOOTED, flavor_name='gone')
        new = self.new(base.whole(server), base.entry(ROOT))
        self.assertEqual('m1.diskless', new.flavor_name)
        root = volume('root', '/dev/vda', image_metadata={'min_ram': '4096'})
        new = self.new(base.whole(server), base.entry(root))
        self.assertEqual('m1.large', new.flavor_name)

    def test_none_fits(self):
        server = dataclasses.replace(SERVER, flavor_name='gone', vcpus=64)
        self.refuses(self.flavor(server), '"gone"', '--flavor gone=NEW')
        unknown = dataclasses.replace(SERVER, flavor_name='gone', vcpus=0)
        self.refuses(self.flavor(unknown), '--flavor gone=NEW')

    def test_name_that_is_not_known(self):
        nameless = dataclasses.replace(SERVER, flavor_name='')
        item = self.flavor(nameless)
        self.assertEqual('m1.small', item.restore.new.flavor_name)
        self.says(item.warnings, 'The name of its flavor is not known: the')
        unknown = dataclasses.replace(nameless, vcpus=0)
        self.assertEqual(
            'The name of its flavor is not known, and no size is known: '
            'choose with --flavor OLD=NEW.',
            self.flavor(unknown).reason,
        )

    def test_mapped(self):
        for new in ('m1.large', 'f-3'):
            item = self.flavor(SERVER, flavors={'m1.small': new})
            self.assertEqual('f-3', item.restore.new.flavor_id)
        item = self.flavor(SERVER, flavors={'m1.small': 'x'})
        self.refuses(item, '--flavor m1.small=x')
        item = self.flavor(SERVER, flavors={'m1.small': 'm1.tiny'})
        self.refuses(item, '--flavor m1.small=m1.tiny', '1 of 20 GiB')

    def test_not_readable(self):
        offers = base.offers(flavors=None, unread={'flavors': 'Nova: 500.'})
        self.refuses(self.flavor(SERVER, offers=offers), 'Nova: 500.')


class TestSaid(TestCase):
    def test_what_does_not_come_back(self):
        server = dataclasses.replace(
            SERVER,
            ephemeral_gib=8,
            swap_mib=512,
            status='SHUTOFF',
            description=None,
            locked=True,
            addresses=(resources.Address('lan', '10.0.0.5'),),
        )
        image = dataclasses.replace(OWN, properties={'hw_tpm_version': '2.0'})
        item = self.item(base.entry(server, image=image))
        self.says(item.warnings, '8 GiB', '512 MiB', 'TPM')
        self.says(item.notes, '10.0.0.5', 'description', 'SHUTOFF', 'locked')

    def test_the_old_server_is_there(self):
        one = base.entry(SERVER, image=OWN)
        self.assertEqual((), self.item(one).warnings)
        item = self.item(one, there=[SERVER])
        self.says(item.warnings, 'still exists')

    def test_no_nova(self):
        cloud = {'services': samples.SERVICES - {'compute'}}
        self.refuses(
            self.item(base.entry(SERVER, image=OWN), cloud=cloud), 'Nova'
        )

    def test_zone(self):
        server = dataclasses.replace(SERVER, availability_zone='az1')
        one = base.entry(server, image=OWN)
        item = self.item(one)
        self.assertEqual('', item.restore.new.zone)
        self.says(item.warnings, '"az1"', '--availability-zone az1=NEW')
        new = self.new(one, zones={'az1': 'nova'})
        self.assertEqual('nova', new.zone)

    def test_name(self):
        server = dataclasses.replace(SERVER, name='')
        item = self.item(base.entry(server, image=OWN))
        self.assertEqual(f'restored-{SERVER.id}', item.restore.name)

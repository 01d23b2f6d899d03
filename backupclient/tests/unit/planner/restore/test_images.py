# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

IMAGE = samples.image('golden', properties={'os_distro': 'debian'})
MIB = 1 << 20
KEY_ID = samples.uuid_of('key')


def with_properties(**found):
    return dataclasses.replace(IMAGE, properties=found)


class TestImages(base.TestCase):
    def test_uploaded(self):
        image = dataclasses.replace(
            IMAGE, protected=True, hidden=True, min_disk=3, tags=('a',)
        )
        item = self.item(base.entry(image))
        self.accepts(item, plans.Procedure.IMAGE_UPLOAD)
        self.assertEqual(image, item.image)
        self.assertEqual(1000, item.size)
        self.assertEqual((), item.notes)

    def test_properties_that_steer_services_are_dropped(self):
        steering = {
            'cinder_encryption_key_id': KEY_ID,
            'cinder_encryption_key_deletion_policy': 'on_image_deletion',
            'os_glance_importing_to_stores': 'x',
            'backupclient_role': 'restored',
            'block_device_mapping': '[]',
            'bdm_v2': 'True',
            'locations': 'x',
            'stores': 'x',
            'owner': 'x',
            'owner_id': 'x',
        }
        image = with_properties(hw_disk_bus='scsi', **steering)
        one = base.entry(image, key=base.key(image))
        item = self.item(one)
        self.assertEqual({'hw_disk_bus': 'scsi'}, item.image.properties)

    def test_visibility(self):
        image = dataclasses.replace(IMAGE, visibility='public')
        item = self.item(base.entry(image))
        self.assertEqual('private', item.image.visibility)
        self.says(item.notes, 'public')

    def test_images_that_it_names(self):
        kernel = samples.image('kernel')
        image = with_properties(kernel_id=kernel.id, ramdisk_id='gone')
        item = self.item(base.entry(image), there=[kernel])
        self.assertEqual({'kernel_id': kernel.id}, item.image.properties)
        self.says(item.warnings, 'ramdisk_id')

    def test_images_that_are_restored_with_it(self):
        """They come first; whatever becomes of them, it comes then."""
        kernel = samples.image('kernel')
        image = with_properties(kernel_id=kernel.id, ramdisk_id='gone')
        item = self.item(base.entry(image), base.entry(kernel))
        self.assertEqual((kernel.id,), item.restore.after)
        self.assertEqual((), item.restore.needs)
        self.assertEqual({'kernel_id': kernel.id}, item.image.properties)
        self.says(item.warnings, 'ramdisk_id')
        self.assertNotIn('kernel_id', ' '.join(item.warnings))

    def test_images_that_name_each_other(self):
        """As nobody's do, but in a set that somebody wrote: none waits."""
        one, other = (samples.image(name) for name in ('one', 'other'))
        pair = [
            dataclasses.replace(image, properties={'kernel_id': names.id})
            for image, names in ((one, other), (other, one), (one, one))
        ]
        for entries in (pair[:2], pair[2:]):
            item = self.item(*map(base.entry, entries))
            self.assertEqual((), item.restore.after)
            self.assertEqual({}, item.image.properties)

    def test_volumes_and_servers_wait_for_them(self):
        kernel = samples.image('kernel')
        said = {'kernel_id': kernel.id, 'img_signature': 'x'}
        volume = samples.volume('root', image_metadata=said)
        server = samples.server('web', flavor_name='m1.small', disk_gib=1)
        image = with_properties(**said)
        for one in (base.entry(volume), base.entry(server, image=image)):
            item = self.item(one, base.entry(kernel))
            self.assertEqual((kernel.id,), item.restore.after)
            alone = self.item(one)
            self.assertEqual((), alone.restore.after)
            self.says(alone.warnings, 'kernel_id')
            record = alone.volume or alone.image
            kept = getattr(record, 'image_metadata', None)
            self.assertEqual({}, record.properties if kept is None else kept)

    def test_signature(self):
        """It is of the same bytes: it stays where its certificate does."""
        certificate = samples.secret('certificate')
        signature = {
            'img_signature': 'c2ln',
            'img_signature_hash_method': 'SHA-256',
            'img_signature_key_type': 'RSA-PSS',
            'img_signature_certificate_uuid': certificate.id,
        }
        one = base.entry(with_properties(os_distro='debian', **signature))
        owned = {'os_distro': 'debian'}
        item = self.item(one, there=[certificate])
        self.assertEqual(owned | signature, item.image.properties)
        self.assertEqual((), item.restore.after)
        item = self.item(one, base.entry(certificate))
        self.assertEqual(owned | signature, item.image.properties)
        self.assertEqual((certificate.id,), item.restore.after)
        item = self.item(one)
        self.assertEqual(owned, item.image.properties)
        self.says(item.warnings, 'not signed')
        del signature['img_signature_key_type']
        part = base.entry(with_properties(**signature))
        item = self.item(part, there=[certificate])
        self.assertEqual({}, item.image.properties)

    def test_tags(self):
        """Of a set of somebody else: none steers, and none is too much."""
        bad = (
            'backupclient_role=restored',
            'Backupclient-20260101T000000Z-abcd-image-x',
            'os_glance_import',
            'cinder_encryption_key_id=x',
            'owner:x',
            '',
            'x' * 256,
            'nothing\0',
        )
        good = ('blue', 'x' * 255, 'os=debian', 'm\u00fcsli', 'line\nbreak')
        image = dataclasses.replace(IMAGE, tags=(*bad, *good, 'blue'))
        item = self.item(base.entry(image))
        self.assertEqual(good, item.image.tags)
        self.says(item.warnings, '9 of its tags')
        many = tuple(f'tag {number}' for number in range(200))
        item = self.item(base.entry(dataclasses.replace(IMAGE, tags=many)))
        self.assertEqual(many[:128], item.image.tags)
        self.says(item.warnings, '72 of its tags')

    def test_quota(self):
        one, other = (samples.image(name, size=MIB) for name in ('a', 'b'))
        entries = [base.entry(one), base.entry(other)]
        quotas = {'image_count_total': inventories.Quota(5, 4)}
        made = self.plan(*entries, cloud={'quotas': quotas})
        self.assertEqual([True, False], [item.possible for item in made.items])
        self.says(made.items[1].reason, 'image_count_total: 2 needed')
        volume = samples.volume('data')
        quotas = {'image_count_total': inventories.Quota(4, 4)}
        item = self.item(base.entry(volume), cloud={'quotas': quotas})
        self.refuses(item, 'image_count_total: 1 needed, 0 free')

    def test_sizes_and_the_quota(self):
        """Glance may take one more all the same: so it is said only."""
        file = base.file('images/x.qcow2', 3 * MIB + 1)
        one = base.entry(dataclasses.replace(IMAGE, size=file.size))
        one = dataclasses.replace(
            one, file=dataclasses.replace(one.file, size=file.size)
        )
        for limit, told in ((3, True), (4, False), (-1, False)):
            quotas = {'image_size_total': inventories.Quota(limit, 0)}
            made = self.plan(one, cloud={'quotas': quotas})
            self.assertTrue(made.items[0].possible)
            said = ' '.join(made.cautions)
            self.assertEqual(told, 'image_size_total: 4 MiB' in said)

    def test_encrypted(self):
        image = with_properties(cinder_encryption_key_id=KEY_ID)
        item = self.item(base.entry(image, key=base.key(image)))
        self.assertEqual(base.key(image), item.restore.source.key)
        self.says(item.notes, 'do not delete')
        self.refuses(self.item(base.entry(image)), 'key is not in', '--run')
        sealed = base.entry(image, key=base.key(image, protected=True))
        self.refuses(self.item(sealed), '--identity')
        self.assertTrue(self.item(sealed, identities=True).possible)
        services = samples.SERVICES - {'key-manager'}
        item = self.item(
            base.entry(image, key=base.key(image)),
            cloud={'services': services},
        )
        self.refuses(item, 'Barbican')

    def test_key_that_does_not_open(self):
        image = with_properties(cinder_encryption_key_id=KEY_ID)
        one = base.entry(image, key=base.key(image, opens='no'))
        self.refuses(self.item(one), 'does not open')

    def test_key_of_another_resource(self):
        image = with_properties(cinder_encryption_key_id=KEY_ID)
        other = base.key(samples.image('other'))
        self.refuses(self.item(base.entry(image, key=other)), other.path)

    def test_large(self):
        path = base.entry(IMAGE).file.path
        for size, large in ((1 << 40, False), ((1 << 40) + 1, True)):
            item = self.item(base.entry(IMAGE, file=base.file(path, size)))
            self.assertEqual(large, any('1 TiB' in w for w in item.warnings))

    def test_artifact(self):
        one = base.entry(IMAGE, artifact=copies.Artifact('image', 'x', 'x'))
        there = dataclasses.replace(IMAGE, id='x')
        self.refuses(self.item(one, there=[there]), 'files only')

    def test_no_glance(self):
        services = samples.SERVICES - {'image'}
        item = self.item(base.entry(IMAGE), cloud={'services': services})
        self.refuses(item, 'Glance')

# SPDX-License-Identifier: Apache-2.0

from backupclient.model import plans
from backupclient.model import tasks
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

KEY_PROPERTY = 'cinder_encryption_key_id'


class TestCase(base.TestCase):
    def item(self, record, *others, **options):
        options = {'images': (record.id,), 'target': '/backups', **options}
        return super().item(record, *others, **options)


class TestStates(TestCase):
    def test_active(self):
        image = samples.image('golden', size=5)
        item = self.item(image)
        self.assertIs(plans.Procedure.IMAGE_DOWNLOAD, item.procedure)
        self.assertEqual('immutable', item.consistency)
        self.assertEqual(f'images/{image.id}.qcow2', item.result)
        self.assertEqual(5, item.size)
        self.assertEqual(image, item.image)
        self.assertTrue(item.to_file)
        self.assertEqual('', item.group)
        self.assertEqual((), item.notes)

    def test_original_is_never_an_intermediate_image(self):
        item = self.item(samples.image('golden'), keep_images=True)
        self.assertIsInstance(item.task, tasks.ImageDownload)

    def test_waits(self):
        for status in ('queued', 'saving', 'uploading', 'importing'):
            item = self.item(samples.image('golden', status, size=None))
            self.assertIs(plans.Procedure.IMAGE_DOWNLOAD, item.procedure)
            self.assertIsNone(item.size)
            self.assertIn(f'no longer "{status}"', item.notes[0])

    def test_never(self):
        for status, word in (
            ('deactivated', 'reactivate it'),
            ('killed', 'upload failed'),
            ('deleted', 'Leave it out'),
            ('pending_delete', 'Leave it out'),
            ('of-a-later-release', 'Leave it out'),
        ):
            item = self.item(samples.image('golden', status))
            self.refuses(item, f'"{status}"', word)

    def test_empty(self):
        item = self.item(samples.image('of-a-server', size=0))
        self.refuses(item, 'nothing to download', 'volume-backed server')

    def test_unknown_size(self):
        item = self.item(samples.image('golden', size=None))
        self.refuses(item, 'does not tell its size')

    def test_no_image_service(self):
        services = samples.SERVICES - {'image'}
        item = self.item(samples.image('golden'), cloud={'services': services})
        self.refuses(item, 'no image service (Glance)')


class TestResult(TestCase):
    def test_formats(self):
        for disk_format, ending in (
            ('raw', 'raw'),
            ('qcow2', 'qcow2'),
            ('vhdx', 'vhdx'),
            ('', 'bin'),
            ('../../etc/passwd', 'bin'),
        ):
            image = samples.image('golden', disk_format=disk_format)
            self.assertEqual(
                f'images/{image.id}.{ending}', self.item(image).result
            )


class TestNotes(TestCase):
    def test_no_hash(self):
        image = samples.image('golden', hash_value='')
        self.assertIn('no hash', self.item(image).notes[0])

    def test_md5_is_a_hash(self):
        image = samples.image('golden', hash_value='', checksum='md5')
        self.assertEqual((), self.item(image).notes)

    def test_hash_comes_with_the_data(self):
        image = samples.image('golden', 'saving', size=None, hash_value='')
        self.assertEqual(1, len(self.item(image).notes))

    def test_of_another_project(self):
        image = samples.image('golden', owner='project-of-bob')
        self.assertIn('another project', self.item(image).notes[0])


class TestEncrypted(TestCase):
    def setUp(self):
        super().setUp()
        self.image = samples.image(
            'luks', disk_format='raw', properties={KEY_PROPERTY: 'key'}
        )

    def test_key_goes_along(self):
        item = self.item(self.image, **base.KEYS)
        self.assertIs(plans.Procedure.IMAGE_DOWNLOAD, item.procedure)
        self.assertIn('exported with it', item.notes[0])

    def test_key_does_not_go_along(self):
        self.refuses(self.item(self.image), '--encrypt-to')

    def test_no_key_manager(self):
        services = samples.SERVICES - {'key-manager'}
        item = self.item(self.image, cloud={'services': services}, **base.KEYS)
        self.refuses(item, 'no key manager (Barbican)')

# SPDX-License-Identifier: Apache-2.0
"""Which properties of an image are its owner's."""

import testtools

from backupclient.model import properties

OWN = {
    'hw_disk_bus': 'scsi',
    'hw_firmware_type': 'uefi',
    'hw_machine_type': 'q35',
    'hw_qemu_guest_agent': 'yes',
    'hw_scsi_model': 'virtio-scsi',
    'hw_vif_model': 'e1000',
    'img_config_drive': 'mandatory',
    'kernel_id': 'an-image',
    'os_distro': 'debian',
    'os_require_quiesce': 'yes',
    'os_type': 'linux',
    'owner_team': 'web',
    'architecture': 'x86_64',
    'empty': '',
    'ours': 'a=b',
}
# Of a snapshot by Nova 34, of a volume by Cinder 29, of an image by the SDK.
SERVICES = (
    'backupclient_run',
    'base_image_ref',
    'bdm_v2',
    'block_device_mapping',
    'boot_roles',
    'checksum',
    'cinder_encryption_key_deletion_policy',
    'cinder_encryption_key_id',
    'container_format',
    'disk_format',
    'image_id',
    'image_location',
    'image_name',
    'image_state',
    'image_type',
    'img_signature',
    'img_signature_certificate_uuid',
    'instance_uuid',
    'locations',
    'min_disk',
    'min_ram',
    'os_glance_importing_to_stores',
    'os_hash_algo',
    'os_hash_value',
    'os_hidden',
    'owner_id',
    'owner_project_name',
    'owner_specified.openstack.md5',
    'owner_specified.shade.sha256',
    'owner_user_name',
    'root_device_name',
    'signature_verified',
    'size',
    'stores',
    'user_id',
)


class OwnedTestCase(testtools.TestCase):
    def test_owners_stay(self):
        self.assertEqual(OWN, properties.owned(OWN))

    def test_services_go(self):
        for name in SERVICES:
            found = properties.owned({name: 'x', **OWN})
            self.assertEqual(OWN, found, name)

    def test_sorted(self):
        self.assertEqual(['a', 'b'], [*properties.owned({'b': '1', 'a': '2'})])

    def test_no_other_image(self):
        """Nova's snapshots name no kernel, where there is none."""
        found = properties.owned({'kernel_id': '', 'ramdisk_id': ''})
        self.assertEqual({}, found)

    def test_without_a_name(self):
        """It is kept: the page says that no command can give it."""
        self.assertEqual({'': 'x'}, properties.owned({'': 'x'}))


class CompletedTestCase(testtools.TestCase):
    def completed(self, inherited, source):
        found = properties.completed({'p': inherited}, {'p': source})
        return found['p']

    def test_what_the_server_has_counts(self):
        self.assertEqual('scsi', self.completed('scsi', 'ide'))
        self.assertEqual(
            {'a': '1'}, properties.completed({'a': '1'}, {'b': '2'})
        )

    def test_cut_by_nova(self):
        self.assertEqual('x' * 400, self.completed('x' * 255, 'x' * 400))

    def test_cut_before_half_a_character(self):
        whole = 'x' * 252 + '\N{GRINNING FACE}' * 9
        self.assertEqual(whole, self.completed('x' * 252, whole))

    def test_cut_and_changed_since(self):
        self.assertEqual('x' * 255, self.completed('x' * 255, 'y' * 400))

    def test_short_and_changed_since(self):
        self.assertEqual('scsi', self.completed('scsi', 'scsi or not'))

    def test_half_a_surrogate_pair(self):
        self.assertEqual('\ud800', self.completed('\ud800', 'x'))


class VolumeTestCase(testtools.TestCase):
    def test_metadata_of_users(self):
        found = {
            'env': 'prod',
            'readonly': 'True',
            'attached_mode': 'rw',
            'backupclient_run': 'x',
        }
        self.assertEqual({'env': 'prod'}, properties.of_volume(found))

    def test_read_only(self):
        for metadata, found in (
            ({}, False),
            ({'readonly': 'False'}, False),
            ({'readonly': 'True'}, True),
            ({'readonly': 'true'}, True),
        ):
            self.assertEqual(found, properties.read_only(metadata))


class LimitsTestCase(testtools.TestCase):
    def test_numbers(self):
        found = {'min_disk': '1', 'min_ram': '32'}
        self.assertEqual(1, properties.min_disk(found))
        self.assertEqual(32, properties.min_ram(found))

    def test_anything_else(self):
        for text in ('', 'x', '-1', '1.5', ' 1', '2147483648', '9' * 5000):
            self.assertEqual(0, properties.min_ram({'min_ram': text}), text)
        self.assertEqual(0, properties.min_disk({}))

    def test_largest(self):
        found = {'min_disk': '2147483647'}
        self.assertEqual(2147483647, properties.min_disk(found))

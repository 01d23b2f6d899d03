# SPDX-License-Identifier: Apache-2.0
"""``RESTORE.md`` does what ``openstack backup restore`` does.

One project with one of each kind is restored twice, beside itself: by the
command, and by ``bash`` with the page as its input. Both have to be like the
original, in each field and in each byte.
"""

from backupclient.model import names
from backupclient.model import properties
from backupclient.model import tags
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restoring
from backupclient.tests.functional import test_restored_secrets
from backupclient.tests.functional import test_restored_servers

# All that ends a line, a word or a quotation, moves the cursor, or turns the
# direction of writing. The database of the dev cloud has no emoji.
TEXT = 'it\'s\n"two" \t\x1b[2J\u202e\u200d!x $(id) `id` \\ \u6771 =1'
KEY = TEXT.replace('=', '')
BY_COMMAND, BY_HAND = '-c', '-h'
MARKS = {tags.RUN, tags.SOURCE, tags.ROLE}


class TestProject(test_restored_secrets.Case):
    def setUp(self):
        super().setUp()
        tenant = self.tenant
        self.data = {
            name: cloud.content(1)
            for name in ('root', 'mine', 'boot', 'first', 'vault')
        }
        root = tenant.image(
            'root', self.data['root'], hw_disk_bus='scsi', our_ticket=TEXT
        )
        self.image = tenant.image(
            'mine', self.data['mine'], tags=['a\nb', TEXT], **{KEY: TEXT}
        )
        tenant.conn.image.update_image(self.image, name=TEXT, is_hidden=True)
        self.boot = tenant.volume('boot', self.data['boot'])
        storage = tenant.conn.block_storage
        storage.set_volume_bootable_status(self.boot, True)
        self.first = tenant.volume(
            TEXT,
            self.data['first'],
            description=f'{TEXT}\nend',
            metadata={'a b.c-d': TEXT},
        )
        self.vault = tenant.encrypted_volume('vault', self.data['vault'])
        self.guest = tenant.server(
            'guest',
            image=root,
            volumes=[self.vault, self.first],
            metadata={'role': TEXT},
        )
        tenant.conn.compute.put(
            f'/servers/{self.guest.id}/tags',
            json={'tags': ['web', 'a "b"']},
            microversion='2.52',
        ).raise_for_status()
        self.booted = tenant.server(
            'booted',
            flavor='m1.bfv',
            block_device_mapping=[
                {
                    'boot_index': 0,
                    'uuid': self.boot.id,
                    'source_type': 'volume',
                    'destination_type': 'volume',
                }
            ],
        )
        self.secret_ids = self.make_secrets()

    def make_secrets(self):
        """Store one secret of each type, with blanks at its ends."""
        text, octets = test_restored_secrets.TEXT, test_restored_secrets.OCTETS
        private = {'project-access': False, 'users': ['0' * 32]}
        made = [
            self.store(b' pw \n', text, name='p', secret_type='passphrase'),
            self.store(b' \n', octets, name='o', secret_type='opaque'),
            self.store(
                b'\n\x00\xff ',
                octets,
                acl=private,
                metadata={'env': TEXT},
                name=TEXT,
                secret_type='symmetric',
                algorithm='aes',
                bit_length=32,
                mode='xts',
                expiration='2999-01-01T00:00:00',
            ),
            *(
                self.store(f'{kind}\n'.encode(), octets, name=kind,
                           secret_type=kind)
                for kind in ('private', 'public', 'certificate')
            ),
        ]  # fmt: skip
        return [path.rsplit('/', 1)[1] for path in made]

    def test_by_hand_and_by_command(self):
        made = self.backup('--all', '--to', self.target, '--plaintext-keys')
        self.assertEqual({'complete'}, {row['Outcome'] for row in made.rows})
        done = self.openstack(
            'backup', 'restore', '--from', self.target, '--all',
            f'--suffix={BY_COMMAND}', '-f', 'json',
        )  # fmt: skip
        self.assertEqual(0, done.code, done)
        before = self.tenant.settled()
        folder = self.backup_set(made)
        page = restoring.follow(
            self, folder, SUFFIX=BY_HAND, SHELLOPTS='xtrace'
        )
        self.assert_no_arguments(folder, page.said)
        command = {row['ID']: row['Restored'] for row in done.rows}
        self.assertEqual(command.keys(), page.new.keys())
        new = self.tenant.census().new(before)
        # No list has the hidden image, and the volume has a key of its own.
        self.assertEqual(len(page.new), len(new), new)
        for new, end in ((command, BY_COMMAND), (page.new, BY_HAND)):
            self.assert_secrets(new, end)
            self.assert_image(new[self.image.id], end)
            self.assert_volumes(new, end)
            self.assert_servers(new, end)
        self.assert_server_of_existing_volumes(folder, page.new)

    def assert_server_of_existing_volumes(self, folder, new):
        """A lost server is built of the volumes that are there."""
        compute = self.tenant.conn.compute
        lost = compute.get_server(new[self.booted.id])
        compute.delete_server(lost)
        compute.wait_for_delete(lost, wait=120)
        before = self.tenant.settled()
        declared = 'declare -A new'
        boot = f'new[{self.boot.id}]={new[self.boot.id]}'
        page = restoring.follow(
            self,
            folder,
            lambda title: title == 'Server `booted`',
            lambda text: text.replace(declared, f'{declared}\n{boot}'),
            SUFFIX=BY_HAND,
        )
        built, kept = page.new[self.booted.id], new[self.boot.id]
        self.assertEqual([kept], [volume for _, volume in self.disks(built)])
        # The volume is in use again, and nothing else is new or different.
        after = self.tenant.settled()
        self.assertEqual({f'servers/{built}'}, after.new(before))
        self.assertEqual({f'volumes/{kept}'}, after.lost(before))

    def assert_no_arguments(self, folder, said):
        """No key and no payload is a word of a command that bash has shown."""
        self.assertIn('+ barbican store', said)
        self.assertNotIn(' pw ', said)
        [key] = folder.glob('keys/*')
        self.assertEqual(64, len(key.read_text()))
        self.assertNotIn(key.read_text(), said)

    def assert_secrets(self, new, end):
        for id_ in self.secret_ids:
            old, found = (
                self.facts(f'/secrets/{each}', end) for each in (id_, new[id_])
            )
            found['metadata'] = _own(found['metadata'])
            self.assertEqual(old, found)

    def assert_image(self, new, end):
        old, found = (
            self.tenant.conn.image.get(f'/images/{each}').json()
            for each in (self.image.id, new)
        )
        for name in (
            'checksum', 'container_format', 'disk_format', 'min_disk',
            'min_ram', 'os_hash_value', 'os_hidden', 'protected', 'size',
            KEY,
        ):  # fmt: skip
            self.assertEqual(old[name], found[name], name)
        self.assertEqual('private', found['visibility'])
        self.assertEqual(f'{TEXT}{end}', found['name'])
        self.assertEqual(sorted(old['tags']), sorted(found['tags']))
        self.assertEqual(properties.owned(old), properties.owned(found))

    def volume(self, volume_id):
        return self.tenant.conn.block_storage.get(
            f'/volumes/{volume_id}'
        ).json()['volume']

    def assert_volumes(self, new, end):
        for one, data in (
            (self.boot, self.data['boot']),
            (self.first, self.data['first']),
            (self.vault, self.data['vault']),
        ):
            old, found = self.volume(one.id), self.volume(new[one.id])
            for name in (
                'size', 'volume_type', 'bootable', 'encrypted',
                'multiattach', 'availability_zone', 'status',
            ):  # fmt: skip
                self.assertEqual(old[name], found[name], name)
            self.assertEqual(f'{old["name"]}{end}', found['name'])
            # Cinder has null where nobody has said anything.
            self.assertEqual(
                old['description'] or '', found['description'] or ''
            )
            self.assertEqual(
                properties.of_volume(old['metadata']),
                properties.of_volume(found['metadata']),
            )
            said = found.get('volume_image_metadata', {})
            if end == BY_HAND:
                # Only some clouds note it, so that the page leaves it.
                said.pop('signature_verified', None)
                # It tells the new volume from the old one.
                name = said.pop('image_name')
                self.assertTrue(names.is_temporary_image(name), name)
            self.assertEqual(_kept(old.get('volume_image_metadata', {})), said)
            self.assertEqual(cloud.sha512(data), self.hash(found, len(data)))

    def hash(self, volume, size):
        """Hash the known bytes of a volume."""
        return cloud.sha512_of(self.read_volume(volume['id']), size)

    def server(self, server_id):
        return self.tenant.conn.compute.get(
            f'/servers/{server_id}', microversion='2.72'
        ).json()['server']

    def assert_servers(self, new, end):
        back = {made: old for old, made in new.items()}
        for one in (self.guest, self.booted):
            old, found = self.server(one.id), self.server(new[one.id])
            for name in (
                'flavor', 'addresses', 'key_name', 'config_drive', 'status',
                'description', 'tags',
            ):  # fmt: skip
                self.assertEqual(old[name], found[name], name)
            self.assertEqual(f'{old["name"]}{end}', found['name'])
            self.assertEqual(old['metadata'], _own(found['metadata']))
            hardware = test_restored_servers.hardware
            self.assertEqual(hardware(one.id), hardware(new[one.id]))
            self.assertEqual(
                self.disks(one.id),
                [(at, back[id_]) for at, id_ in self.disks(new[one.id])],
            )

    def disks(self, server_id):
        """The volumes of a server, by their devices."""
        found = self.tenant.conn.compute.get(
            f'/servers/{server_id}/os-volume_attachments'
        ).json()['volumeAttachments']
        return sorted((one['device'], one['volumeId']) for one in found)


def _kept(said):
    """The image metadata of a volume that are not those of an image."""
    limits = {k: said[k] for k in ('min_disk', 'min_ram') if k in said}
    return properties.owned(said) | limits


def _own(metadata):
    """The metadata without the marks of the command."""
    return {k: v for k, v in metadata.items() if k not in MARKS}

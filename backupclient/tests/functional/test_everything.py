# SPDX-License-Identifier: Apache-2.0
"""A whole project: all that holds data goes out, and nothing is left."""

import subprocess

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restoring
from backupclient.tests.functional.faults import judge

ENCRYPTED = ('luks', 'luks-attached')
PLAIN = ('plain', 'attached', 'boot')
IMAGES = ('image', 'root-disk')
SECRETS = {
    'symmetric': bytes(range(32)),
    'private': b'-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----',
    'public': b'-----BEGIN PUBLIC KEY-----\nbm8=\n-----END PUBLIC KEY-----',
    'certificate': b'-----BEGIN CERTIFICATE-----\nbm8=\n',
    'passphrase': b'correct horse',
    'opaque': b'\x00\xff\n',
}


class Project(base.TestCase):
    """A project that has one of each kind."""

    def setUp(self):
        super().setUp()
        self.data = {
            name: cloud.content()
            for name in (
                'plain',
                'attached',
                'luks',
                'luks-attached',
                'root-disk',
                'boot',
                'image',
            )
        }
        data, tenant = self.data, self.tenant
        tenant.volume('plain', data['plain'], large=True)
        attached = tenant.volume('attached', data['attached'])
        self.luks = tenant.encrypted_volume('luks', data['luks'], large=True)
        luks = tenant.encrypted_volume('luks-attached', data['luks-attached'])
        tenant.image('image', data['image'])
        root = tenant.image('root-disk', data['root-disk'])
        boot = tenant.volume('boot', data['boot'])
        tenant.conn.block_storage.set_volume_bootable_status(boot, True)
        tenant.server('guest', image=root, volumes=[attached, luks])
        tenant.server(
            'booted',
            flavor='m1.bfv',
            block_device_mapping=[
                {
                    'boot_index': 0,
                    'uuid': boot.id,
                    'source_type': 'volume',
                    'destination_type': 'volume',
                }
            ],
        )
        for kind, payload in SECRETS.items():
            tenant.secret(f'secret-{kind}', kind, payload)
        self.before = tenant.settled()

    def rows(self, result):
        self.folder = self.backup_set(result)
        return {(row['Kind'], row['Name']): row for row in result.rows}

    def file(self, rows, kind, name):
        return self.folder / rows[kind, name]['Result']

    def key(self, row):
        """The key file of a volume, opened with age."""
        sealed = self.folder / 'keys' / f'volume-{row["ID"]}.key.age'
        opened = self.target / f'{row["ID"]}.key'
        subprocess.run(
            ['age', '--decrypt', '-i', self.identity, '-o', opened, sealed],
            check=True,
        )
        return opened

    def new_identity(self):
        """Make an age key pair."""
        self.identity = self.target / 'identity'
        subprocess.run(
            ['age-keygen', '-o', self.identity],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        return subprocess.run(
            ['age-keygen', '-y', self.identity],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def assert_bytes(self, rows):
        """Each file has what was put into the resource."""
        for name in ENCRYPTED:
            row = rows['volume', name]
            file = self.folder / row['Result']
            self.assert_luks(name, cloud.decrypted(file, self.key(row)))
        for name, size in (
            ('plain', cloud.GIB),
            ('attached', cloud.SMALL),
            ('boot', cloud.SMALL),
        ):
            self.assert_plain(name, self.file(rows, 'volume', name), size)
        image = self.file(rows, 'image', 'image')
        self.assertEqual(self.data['image'], image.read_bytes())
        root = cloud.raw(self.file(rows, 'server', 'guest'))
        self.assert_plain('root-disk', root)

    def assert_plain(self, name, file, size=cloud.GIB):
        """A file has the content, and zeros behind it."""
        original = judge.Original(self.data[name], size)
        self.assertTrue(original.is_in(file), name)

    def assert_luks(self, name, file):
        """A decrypted file begins with the content; then comes noise."""
        data = self.data[name]
        self.assertEqual(
            cloud.sha512(data), cloud.sha512_of(file, len(data)), name
        )


class Everything(Project):
    """One run over all of it, and the way back when all is gone."""

    def test_there_and_back(self):
        result = self.backup(
            '--all', '--to', self.target, '--encrypt-to', self.new_identity()
        )
        self.assertOnly(self.before)
        rows = self.rows(result)
        self.assertEqual(
            {'complete'}, {row['Outcome'] for row in rows.values()}
        )
        self.assert_bytes(rows)
        for kind, payload in SECRETS.items():
            file = self.file(rows, 'secret', f'secret-{kind}')
            opened = subprocess.run(
                ['age', '--decrypt', '-i', self.identity, file],
                check=True,
                capture_output=True,
            )
            self.assertEqual(payload, opened.stdout)
        self.assertEqual(
            2 + len(SECRETS), len(list(self.folder.rglob('*.age')))
        )
        self.tenant.clear()
        self.assert_restored_by_hand()
        self.assert_restored_into_another_project()

    def assert_restored_by_hand(self):
        """Follow RESTORE.md when volume, image and keys are gone."""
        restoring.follow(
            self,
            self.folder,
            lambda title: title.endswith('`luks`'),
            starts=True,
            IDENTITY=str(self.identity),
        )
        [volume] = self.tenant.conn.block_storage.volumes()
        self.assertTrue(volume.is_encrypted)
        self.assertNotEqual(self.luks.id, volume.id)
        self.assert_luks('luks', self.read_volume(volume.id))

    def assert_restored_into_another_project(self):
        """With one command."""
        other = self.useFixture(cloud.Tenant())
        done = self.openstack(
            'backup', 'restore', '--from', self.target, '--all',
            '--identity', self.identity, '-f', 'json', tenant=other,
        )  # fmt: skip
        self.assertEqual(0, done.code, done)
        self.assertEqual(
            {'complete'}, {row['Outcome'] for row in done.rows}, done
        )
        self.assert_only_what_was_restored(done, other)
        new = {
            (row['Kind'], row['Name']): row['Restored'] for row in done.rows
        }
        for name in *ENCRYPTED, *PLAIN:
            file = self.read_volume(new.pop(('volume', name)), other)
            check = (
                self.assert_luks if name in ENCRYPTED else self.assert_plain
            )
            check(name, file)
        disk = cloud.disk_of(new.pop(('server', 'guest')), other.folder)
        self.assert_plain('root-disk', disk)
        # Its disk is the volume of its name.
        del new['server', 'booted']
        for name in IMAGES:
            image = other.conn.image.get_image(new.pop(('image', name)))
            self.assertEqual(cloud.sha512(self.data[name]), image.hash_value)
        for kind, payload in SECRETS.items():
            found = other.conn.key_manager.get(
                f'/secrets/{new.pop(("secret", f"secret-{kind}"))}/payload',
                headers={'Accept': 'application/octet-stream'},
            )
            self.assertEqual(payload, found.content, kind)
        self.assertEqual({}, new)

    def assert_only_what_was_restored(self, done, tenant):
        """Nothing temporary is left, and no name is ours."""
        census = tenant.census()
        restored = {row['Restored'] for row in done.rows}
        self.assertEqual(
            restored,
            {
                *census.volumes,
                *census.images,
                *census.servers,
                *(
                    href.rsplit('/', 1)[1]
                    for href, name in census.secrets.items()
                    if name.startswith('secret-')
                ),
            },
        )
        names = [name for name, _ in census.volumes.values()]
        names += [name for name, _ in census.images.values()]
        names += [name for name, _ in census.servers.values()]
        names += census.secrets.values()
        self.assertEqual(
            [], [each for each in names if 'backupclient' in str(each)]
        )

# SPDX-License-Identifier: Apache-2.0
"""A whole project: all that holds data goes out, and nothing is left."""

import subprocess

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restoring

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

    def assert_bytes(self, rows, size=cloud.GIB):
        """Each file has what was put into the resource.

        :param size: of the volumes that were small at first.
        """
        for name in ('luks', 'luks-attached'):
            row = rows['volume', name]
            plain = cloud.decrypted(self.folder / row['Result'], self.key(row))
            self.assertEqual(
                cloud.sha512(self.data[name]),
                cloud.sha512_of(plain, len(self.data[name])),
            )
        for name, of_it in (
            ('plain', cloud.GIB),
            ('attached', size),
            ('boot', size),
        ):
            self.assertEqual(
                cloud.sha512(self.data[name], of_it),
                cloud.sha512_of(self.file(rows, 'volume', name)),
                name,
            )
        self.assertEqual(
            cloud.sha512(self.data['image']),
            cloud.sha512_of(self.file(rows, 'image', 'image')),
        )
        root = cloud.raw(self.file(rows, 'server', 'guest'))
        self.assertEqual(
            cloud.sha512(self.data['root-disk'], cloud.GIB),
            cloud.sha512_of(root),
        )


class Everything(Project):
    """One run over all of it, and the way back when all is gone."""

    def run_all(self, **options):
        return self.backup(
            '--all', '--to', self.target, '--encrypt-to', self.recipient,
            **options,
        )  # fmt: skip

    def test_there_and_back(self):
        self.recipient = self.new_identity()
        result = self.run_all()
        self.assertOnly(self.before)
        rows = self.rows(result)
        self.assertEqual(
            {'complete'}, {row['Outcome'] for row in rows.values()}
        )
        self.assert_bytes(rows, cloud.SMALL)
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
        self.assert_restored_into_another_project({*rows})

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
        self.assertEqual(
            cloud.sha512(self.data['luks']), self.hash_of_encrypted(volume)
        )

    def hash_of_encrypted(self, volume):
        """Hash the known bytes of an encrypted volume, as Nova reads it."""
        key = self.target / 'restored.key'
        exported = self.openstack(
            'backup', 'export-key', volume.id, '--file', key
        )
        self.assertEqual(0, exported.code, exported)
        file = self.target / 'restored.raw'
        cloud.devcloud('read-volume', volume.id, file)
        return cloud.sha512_of(
            cloud.decrypted(file, key), len(self.data['luks'])
        )

    def assert_restored_into_another_project(self, named):
        """With one command; and what is there then is backed up as it was.

        :param named: the kinds and names of all that there was.
        """
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
        rows = self.rows(self.run_all(tenant=other))
        self.assertEqual(named, rows.keys())
        self.assert_bytes(rows)

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

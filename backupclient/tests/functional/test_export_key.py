# SPDX-License-Identifier: Apache-2.0
"""``openstack backup export-key`` against real services and real LUKS."""

import hashlib
import os
import pathlib
import subprocess

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud

_KEY = bytes(range(32))
_LUKS2 = {
    'argon2id': ('--pbkdf-memory', '65536', '--pbkdf-force-iterations', '4'),
    'pbkdf2': ('--pbkdf-force-iterations', '1000'),
}


class TestCase(base.TestCase):
    """A folder of its own, where the key files go."""

    def setUp(self):
        super().setUp()
        self.file = self.target / 'exported.key'

    def export(self, *arguments, code=0, **options):
        result = self.openstack(
            'backup', 'export-key', *arguments, '-f', 'json', **options
        )
        self.assertEqual(code, result.code, result)
        return result

    def exported(self, *arguments, **options):
        """Export into the file, take it away, and give the row and it."""
        row = self.export(*arguments, '--file', self.file, **options).rows
        self.assertEqual(0o600, self.file.stat().st_mode & 0o7777)
        data = self.file.read_bytes()
        self.file.unlink()
        return row, data

    def refused(self, *arguments, code=1, **options):
        """The command fails and leaves no file; give what it says."""
        before = set(self.target.iterdir())
        result = self.export(
            *arguments, '--file', self.file, code=code, **options
        )
        self.assertEqual('', result.out)
        self.assertEqual(before, set(self.target.iterdir()))
        return result.err


class EncryptedVolume(TestCase):
    """A volume, and one of each kind that Cinder makes of it."""

    shared = True

    def make(self):
        storage = self.tenant.conn.block_storage
        self.data = cloud.content()
        volume = self.tenant.encrypted_volume('vault', self.data)
        snapshot = storage.create_snapshot(volume_id=volume.id, name='snap')
        storage.wait_for_status(snapshot, 'available', interval=1, wait=120)
        backup = storage.create_backup(volume_id=volume.id, name='copy')
        storage.wait_for_status(backup, 'available', interval=1, wait=300)
        self.ids = {
            'volume': volume.id,
            'snapshot': snapshot.id,
            'backup': backup.id,
            'image': self.image_of(volume),
        }
        key_id = storage.get(f'/volumes/{volume.id}/encryption').json()
        self.ids['secret'] = key_id['encryption_key_id']
        self.key = self.tenant.conn.key_manager.get(
            f'/secrets/{self.ids["secret"]}/payload',
            headers={'Accept': 'application/octet-stream'},
        ).content

    def image_of(self, volume):
        glance = self.tenant.conn.image
        answer = self.tenant.conn.block_storage.upload_volume_to_image(
            volume, 'image-of-vault'
        )
        image_id = answer['image_id']
        cloud.until(
            lambda: glance.get_image(image_id).status == 'active', 'image'
        )
        return image_id

    def test_each_kind_in_each_format(self):
        secrets = set()
        for kind, id_ in self.ids.items():
            for form, expected in (
                ('passphrase', self.key.hex().encode()),
                ('raw', self.key),
                ('hex', self.key.hex().encode()),
            ):
                row, data = self.exported(id_, '--key-format', form)
                self.assertEqual(expected, data, (kind, form))
                self.assertEqual(
                    (kind, id_, form, 'symmetric', 'aes', 256, 'not checked'),
                    (
                        row['source_kind'],
                        row['source_id'],
                        row['format'],
                        row['secret_type'],
                        row['algorithm'],
                        row['bit_length'],
                        row['opens'],
                    ),
                )
                self.assertEqual(
                    hashlib.sha256(self.key).hexdigest(), row['fingerprint']
                )
            secrets.add(row['secret_id'])
            _, data = self.exported(id_)
            usual = self.key if kind == 'secret' else self.key.hex().encode()
            self.assertEqual(usual, data, kind)
        # The volume, its snapshot, and the secret itself are one key.
        self.assertEqual(3, len(secrets))

    def test_check_on_the_downloaded_image(self):
        image = self.target / 'image.raw'
        self.tenant.conn.image.download_image(
            self.ids['image'], stream=True, output=str(image)
        )
        row, data = self.exported('vault', '--check', image)
        self.assertEqual('yes', row['opens'])
        key_file = self.tenant.file('digits', data)
        self.assertEqual(
            cloud.sha512(self.data),
            cloud.sha512_of(cloud.decrypted(image, key_file), len(self.data)),
        )
        wrong = self.tenant.secret('wrong', 'symmetric', _KEY)
        said = self.refused(wrong, '--check', image)
        self.assertIn('does not open', said)
        self.assertIn(wrong, said)
        os.truncate(image, 100 * 1024)
        for more in ([], ['--allow-unchecked']):
            said = self.refused('vault', '--check', image, *more)
            self.assertIn('not complete', said)

    def test_another_tenant_gets_nothing(self):
        bob = self.useFixture(cloud.Tenant())
        href = f'http://127.0.0.1:9/v1/secrets/{self.ids["secret"]}'
        for name in ('vault', href, *self.ids.values()):
            said = self.refused(name, code=2, tenant=bob)
            self.assertIn('has the name or ID', said)

    def test_reader(self):
        reader = self.useFixture(
            cloud.Tenant(roles=('reader',), project=self.tenant)
        )
        for kind in ('volume', 'snapshot', 'backup', 'image'):
            said = self.refused(self.ids[kind], '--kind', kind, tenant=reader)
            self.assertIn('creator', said)
            self.assertIn('403', said)

    def test_member_without_creator(self):
        """The rules of Barbican that are usual today ask for no more."""
        member = self.useFixture(
            cloud.Tenant(roles=('member',), project=self.tenant)
        )
        _, data = self.exported('vault', tenant=member)
        self.assertEqual(self.key.hex().encode(), data)


class Secret(TestCase):
    """A key of one's own, and files that are not from this cloud."""

    shared = True

    def make(self):
        self.secret = self.tenant.secret('own', 'symmetric', _KEY)

    def luks2(self, passphrase, kdf='pbkdf2'):
        """Make a LUKS2 container in a plain file; needs no root."""
        container = self.target / f'{kdf}.raw'
        container.write_bytes(b'')
        os.truncate(container, 32 * cloud.MIB)
        subprocess.run(
            [
                'cryptsetup',
                'luksFormat',
                '--batch-mode',
                '--type',
                'luks2',
                '--pbkdf',
                kdf,
                *_LUKS2[kdf],
                '--key-file',
                self.tenant.file('passphrase', passphrase),
                container,
            ],
            check=True,
        )
        return container

    def test_href_is_only_an_id(self):
        """No request goes to the host of an href."""
        href = f'http://127.0.0.1:9/v1/secrets/{self.secret}'
        row, data = self.exported(href)
        self.assertEqual(
            ('raw', self.secret), (row['format'], row['source_id'])
        )
        self.assertEqual(_KEY, data)

    def test_luks2(self):
        for kdf in _LUKS2:
            container = self.luks2(_KEY.hex().encode(), kdf)
            row, data = self.exported(
                'own', '--key-format', 'passphrase', '--check', container
            )
            self.assertEqual('yes', row['opens'], kdf)
            self.assertEqual(_KEY.hex().encode(), data)
            wrong = self.tenant.secret('wrong', 'symmetric', bytes(32))
            said = self.refused(wrong, '--check', container)
            self.assertIn('does not open', said)
            os.truncate(container, 64 * 1024)
            said = self.refused('own', '--check', container)
            self.assertIn('not complete', said)

    def test_the_proof_tells_the_form_of_a_passphrase(self):
        """Nova's libvirt driver takes the digits of a passphrase, too."""
        words = b'correct horse'
        self.tenant.secret('words', 'passphrase', words)
        for given in (words, words.hex().encode()):
            row, data = self.exported(
                'words', '--key-format', 'passphrase',
                '--check', self.luks2(given),
            )  # fmt: skip
            self.assertEqual('yes', row['opens'])
            self.assertEqual(given, data)
        _, data = self.exported('words', '--key-format', 'passphrase')
        self.assertEqual(words, data)

    def test_file_without_header(self):
        for data, why in (
            (bytes(cloud.MIB), 'never attached'),
            (cloud.content(1), 'no raw disk image, or not encrypted'),
            (b'', 'empty'),
            (pathlib.Path('/etc/passwd').read_bytes(), 'no raw disk image'),
        ):
            file = self.tenant.file('no-header', data)
            said = self.refused('own', '--check', file)
            for words in (why, 'No key file was written', self.secret):
                self.assertIn(words, said)
            result = self.export(
                'own', '--file', self.file, '--check', file,
                '--allow-unchecked',
            )  # fmt: skip
            self.assertEqual('not checked', result.rows['opens'])
            self.assertIn(why, result.err)
            self.assertEqual(_KEY, self.file.read_bytes())
            self.file.unlink()

    def test_no_key_on_stdout_without_a_proof(self):
        result = self.export(
            'own', '--file', '-', '--check', '/etc/passwd', code=1
        )
        self.assertEqual('', result.out)
        self.assertIn('No key file was written', result.err)

    def test_file_to_check_is_not_there(self):
        said = self.refused('own', '--check', self.target / 'nothing')
        self.assertIn('cannot be read', said)

    def test_default_file(self):
        row = self.export('own', cwd=self.target).rows
        self.assertEqual(f'secret-{self.secret}.key', row['file'])
        file = self.target / row['file']
        self.assertEqual(_KEY, file.read_bytes())
        self.assertEqual(0o600, file.stat().st_mode & 0o7777)

    def test_nothing_is_replaced(self):
        self.file.write_text('mine')
        self.assertIn('not replaced', self.refused('own'))
        self.assertEqual('mine', self.file.read_text())

    def test_symbolic_links(self):
        elsewhere = self.target / 'elsewhere'
        self.file.symlink_to(elsewhere)
        self.refused('own')
        self.file.unlink()
        elsewhere.write_text('mine')
        self.file.symlink_to(elsewhere)
        self.refused('own')
        self.assertEqual('mine', elsewhere.read_text())
        folder, link = self.target / 'folder', self.target / 'link'
        folder.mkdir()
        link.symlink_to(folder)
        result = self.export('own', '--file', link / 'key', code=1)
        self.assertIn('symbolic link', result.err)
        self.assertEqual([], list(folder.iterdir()))

    def test_folder_of_others(self):
        folder = self.target / 'open'
        folder.mkdir()
        folder.chmod(0o777)
        result = self.export('own', '--file', folder / 'key', code=1)
        self.assertIn('Others can write', result.err)
        self.assertEqual([], list(folder.iterdir()))

    def test_stdout(self):
        """It has the key alone; the row goes to stderr as it was asked for."""
        words = ['own', '--file', '-', '--key-format', 'hex']
        result = self.export(*words)
        self.assertEqual(_KEY.hex(), result.out)
        self.assertIn(f'"secret_id": "{self.secret}"', result.err)
        self.assertNotIn(_KEY.hex(), result.err)
        result = self.openstack(
            'backup', 'export-key', *words, '-f', 'value', '-c', 'secret_id'
        )
        self.assertEqual((0, _KEY.hex()), (result.code, result.out))
        self.assertEqual(self.secret, result.err.splitlines()[0])

    def test_stdout_is_a_terminal(self):
        terminal, end = os.openpty()
        self.addCleanup(os.close, terminal)
        done = subprocess.run(
            [base.OPENSTACK, 'backup', 'export-key', 'own', '--file', '-'],
            env=self.tenant.environment(),
            stdin=subprocess.DEVNULL,
            stdout=end,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.write(end, b'end\n')
        os.close(end)
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertIn('terminal', done.stderr)
        self.assertEqual(b'end\r\n', os.read(terminal, 1000))

    def test_sealed(self):
        """The plain age tool opens it; each recipient can."""
        identities = [self.target / 'one', self.target / 'two']
        options = []
        for identity in identities:
            subprocess.run(
                ['age-keygen', '-o', identity],
                check=True,
                stderr=subprocess.DEVNULL,
            )
            public = subprocess.run(
                ['age-keygen', '-y', identity],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            options += ['--encrypt-to', public]
        row = self.export('own', *options, cwd=self.target).rows
        self.assertEqual(f'secret-{self.secret}.key.age', row['file'])
        sealed = self.target / row['file']
        self.assertNotIn(_KEY, sealed.read_bytes())
        self.assertEqual(0o600, sealed.stat().st_mode & 0o7777)
        for identity in identities:
            opened = subprocess.run(
                ['age', '--decrypt', '-i', identity, sealed],
                check=True,
                capture_output=True,
            )
            self.assertEqual(_KEY, opened.stdout)

    def test_debug_does_not_tell(self):
        result = self.openstack(
            '--debug', 'backup', 'export-key', 'own', '--file', self.file
        )
        self.assertEqual(0, result.code, result)
        told = (result.out + result.err).encode()
        for form in (_KEY, _KEY.hex().encode(), repr(_KEY)[2:-1].encode()):
            self.assertNotIn(form, told)

    def test_ambiguous(self):
        volume = self.tenant.volume('own')
        said = self.refused('own', code=2)
        for id_ in (volume.id, self.secret):
            self.assertIn(id_, said)
        self.assertIn('--kind', said)
        self.assertRegex(
            said, rf'{volume.id}\), created 20.* UTC, 1 GiB, not attached'
        )
        _, data = self.exported('own', '--kind', 'secret')
        self.assertEqual(_KEY, data)

    def test_a_restored_volume_is_told_from_the_old_one(self):
        """RESTORE.md calls the image between file and volume so."""
        old = self.tenant.volume('twin')
        image = self.tenant.image(f'restore-{old.id}', bytes(cloud.MIB))
        storage = self.tenant.conn.block_storage
        new = storage.create_volume(name='twin', size=1, image_id=image.id)
        storage.wait_for_status(new, 'available', interval=1, wait=300)
        said = self.refused('twin', code=2)
        self.assertRegex(said, rf'{new.id}\), .*, made by a restore[;.]')
        self.assertRegex(said, rf'{old.id}\), .*, not attached[;.]')

    def test_not_encrypted(self):
        volume = self.tenant.volume('plain')
        image = self.tenant.image('plain-image', b'data')
        for name, id_ in (('plain', volume.id), ('plain-image', image.id)):
            said = self.refused(name, code=2)
            self.assertIn('not encrypted', said)
            self.assertIn(id_, said)

    def test_unknown(self):
        self.assertIn('"nothing"', self.refused('nothing', code=2))

    def test_private_secret_of_another_member(self):
        private = self.tenant.secret('private', 'symmetric', _KEY)
        self.tenant.conn.key_manager.put(
            f'/secrets/{private}/acl',
            json={'read': {'project-access': False}},
        )
        member = self.useFixture(
            cloud.Tenant(roles=('member',), project=self.tenant)
        )
        said = self.refused('private', tenant=member)
        self.assertIn('another user', said)
        self.assertIn(private, said)

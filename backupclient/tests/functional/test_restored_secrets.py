# SPDX-License-Identifier: Apache-2.0
"""Secrets by ``RESTORE.md``, field by field as they were."""

import subprocess

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restoring

OCTETS = 'application/octet-stream'
TEXT = 'text/plain'
USER = '0' * 32
# What Barbican tells of a secret beside this is of the new one.
FIELDS = (
    'algorithm',
    'bit_length',
    'content_types',
    'expiration',
    'mode',
    'name',
    'secret_type',
    'status',
)


class Case(base.TestCase):
    def setUp(self):
        super().setUp()
        self.barbican = self.tenant.conn.key_manager
        self.addCleanup(self.delete_containers)

    def delete_containers(self):
        for one in self.ask('GET', '/containers')['containers']:
            self.ask('DELETE', f'/containers/{_id(one["container_ref"])}')

    def ask(self, method, path, **more):
        answer = self.barbican.request(
            path, method, log=False, raise_exc=True, **more
        )
        return answer.json() if answer.content else {}

    def store(self, payload=None, content=TEXT, acl=None, metadata=(), **body):
        """Store a secret in the steps in which its bytes stay."""
        path = f'/secrets/{_id(self.post("secret", body))}'
        if acl:
            self.ask('PUT', f'{path}/acl', json={'read': acl})
        if metadata:
            body = {'metadata': dict(metadata)}
            self.ask('PUT', f'{path}/metadata', json=body)
        if payload is not None:
            headers = {'Content-Type': content}
            self.ask('PUT', path, data=payload, headers=headers)
        return path

    def post(self, noun, body):
        return self.ask('POST', f'/{noun}s', json=body)[f'{noun}_ref']

    def secrets(self):
        """All secrets: paths by name."""
        found = self.ask('GET', '/secrets?limit=100')['secrets']
        return {
            one['name']: f'/secrets/{_id(one["secret_ref"])}' for one in found
        }

    def facts(self, path, end=''):
        """All that can be known of a secret, its name without an ending."""
        secret = self.ask('GET', path)
        found = {field: secret.get(field) for field in FIELDS}
        found['name'] = (found['name'] or '').removesuffix(end)
        acl = self.ask('GET', f'{path}/acl')['read']
        found['readers'] = acl['project-access'], acl.get('users', [])
        found |= self.ask('GET', f'{path}/metadata')
        if secret.get('content_types'):
            found['payload'] = self.barbican.get(
                f'{path}/payload',
                headers={'Accept': OCTETS},
                log=False,
                raise_exc=True,
            ).content
        return found


class TestSecrets(Case):
    """With age in between; without it: ``test_by_hand``."""

    def setUp(self):
        super().setUp()
        self.paths = [
            self.store(b' pw \n', name='passphrase', secret_type='passphrase'),
            self.store(b' \n', name='blanks'),
            self.store(
                b'\n\x00\xff ',
                OCTETS,
                name="it's\n\u202e\u6771!$(x)",
                secret_type='symmetric',
                algorithm='aes',
                bit_length=32,
                mode='xts',
                expiration='2999-01-01T00:00:00',
                metadata={'env': "it's\na \u202e!", 'e': ''},
            ),
            self.store(
                b'private\n',
                name='for-me',
                acl={'project-access': False, 'users': []},
            ),
            self.store(
                b'shared',
                name='for-two',
                acl={'project-access': False, 'users': [USER]},
            ),
            self.store(name='no-payload', metadata={'a': 'b'}, mode='cbc'),
            '/secrets/'
            + self.tenant.secret(
                'key',
                'private',
                b' \n-----BEGIN PRIVATE KEY-----\n',
                payload_content_type='application/pkcs8',
            ),
        ]
        refs = [self.ask('GET', path)['secret_ref'] for path in self.paths]
        for name, kind, members in (
            ('pair', 'rsa', {'private_key': refs[0], 'public_key': refs[1]}),
            ('tls\n!', 'certificate', {'certificate': refs[5]}),
            ('any', 'generic', {"it's a\nrole": refs[2], 'x': refs[0]}),
        ):
            secret_refs = [
                {'name': role, 'secret_ref': ref}
                for role, ref in members.items()
            ]
            self.post(
                'container',
                {'name': name, 'type': kind, 'secret_refs': secret_refs},
            )
        self.before = [self.facts(path) for path in self.paths]

    def containers(self, end):
        """All containers, with the names of their secrets."""
        found = []
        for one in self.ask('GET', '/containers?limit=100')['containers']:
            members = {
                role['name']: self.ask(
                    'GET', f'/secrets/{_id(role["secret_ref"])}'
                )['name'].removesuffix(end)
                for role in one['secret_refs']
            }
            if one['name'].endswith(end):
                name = one['name'].removesuffix(end)
                found.append((name, one['type'], members))
        return sorted(found, key=str)

    def test_each_field_comes_back(self):
        containers = self.containers('')
        result = self.backup('--all', '--to', self.target, *self.protection())
        self.assertEqual({'complete'}, {row['Outcome'] for row in result.rows})
        folder = self.backup_set(result)
        wrote = restoring.follow(
            self, folder, SUFFIX='-r', **self.variables()
        ).said
        self.assertNotIn('pw', wrote)
        after = {
            name.removesuffix('-r'): self.facts(path, '-r')
            for name, path in self.secrets().items()
            if name.endswith('-r')
        }
        for facts in self.before:
            self.assertEqual(facts, after[facts['name']])
        self.assertEqual(len(self.before), len(after))
        self.assertEqual(containers, self.containers('-r'))

    def protection(self):
        self.identity = self.target / 'identity'
        made = subprocess.run(
            ['age-keygen', '-o', self.identity],
            check=True,
            capture_output=True,
            text=True,
        )
        return '--encrypt-to', made.stderr.split()[-1]

    def variables(self):
        return {'IDENTITY': str(self.identity)}


class TestSomeOfThem(Case):
    def test_container_whose_secrets_are_not_all_there(self):
        refs = [
            self.ask('GET', self.store(b'x', name=name))['secret_ref']
            for name in ('one', 'two')
        ]
        members = [
            {'name': str(number), 'secret_ref': ref}
            for number, ref in enumerate(refs)
        ]
        body = {'name': 'c', 'type': 'generic', 'secret_refs': members}
        self.post('container', body)
        result = self.backup(
            '--secret', 'one', '--to', self.target, '--plaintext-keys'
        )
        page = (self.backup_set(result) / 'RESTORE.md').read_text()
        said = ' '.join(page.replace('#', '').split())
        self.assertIn('not all of its secrets are restored', said)
        self.assertNotIn('barbican container', page)

    def test_expired_since(self):
        """Barbican refuses an expiration that is over: it is left out."""
        self.store(b'x', name='old', expiration='2999-01-01T00:00:00')
        result = self.backup(
            '--secret', 'old', '--to', self.target, '--plaintext-keys'
        )
        folder = self.backup_set(result)
        page = folder / 'RESTORE.md'
        text = page.read_text().replace('2999-01', '2020-01')
        page.write_text(text)
        sums = folder / 'SHA512SUMS'
        sums.write_text(
            subprocess.run(
                'sha512sum manifest.json RESTORE.md secrets/*',
                cwd=folder,
                shell=True,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        wrote = restoring.follow(self, folder, SUFFIX='-r').said
        self.assertIn(
            'The expiration has passed and is left out: 2020-01', wrote
        )
        facts = self.facts(self.secrets()['old-r'])
        self.assertEqual((None, b'x'), (facts['expiration'], facts['payload']))

    def test_refused_half_way(self):
        """Metadata that Barbican does not take: no half secret stays."""
        self.store(b'x', name='one', metadata={'k': 'v'})
        result = self.backup(
            '--secret', 'one', '--to', self.target, '--plaintext-keys'
        )
        folder = self.backup_set(result)
        before = self.secrets()
        wrong = restoring.follow(
            self,
            folder,
            edit=lambda text: text.replace('"k": "v"', '"a b": "v"'),
            code=1,
        )
        self.assertIn('Key must be URL safe', wrong.err)
        self.assertEqual(before, self.secrets())


class TestKeys(Case):
    def test_key_of_an_encrypted_volume(self):
        """Afterwards only the volume's own key is there, and it opens."""
        data = cloud.content()
        source = self.tenant.encrypted_volume('vault', data)
        result = self.backup(
            '--volume', 'vault', '--to', self.target, '--plaintext-keys'
        )
        before = self.tenant.settled()
        folder = self.backup_set(result)
        wrote = restoring.follow(self, folder, SUFFIX='-r').said
        storage = self.tenant.conn.block_storage
        [made] = [v for v in storage.volumes() if v.name == 'vault-r']
        key = storage.get(f'/volumes/{made.id}', microversion='3.64').json()
        key_id = key['volume']['encryption_key_id']
        self.assertEqual(f'/secrets/{key_id}', self.secrets()['key of vault'])
        self.assertIn(key_id, wrote)
        new = self.tenant.census().new(before)
        self.assertEqual(
            {'volumes', 'secrets'}, {each.split('/')[0] for each in new}
        )
        self.assertEqual(2, len(new))
        self.assertNotIn(
            'cinder_encryption_key_id', made.volume_image_metadata
        )
        self.assertNotEqual(source.id, made.id)
        self.assertEqual(cloud.sha512(data), self.hash(made, len(data)))
        # Its key goes with it.
        storage.delete_volume(made)
        cloud.until(
            lambda: 'key of vault' not in self.secrets(), 'the key gone'
        )

    def test_key_of_a_volume_from_a_cinder_backup(self):
        """Cinder copies the key of the backup: the page names the copy."""
        data = cloud.content()
        self.tenant.encrypted_volume('vault', data)
        result = self.backup(
            *('--volume', 'vault', '--to', self.target),
            *('--volume-method', 'backup'),
        )
        before = self.tenant.settled()
        wrote = restoring.follow(
            self, self.backup_set(result), SUFFIX='-r'
        ).out
        storage = self.tenant.conn.block_storage
        [made] = [v for v in storage.volumes() if v.name == 'vault-r']
        key = storage.get(f'/volumes/{made.id}', microversion='3.64').json()
        key_id = key['volume']['encryption_key_id']
        self.assertIn(f'\n{key_id}\n', wrote)
        new = {each.split('/')[0] for each in self.tenant.census().new(before)}
        self.assertEqual({'volumes', 'secrets'}, new)
        self.assertEqual(cloud.sha512(data), self.hash(made, len(data)))

    def hash(self, volume, size):
        """Hash the known bytes of a volume."""
        return cloud.sha512_of(self.read_volume(volume.id), size)


def _id(address):
    return address.rsplit('/', 1)[1]

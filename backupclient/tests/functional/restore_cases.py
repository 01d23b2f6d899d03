# SPDX-License-Identifier: Apache-2.0
"""One case for each way back: what is backed up, and what has to be there.

Everything is restored beside the original, which has to stay as it was.
"""

import os
import pathlib

from backupclient.model import layout
from backupclient.model import properties
from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import judge

SUFFIX = '-new'
_ROLE = 'backupclient_role'
_RESTORED = 'restored'


class Case(base.TestCase):
    """A resource with a backup set, and how a restored one is judged.

    :cvar procedure: its name.
    :cvar kind: of the resource.
    :cvar backup_options: of the run that makes the set.
    """

    procedure = ''
    kind = ''
    name = 'mine'
    backup_options: tuple = ('--plaintext-keys',)
    told = ''

    def setUp(self):
        super().setUp()
        self.was = self.look()
        self.begin()

    def make(self):
        """Make the original and its backup set."""
        self.make_original()
        self.source = pathlib.Path(self.tenant.folder, 'sets')
        self.source.mkdir()
        self.back_up()

    def make_original(self):
        """Make the resource."""
        raise NotImplementedError

    def begin(self):
        """Take what is there now as what has to stay as it is."""
        self.set = _listed(self.source)
        self.before = self.tenant.settled()

    def back_up(self):
        """Make the backup set."""
        self.backup(
            *(f'--{self.kind}', self.name, '--to', self.source),
            *self.backup_options,
        )

    def command(self):
        """The options of the restore."""
        return (
            *('--from', self.source, f'--{self.kind}', self.name),
            f'--suffix={SUFFIX}',
        )

    def look(self):
        """The original, as the cloud shows it."""
        raise NotImplementedError

    def assertRight(self, new_id):
        """The new resource is what was backed up."""
        raise NotImplementedError

    def keys(self, new_id):
        """The secrets that belong to the new resource, as in a census."""
        return set()

    def containers(self):
        """The containers of the project: the secrets in each, by ID."""
        answer = self.tenant.conn.key_manager.get('/containers?limit=100')
        return {
            each['container_ref'].rsplit('/', 1)[1]: {
                one['secret_ref'] for one in each['secret_refs']
            }
            for each in answer.json()['containers']
        }

    def assertNothingLeft(self):
        """All is as it was before, the set and the original too."""
        self.assertOnly(self.before)
        self.assertUntouched()

    def assertUntouched(self):
        self.assertEqual(self.set, _listed(self.source))
        self.assertEqual(self.was, self.look())

    def assertDone(self, result):
        """The restore says that it is complete, and it is."""
        self.assertEqual(0, result.code, result)
        [row] = [each for each in result.rows if each['Kind'] == self.kind]
        self.assertEqual('complete', row['Outcome'], result)
        self.told = ' '.join(row['Notes'])
        self.assertNotIn('still there', self.told, result)
        self.assertBack(result, row['Restored'])

    def assertBack(self, result, new_id=''):
        """Exactly one new thing is there, it is right, and goes again.

        :param new_id: which; ``''``: the one that is there.
        """
        after = self.tenant.census()
        self.assertEqual(set(), after.lost(self.before), result)
        new = after.new(self.before)
        if not new_id:
            [found] = [
                each for each in new if each.startswith(f'{self.kind}s/')
            ]
            new_id = found.rsplit('/', 1)[1]
        listed = {each for each in new if each.endswith(f'/{new_id}')}
        self.assertEqual(1, len(listed), f'{new}: {result}')
        self.assertEqual(self.keys(new_id), new - listed, result)
        self.assertRight(new_id)
        self.assertUntouched()
        self.discard()

    def discard(self):
        """Delete what is new, so that the next restore begins as this one."""
        self.tenant.clear(self.before)


class SecretStore(Case):
    procedure = 'secret-store'
    kind = 'secret'

    def make_original(self):
        self.data = b' correct horse battery staple\n'
        tenant = self.tenant
        self.old = tenant.secret('mine', 'passphrase', self.data)
        put = tenant.conn.key_manager.put
        path = f'/secrets/{self.old}'
        put(f'{path}/metadata', json={'metadata': {'owner': 'web'}})
        # Nobody else than the user may read it.
        put(f'{path}/acl', json={'read': {'project-access': False}})
        body = {
            'name': 'bag',
            'type': 'generic',
            'secret_refs': [{'name': 'one', 'secret_ref': self.ref(self.old)}],
        }
        tenant.conn.key_manager.post('/containers', json=body)
        tenant.addCleanup(self.delete_containers)

    def delete_containers(self, kept=()):
        for each in self.containers().keys() - kept:
            self.tenant.conn.key_manager.delete(f'/containers/{each}')

    def ref(self, secret_id):
        return self.ask(secret_id)['secret_ref']

    def ask(self, secret_id, more=''):
        answer = self.tenant.conn.key_manager.get(
            f'/secrets/{secret_id}{more}', headers={'Accept': '*/*'}
        )
        return answer.json()

    def look(self):
        return (
            self.ask(self.old),
            self.ask(self.old, '/metadata'),
            self.ask(self.old, '/acl'),
        )

    def begin(self):
        super().begin()
        self.bags = self.containers()

    def assertNothingLeft(self):
        super().assertNothingLeft()
        self.assertEqual(self.bags, self.containers())

    def assertRight(self, new_id):
        payload = self.tenant.conn.key_manager.get(
            f'/secrets/{new_id}/payload',
            headers={'Accept': 'application/octet-stream'},
        )
        self.assertEqual(self.data, payload.content)
        was, now = self.was[0], self.ask(new_id)
        self.assertEqual(f'{was["name"]}{SUFFIX}', now['name'])
        for field in 'secret_type', 'content_types', 'status':
            self.assertEqual(was[field], now[field])
        metadata = self.ask(new_id, '/metadata')['metadata']
        self.assertEqual(_RESTORED, metadata[_ROLE])
        self.assertEqual('web', metadata['owner'])
        acl = self.ask(new_id, '/acl')
        self.assertIs(False, acl['read']['project-access'])
        bags = self.containers()
        # A container that is refused is told, and the secret is back.
        refused = f'container "bag{SUFFIX}" was not made' in self.told
        self.assertEqual(
            [] if refused else [{now['secret_ref']}],
            [bags[each] for each in bags.keys() - self.bags.keys()],
        )

    def discard(self):
        self.delete_containers(self.bags.keys())
        super().discard()


class ImageUpload(Case):
    procedure = 'image-upload'
    kind = 'image'

    def make_original(self):
        self.data = cloud.content(8)
        self.old = self.tenant.image(
            'mine', self.data, our_ticket='4711', tags=['blue']
        )

    def ask(self, image_id):
        return self.tenant.conn.image.get(f'/images/{image_id}').json()

    def look(self):
        return self.ask(self.old.id)

    def assertRight(self, new_id):
        now = self.ask(new_id)
        self.assertEqual(f'{self.name}{SUFFIX}', now['name'])
        self.assertEqual(_RESTORED, now[_ROLE])
        self.assertEqual(
            ('active', len(self.data), cloud.sha512(self.data)),
            (now['status'], now['size'], now['os_hash_value']),
        )
        self.assertEqual('private', now['visibility'])
        for field in 'our_ticket', 'tags':
            self.assertEqual(self.was[field], now[field], field)


class Volume(Case):
    """What the ways to a volume have in common."""

    kind = 'volume'

    def ask(self, volume_id):
        answer = self.tenant.conn.block_storage.get(
            f'/volumes/{volume_id}', microversion='3.64'
        )
        return answer.json()['volume']

    def look(self):
        return self.ask(self.old.id)

    def assertRight(self, new_id):
        now = self.ask(new_id)
        self.assertEqual(f'{self.name}{SUFFIX}', now['name'])
        self.assertEqual('available', now['status'])
        self.assertEqual(_RESTORED, now['metadata'][_ROLE])
        for field in 'size', 'volume_type', 'bootable':
            self.assertEqual(self.was[field], now[field], field)
        self.assertEqual(self.was['description'] or '', now['description'])
        self.assertEqual(self.was['metadata'], _without_ours(now['metadata']))
        said = 'volume_image_metadata'
        self.assertEqual(
            properties.owned(self.was.get(said, {})),
            properties.owned(now.get(said, {})),
        )
        path = os.path.join(self.tenant.folder, 'restored')
        cloud.devcloud('read-volume', new_id, path)
        self.assertBytes(path, now)

    def assertBytes(self, path, volume):
        """The bytes of the new volume are right.

        :param path: of a file that has all of them.
        """
        self.assertTrue(judge.Original(self.data, cloud.GIB).is_in(path))


class VolumeFromImage(Volume):
    """A volume that is bootable, as it was made of an image."""

    procedure = 'volume-from-image'

    def make_original(self):
        self.data = cloud.content()
        self.old = self.tenant.volume(
            'mine', self.data,
            description='with data', metadata={'owner': 'web'},
        )  # fmt: skip
        for action in (
            {'os-set_image_metadata': {'metadata': {'hw_disk_bus': 'scsi'}}},
            {'os-set_bootable': {'bootable': True}},
        ):
            self.tenant.conn.block_storage.post(
                f'/volumes/{self.old.id}/action', json=action
            ).raise_for_status()


class VolumeWithKey(Volume):
    """An encrypted volume, as an image with its key."""

    procedure = 'volume-from-image'

    def make_original(self):
        self.data = cloud.content()
        self.old = self.tenant.encrypted_volume('mine', self.data)
        self.old_key = self.key(self.old.id)

    def key(self, volume_id):
        return self.ask(volume_id)['encryption_key_id']

    def keys(self, new_id):
        """Cinder's copy of the key, which goes together with the volume."""
        return {
            f'secrets/{href}'
            for href in self.tenant.census().secrets
            if href.endswith(self.key(new_id))
        }

    def payload(self, secret_id):
        answer = self.tenant.conn.key_manager.get(
            f'/secrets/{secret_id}/payload',
            headers={'Accept': 'application/octet-stream'},
        )
        return answer.content

    def assertBytes(self, path, volume):
        """They are those of the file, and the same key opens them."""
        [file] = self.source.glob('*/volumes/*')
        original = judge.Original(file.read_bytes(), cloud.GIB)
        self.assertTrue(original.is_in(path))
        self.assertNotEqual(self.old_key, volume['encryption_key_id'])
        payload = self.payload(volume['encryption_key_id'])
        self.assertEqual(self.payload(self.old_key), payload)
        self.assertEqual(32, len(payload))


class VolumeFromBackup(Volume):
    procedure = 'volume-from-backup'
    backup_options = ('--volume-method', 'backup')

    def make_original(self):
        self.data = cloud.content()
        self.old = self.tenant.volume(
            'mine', self.data,
            description='with data', metadata={'owner': 'web'},
        )  # fmt: skip


class ServerBuild(Case):
    """A server with a disk of its own."""

    procedure = 'server-build'
    kind = 'server'
    backup_options = ()

    def make_original(self):
        self.data = cloud.content()
        image = self.tenant.image('root', self.data, hw_disk_bus='scsi')
        self.old = self.tenant.server(
            'mine', image=image, metadata={'role': 'web'}
        )
        self.tenant.conn.compute.put(
            f'/servers/{self.old.id}/tags',
            json={'tags': ['blue']},
            microversion='2.26',
        )

    def ask(self, server_id):
        answer = self.tenant.conn.compute.get(
            f'/servers/{server_id}', microversion='2.72'
        )
        return answer.json()['server']

    def look(self):
        return self.ask(self.old.id)

    def assertRight(self, new_id):
        now = self.ask(new_id)
        self.assertEqual(f'{self.name}{SUFFIX}', now['name'])
        self.assertEqual('ACTIVE', now['status'])
        self.assertEqual(_RESTORED, now['metadata'][_ROLE])
        self.assertEqual({'role': 'web'}, _without_ours(now['metadata']))
        for field in 'flavor', 'tags', 'key_name', 'config_drive':
            self.assertEqual(self.was[field], now[field], field)
        disk = cloud.disk_of(new_id, self.tenant.folder)
        self.assertTrue(judge.Original(self.data, cloud.GIB).is_in(disk))


ALL = (
    SecretStore,
    ImageUpload,
    VolumeFromImage,
    VolumeWithKey,
    VolumeFromBackup,
    ServerBuild,
)


def for_each(case_test):
    """Make a test class of each case.

    :param case_test: a mixin with the tests.
    :returns: names and classes, for a module's globals.
    """
    return {
        f'{case_test.__name__}{case.__name__}': type(
            f'{case_test.__name__}{case.__name__}',
            (case_test, case),
            {'__module__': case_test.__module__},
        )
        for case in ALL
    }


def _listed(folder):
    """The files of sets, and when each was written.

    Not the claims of readers: they go, but for those of a killed process.
    """
    return {
        path: (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob('*')
        if path.is_file() and path.parent.name != layout.CLAIMS
    }


def _without_ours(metadata):
    return {
        name: value
        for name, value in metadata.items()
        if not name.startswith('backupclient_')
    }

# SPDX-License-Identifier: Apache-2.0
"""The dev cloud as tests use it: a tenant, its things, and a census."""

import base64
import dataclasses
import functools
import hashlib
import os
import pathlib
import secrets
import subprocess
import sys
import time

import fixtures
import openstack
import yaml

STATE = pathlib.Path(os.environ.get('DEVCLOUD_STATE', '/opt/devcloud'))
ROOT = pathlib.Path(__file__).parents[3]
GIB = 1 << 30
MIB = 1 << 20
SMALL = 32 * MIB
"""The bytes of a small volume."""

_MOVING = {'BUILD', 'backing-up', 'reserved', 'restoring-backup'}


def devcloud(*arguments):
    """Call the dev cloud's own command."""
    subprocess.run(
        [sys.executable, '-m', 'devcloud', *map(str, arguments)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=600,
    )


def admin():
    """Connect as the administrator."""
    config = openstack.config.OpenStackConfig(
        config_files=[str(STATE / 'clouds.yaml')]
    )
    return openstack.connection.Connection(
        config=config.get_one(cloud='devcloud-admin')
    )


def content(mib=8):
    """Random bytes with a hole of zeros in the middle."""
    third = mib * MIB // 3
    return (
        secrets.token_bytes(third)
        + bytes(mib * MIB - 2 * third)
        + secrets.token_bytes(third)
    )


@functools.lru_cache(maxsize=64)
def sha512(data, size=None):
    """Hash data, as if zeros followed up to a size."""
    digest = hashlib.sha512(data)
    left = (size or len(data)) - len(data)
    while left:
        step = min(left, 4 * MIB)
        digest.update(bytes(step))
        left -= step
    return digest.hexdigest()


def sha512_of(path, limit=None):
    """Hash a file, or its first bytes."""
    digest = hashlib.sha512()
    with open(path, 'rb') as file:
        left = limit if limit is not None else os.path.getsize(path)
        while left and (block := file.read(min(left, 4 * MIB))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def raw(file):
    """Convert a disk image to raw, beside it."""
    converted = file.with_suffix('.converted')
    subprocess.run(
        ['qemu-img', 'convert', '-O', 'raw', file, converted], check=True
    )
    return converted


def disk_of(server_id, folder):
    """Convert the disk of a server that runs to raw, as its guest reads it.

    :returns: a file in the folder.
    """
    there = STATE / 'data/nova/instances' / server_id / 'disk'
    plain = pathlib.Path(folder, f'{server_id}.raw')
    # The guest has it open, and writes nothing: it cannot boot.
    subprocess.run(
        ['qemu-img', 'convert', '-U', '-O', 'raw', there, plain], check=True
    )
    return plain


def decrypted(file, key, mib=8):
    """Decrypt a LUKS1 disk image with a key file, beside it.

    :param mib: how much of its beginning: as much as :func:`content` gives.
        None: all of it, which takes longer where nothing was ever written,
        since that decrypts to noise.
    """
    plain = file.with_suffix('.plain')
    words = [
        *('--object', f'secret,id=s,format=raw,file={key}', '--image-opts'),
        *('-O', 'raw'),
    ]
    source = f'driver=luks,key-secret=s,file.filename={file}'
    if mib is None:
        words = ['convert', *words, source, plain]
    else:
        some = ('bs=1M', f'count={mib}', f'if={source}', f'of={plain}')
        words = ['dd', *words, *some]
    subprocess.run(['qemu-img', *words], check=True, stdout=subprocess.DEVNULL)
    return plain


def until(condition, what, seconds=240):
    """Wait until something holds; give what it holds."""
    end = time.monotonic() + seconds
    while not (held := condition()):
        if time.monotonic() > end:
            raise AssertionError(f'not within {seconds} s: {what}')
        time.sleep(0.5)
    return held


@dataclasses.dataclass(frozen=True)
class Census:
    """Everything of a project: IDs by kind, with what must not change."""

    volumes: dict
    snapshots: dict
    backups: dict
    images: dict
    servers: dict
    secrets: dict

    def new(self, before):
        """What is there now and was not before, as ``kind/id``."""
        return {
            f'{field.name}/{id_}'
            for field in dataclasses.fields(self)
            for id_ in getattr(self, field.name).keys()
            - getattr(before, field.name).keys()
        }

    def moving(self):
        """The states of volumes, images and servers that do not last."""
        return {
            f'{kind}/{id_}': state
            for kind in ('volumes', 'images', 'servers')
            for id_, (_, state) in getattr(self, kind).items()
            if state.endswith('ing') or state in _MOVING
        }

    def lost(self, before):
        """What was there before and is not, or not as it was."""
        return {
            f'{field.name}/{id_}'
            for field in dataclasses.fields(self)
            for id_, state in getattr(before, field.name).items()
            if getattr(self, field.name).get(id_) != state
        }


class Tenant(fixtures.Fixture):
    """A project of its own with one user, and all that is made in it."""

    def __init__(self, roles=('member', 'creator'), project=None):
        self.roles = roles
        self.project_of = project

    def _setUp(self):
        self.admin = admin()
        identity = self.admin.identity
        name = f'test-{secrets.token_hex(4)}'
        if self.project_of is None:
            self.project = identity.create_project(
                name=name, domain_id='default'
            )
            self.addCleanup(identity.delete_project, self.project)
        else:
            self.project = self.project_of.project
        password = secrets.token_hex(8)
        user = identity.create_user(
            name=name, password=password, domain_id='default'
        )
        self.addCleanup(identity.delete_user, user)
        known = {role.name: role for role in identity.roles()}
        for role in self.roles:
            identity.assign_project_role_to_user(
                self.project, user, known[role]
            )
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.forget_runs()
        self.clouds = os.path.join(self.folder, 'clouds.yaml')
        auth = {
            'auth_url': self.admin.session.auth.auth_url,
            'username': name,
            'password': password,
            'project_id': self.project.id,
            'user_domain_id': 'default',
        }
        cloud = {'auth': auth, 'region_name': 'RegionOne'}
        with open(self.clouds, 'w', encoding='utf-8') as file:
            yaml.safe_dump({'clouds': {'tenant': cloud}}, file)
        config = openstack.config.OpenStackConfig(config_files=[self.clouds])
        self.conn = openstack.connection.Connection(
            config=config.get_one(cloud='tenant')
        )
        if self.project_of is None:
            self.addCleanup(self.clear)

    def forget_runs(self):
        """Have the journals of the commands that come in another folder."""
        self.state = os.path.join(self.folder, f'state-{secrets.token_hex(2)}')

    def environment(self):
        """What a command needs to act as this tenant."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith('OS_')
        }
        return {
            **kept,
            'OS_CLOUD': 'tenant',
            'OS_CLIENT_CONFIG_FILE': self.clouds,
            'XDG_STATE_HOME': self.state,
            'XDG_CACHE_HOME': f'{self.state}-cache',
            'COLUMNS': '200',
        }

    def file(self, name, data):
        """Write a file of the test's own."""
        path = pathlib.Path(self.folder) / name
        path.write_bytes(data)
        return path

    def volume(self, name, data=None, large=False, **options):
        """Make a plain volume, with content written below Cinder.

        :param large: its bytes are 1 GiB, as Cinder believes, and not
            :data:`SMALL`: what a test does with it takes seconds more. The
            content of a small one has to fit into it.
        """
        storage = self.conn.block_storage
        made = storage.create_volume(
            name=name, size=1, volume_type='plain', **options
        )
        until(lambda: storage.get_volume(made.id).status == 'available', name)
        if data is not None:
            self.write(made.id, data, large)
        return made

    def write(self, volume_id, data, large=False):
        """Write the content of a new volume below Cinder.

        :param large: as of :meth:`volume`.
        """
        cut = () if large else ('--mib', SMALL // MIB)
        file = self.file(volume_id, data)
        devcloud('write-volume', volume_id, file, *cut)

    def encrypted_volume(self, name, data, large=False):
        """Make an encrypted volume by way of an image with the content.

        :param large: as of :meth:`volume`.
        """
        storage = self.conn.block_storage
        image = self.image(f'{name}-source', data)
        made = storage.create_volume(
            name=name, size=1, volume_type='luks', image_id=image.id
        )
        until(lambda: storage.get_volume(made.id).status == 'available', name)
        self.conn.image.delete_image(image)
        if not large:
            self._cut(made.id)
        return made

    def _cut(self, volume_id):
        """Keep the beginning of a volume, as it is in Ceph."""
        file = pathlib.Path(self.folder) / volume_id
        devcloud('read-volume', volume_id, file)
        os.truncate(file, SMALL)
        devcloud('write-volume', volume_id, file, '--mib', SMALL // MIB)
        file.unlink()

    def image(self, name, data, **options):
        """Make an image."""
        return self.conn.create_image(
            name,
            filename=str(self.file(name, data)),
            disk_format='raw',
            container_format='bare',
            wait=True,
            **options,
        )

    def secret(self, name, secret_type, payload, **options):
        """Store a secret.

        :returns: its ID.
        """
        body = {
            'name': name,
            'secret_type': secret_type,
            'payload': base64.b64encode(payload).decode(),
            'payload_content_type': 'application/octet-stream',
            'payload_content_encoding': 'base64',
            **options,
        }
        answer = self.conn.key_manager.post('/secrets', json=body)
        return answer.json()['secret_ref'].rsplit('/', 1)[1]

    def server(self, name, flavor='m1.tiny', image=None, volumes=(), **more):
        """Make a server and attach volumes to it."""
        compute = self.conn.compute
        flavors = {each.name: each.id for each in compute.flavors()}
        if image is not None:
            more['image_id'] = image.id
        made = compute.create_server(
            name=name, flavor_id=flavors[flavor], networks='none', **more
        )
        made = compute.wait_for_server(made, interval=1, wait=300)
        for volume in volumes:
            compute.create_volume_attachment(made, volume_id=volume.id)
            until(lambda volume=volume: self.status(volume) == 'in-use', name)
        return made

    def status(self, volume):
        """The status of a volume."""
        return self.conn.block_storage.get_volume(volume.id).status

    def census(self):
        """Count everything."""
        conn = self.conn
        secrets_ = conn.key_manager.get('/secrets?limit=100').json()
        return Census(
            {v.id: (v.name, v.status) for v in conn.block_storage.volumes()},
            {s.id: s.name for s in conn.block_storage.snapshots()},
            {b.id: b.name for b in conn.block_storage.backups()},
            {
                i.id: (i.name, i.status)
                for i in conn.image.images(owner=self.project.id)
            },
            {s.id: (s.name, s.status) for s in conn.compute.servers()},
            {s['secret_ref']: s['name'] for s in secrets_['secrets']},
        )

    def settled(self):
        """Count everything as soon as nothing is on its way any more.

        Cinder sets a volume free a moment after the image of it is active:
        what is counted before that has changed when a test looks again.
        """

        def now():
            census = self.census()
            return None if census.moving() else census

        return until(now, 'nothing is on its way')

    def clear(self, kept=None):
        """Take everything of the project away.

        :param kept: a census: all but what it has.
        """
        conn, storage = self.conn, self.conn.block_storage
        kept = kept or Census({}, {}, {}, {}, {}, {})

        def servers():
            return [
                s for s in conn.compute.servers() if s.id not in kept.servers
            ]

        for server in servers():
            conn.compute.delete_server(server)
        until(lambda: not servers(), 'servers gone')
        self._drain(
            storage.backups, storage.delete_backup, kept.backups, details=True
        )
        self._drain(storage.snapshots, storage.delete_snapshot, kept.snapshots)
        for hidden in (False, True):
            # The next page begins behind the last image of this one: so none
            # is deleted before all are listed.
            images = [
                *conn.image.images(owner=self.project.id, is_hidden=hidden)
            ]
            for image in images:
                if image.id not in kept.images:
                    conn.image.delete_image(image)
        self._drain(storage.volumes, storage.delete_volume, kept.volumes)
        listed = conn.key_manager.get('/secrets?limit=100').json()
        for secret in listed['secrets']:
            if secret['secret_ref'] not in kept.secrets:
                conn.key_manager.delete(
                    '/secrets/' + secret['secret_ref'].rsplit('/', 1)[1]
                )

    def _drain(self, read, delete, kept, **query):
        def gone():
            left = [each for each in read(**query) if each.id not in kept]
            for each in left:
                if each.status == 'available' or 'error' in each.status:
                    try:
                        delete(each)
                    except openstack.exceptions.HttpException:
                        # A younger one has to go first.
                        continue
            return not left

        until(gone, f'{read.__name__} gone')

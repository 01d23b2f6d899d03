# SPDX-License-Identifier: Apache-2.0
"""Where everything lives, and the configuration made from ``conf/``.

All state is under one folder, `STATE`.  Passwords and ids are made once and
kept in ``STATE/facts.json``; the templates of ``conf/`` are filled in with
them and written to the same place under ``STATE/etc``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
import dataclasses
import functools
import json
import os
import pathlib
import re
import secrets
import uuid

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent
STATE = pathlib.Path(
    os.environ.get('DEVCLOUD_STATE') or '/opt/devcloud'
).resolve()
VENV = STATE / 'venv'
ETC = STATE / 'etc'
DATA = STATE / 'data'
RUN = STATE / 'run'
LOG = STATE / 'log'
CLOUDS = STATE / 'clouds.yaml'
SEED = STATE / 'seed.json'
S3 = STATE / 's3.env'
CEPH_CONF = ETC / 'ceph/ceph.conf'

HOST = '127.0.0.1'
REGION = 'RegionOne'
AUTH_URL = f'http://{HOST}:5000/v3'
POOL = 'volumes'  # the one Ceph pool

# The sparse file behind Ceph, and how QEMU runs its guests.  Plain emulation
# needs nothing of the machine; `kvm` is for where it really works.
OSD_GIB = int(os.environ.get('DEVCLOUD_OSD_GB', '30'))
VIRT_TYPE = os.environ.get('DEVCLOUD_VIRT_TYPE', 'qemu')

# Which services have an account of their own in keystone.
SERVICE_USERS = (
    'glance',
    'barbican',
    'cinder',
    'placement',
    'nova',
    'neutron',
)


@dataclasses.dataclass(frozen=True)
class Person:
    """A user of the cloud: project and the roles in it."""

    name: str
    project: str
    roles: tuple[str, ...]

    @property
    def cloud(self) -> str:
        """The name of this user's entry in clouds.yaml."""
        return f'devcloud-{self.name}'


ADMIN = Person('admin', 'admin', ('admin',))
TENANTS = (
    Person('alice', 'tenant-a', ('member', 'creator')),
    Person('bob', 'tenant-b', ('member', 'creator')),
    Person('rita', 'tenant-a', ('reader',)),
    Person('mel', 'tenant-a', ('member',)),
)
PEOPLE = (ADMIN, *TENANTS)


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is made up once for this cloud and then stays."""

    fsid: str
    osd_uuid: str
    key_encryption_key: str
    passwords: dict[str, str]


def _new_facts() -> Facts:
    names = ['db', *SERVICE_USERS, *(person.name for person in PEOPLE)]
    return Facts(
        fsid=str(uuid.uuid4()),
        osd_uuid=str(uuid.uuid4()),
        key_encryption_key=base64.b64encode(os.urandom(32)).decode(),
        passwords={name: secrets.token_hex(8) for name in names},
    )


@functools.cache
def facts() -> Facts:
    """Read the facts of this cloud; make them the first time."""
    path = STATE / 'facts.json'
    if not path.exists():
        text = json.dumps(dataclasses.asdict(_new_facts()), indent=1)
        write(path, text, private=True)
    return Facts(**json.loads(path.read_text()))


def write(path: pathlib.Path, text: str, private: bool = False) -> bool:
    """Write `text` to `path`; say whether that changed anything."""
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: a kill at any moment leaves a whole file.
    beside = path.with_name(path.name + '.new')
    beside.touch(mode=0o600 if private else 0o644)
    beside.write_text(text)
    beside.rename(path)
    return True


def once(name: str, task: Callable[[], None]) -> None:
    """Do `task` unless it was done in this state folder before."""
    mark = STATE / 'done' / name
    if not mark.exists():
        task()
        write(mark, '')


def database_url(name: str) -> str:
    """Give the SQLAlchemy URL of the database `name`."""
    password = facts().passwords['db']
    return (
        f'mysql+pymysql://devcloud:{password}@{HOST}:3306/{name}'
        '?charset=utf8mb4'
    )


def _auth(user: str) -> str:
    """Give the credentials of a service user as oslo.config lines."""
    lines = {
        'auth_type': 'password',
        'auth_url': AUTH_URL,
        'username': user,
        'password': facts().passwords[user],
        'user_domain_id': 'default',
        'project_name': 'service',
        'project_domain_id': 'default',
        'region_name': REGION,
    }
    return '\n'.join(f'{key} = {value}' for key, value in lines.items())


def _auth_token(user: str) -> str:
    """Give what keystonemiddleware needs to check the tokens of clients."""
    return (
        f'{_auth(user)}\n'
        f'www_authenticate_uri = {AUTH_URL}\n'
        f'memcached_servers = {HOST}:11211\n'
        'token_cache_time = 60'
    )


def render(text: str) -> str:
    """Fill in a template: ``@NAME@`` and ``@NAME:argument@``."""
    plain = {
        'STATE': str(STATE),
        'FSID': facts().fsid,
        'KEK': facts().key_encryption_key,
        'OSD_BYTES': str(OSD_GIB << 30),
        'VIRT_TYPE': VIRT_TYPE,
    }
    made = {'DB': database_url, 'AUTH': _auth, 'AUTHTOKEN': _auth_token}

    def fill(match: re.Match[str]) -> str:
        name, argument = match.groups()
        return made[name](argument) if argument else plain[name]

    return re.sub(r'@([A-Z_]+)(?::([a-z0-9_]+))?@', fill, text)


def _clouds_yaml() -> str:
    text = 'clouds:\n'
    for person in PEOPLE:
        text += (
            f'  {person.cloud}:\n'
            '    auth:\n'
            f'      auth_url: {AUTH_URL}\n'
            f'      username: {person.name}\n'
            f'      password: {facts().passwords[person.name]}\n'
            f'      project_name: {person.project}\n'
            '      user_domain_id: default\n'
            '      project_domain_id: default\n'
            f'    region_name: {REGION}\n'
            '    identity_api_version: 3\n'
        )
    return text


# Files that the services' packages bring along and want beside their own.
_SHIPPED = (
    'glance/glance-api-paste.ini',
    'barbican/barbican-api-paste.ini',
    'cinder/api-paste.ini',
    'cinder/rootwrap.conf',
    'cinder/resource_filters.json',
    'nova/api-paste.ini',
    'nova/rootwrap.conf',
    'neutron/api-paste.ini',
)

_FOLDERS = (
    'home',
    'log',
    'run/ceph',
    'run/lock',
    'data/backups',
    'data/ceph/crash',
    'data/cinder/conversion',
    'data/cinder/coordination',
    'data/glance/images',
    'data/glance/staging',
    'data/glance/tasks',
    'data/known',
    'data/neutron',
    'data/nova/instances',
)


def configure() -> list[str]:
    """Make folders and configuration; name the files that changed."""
    for folder in _FOLDERS:
        (STATE / folder).mkdir(parents=True, exist_ok=True)
    wanted = {
        ETC / name: (VENV / 'etc' / name).read_text() for name in _SHIPPED
    }
    for template in sorted((HERE / 'conf').glob('*/*')):
        target = ETC / template.relative_to(HERE / 'conf')
        wanted[target] = render(template.read_text())
    changed = [
        str(path.relative_to(ETC))
        for path, text in wanted.items()
        if write(path, text, private=True)
    ]
    write(CLOUDS, _clouds_yaml(), private=True)
    # oslo.config looks at ~/.PROJECT/ when nobody names it a file.
    for service in ('keystone', *SERVICE_USERS):
        link = STATE / 'home' / f'.{service}'
        if not link.is_symlink():
            link.symlink_to(ETC / service)
    return changed

# SPDX-License-Identifier: Apache-2.0
"""What the cloud has from its beginning, made through its own APIs.

Run by the services' Python (it has openstacksdk): ``keystone`` makes
projects, users and the list of services, ``offers`` what tenants choose
from.  Both may be run again.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import Any

import openstack

from devcloud import settings
from devcloud.settings import ADMIN
from devcloud.settings import HOST
from devcloud.settings import SERVICE_USERS
from devcloud.settings import TENANTS

# Where the clients find each service.
_CATALOG = (
    ('glance', 'image', 9292, ''),
    ('barbican', 'key-manager', 9311, ''),
    ('cinder', 'block-storage', 8776, '/v3'),
    ('placement', 'placement', 8778, ''),
    ('nova', 'compute', 8774, '/v2.1'),
    ('neutron', 'network', 9696, ''),
)


@dataclasses.dataclass(frozen=True)
class Flavor:
    """The size of a server: memory in MiB, disks in GiB, swap in MiB."""

    name: str
    disk: int
    ephemeral: int = 0
    swap: int = 0
    ram: int = 64
    vcpus: int = 1


_FLAVORS = (
    Flavor('m1.tiny', disk=1),
    Flavor('m1.eph', disk=1, ephemeral=1),
    Flavor('m1.bfv', disk=0),  # boots from a volume
    Flavor('m1.swap', disk=1, ephemeral=1, swap=64),
)


def connect(cloud: str) -> Any:
    """Connect to this cloud as one of its users."""
    os.environ['OS_CLIENT_CONFIG_FILE'] = str(settings.CLOUDS)
    # 2.74 lets a server have no network by the word `none`.
    return openstack.connect(cloud=cloud, compute_api_version='2.74')


def make_users(identity: Any) -> None:
    """Make roles, projects, and users with their roles."""
    roles = {role.name: role for role in identity.roles()}
    for name in ('service', 'creator', 'member', 'reader'):
        if name not in roles:
            roles[name] = identity.create_role(name=name)
    projects = {project.name: project for project in identity.projects()}
    for name in ('service', *sorted({who.project for who in TENANTS})):
        if name not in projects:
            projects[name] = identity.create_project(
                name=name, domain_id='default'
            )
    users = {user.name: user for user in identity.users()}
    wanted: list[tuple[str, str, tuple[str, ...]]] = [
        (name, 'service', ('service', 'admin')) for name in SERVICE_USERS
    ]
    wanted += [(who.name, who.project, who.roles) for who in TENANTS]
    for name, project, its_roles in wanted:
        if name not in users:
            users[name] = identity.create_user(
                name=name,
                password=settings.facts().passwords[name],
                domain_id='default',
                default_project_id=projects[project].id,
            )
        for role in its_roles:
            identity.assign_project_role_to_user(
                projects[project], users[name], roles[role]
            )


def make_catalog(identity: Any) -> None:
    """Make the list of services and where they answer."""
    there = {service.type for service in identity.services()}
    for name, kind, port, path in _CATALOG:
        if kind in there:
            continue
        service = identity.create_service(name=name, type=kind)
        for interface in ('public', 'internal', 'admin'):
            identity.create_endpoint(
                service_id=service.id,
                interface=interface,
                url=f'http://{HOST}:{port}{path}',
                region_id=settings.REGION,
            )


def make_volume_types(storage: Any) -> None:
    """Make the two types: as it comes, and encrypted."""
    there = {kind.name for kind in storage.types()}
    where = {'volume_backend_name': 'rbd'}
    if 'plain' not in there:
        storage.create_type(name='plain', extra_specs=where)
    if 'luks' not in there:
        luks = storage.create_type(name='luks', extra_specs=where)
        storage.create_type_encryption(
            luks,
            provider='luks',
            cipher='aes-xts-plain64',
            key_size=256,
            control_location='front-end',
        )


def make_image(cloud: Any) -> None:
    """Make the public image: 64 MiB, random and empty parts by turns.

    There is no boot loader in it: a server sits in its BIOS and writes
    nothing, so that what is on its disks stays known.
    """
    if list(cloud.image.images(name='tiny')):
        return
    path = settings.DATA / 'tiny.raw'
    path.write_bytes(
        b''.join(os.urandom(4 << 20) + bytes(12 << 20) for _ in range(4))
    )
    cloud.create_image(
        'tiny',
        filename=str(path),
        disk_format='raw',
        container_format='bare',
        visibility='public',
        wait=True,
    )


def make_flavors(compute: Any) -> None:
    """Make the sizes of servers."""
    there = {flavor.name for flavor in compute.flavors()}
    for flavor in _FLAVORS:
        if flavor.name not in there:
            compute.create_flavor(**dataclasses.asdict(flavor))


def main(what: str) -> None:
    """Make what belongs to keystone, or all the rest."""
    cloud = connect(ADMIN.cloud)
    if what == 'keystone':
        make_users(cloud.identity)
        make_catalog(cloud.identity)
    else:
        make_volume_types(cloud.block_storage)
        make_image(cloud)
        make_flavors(cloud.compute)


if __name__ == '__main__':
    main(sys.argv[1])

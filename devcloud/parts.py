# SPDX-License-Identifier: Apache-2.0
"""The registry: every part of the cloud and the processes that it is.

Read this to know what runs.  A part is started when all that it needs is
ready, parts that do not need each other at the same time; `down` goes the
other way round.  How each one is set up is told in `infrastructure`,
`ceph` and `services`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
import dataclasses

from devcloud import ceph
from devcloud import infrastructure as infra
from devcloud import object_store
from devcloud import ready
from devcloud import services


def _nothing() -> None:
    pass


@dataclasses.dataclass(frozen=True)
class Process:
    """One process in the background."""

    name: str
    command: Callable[[], list[str]]
    ready: Callable[[], bool]
    ports: tuple[int, ...] = ()
    # Done once in the life of a cloud, just before the first start.
    prepare: Callable[[], None] = _nothing
    env: Callable[[], Mapping[str, str]] = dict
    # The next process of the part begins only when this one is ready.
    first: bool = False


@dataclasses.dataclass(frozen=True)
class Part:
    """Processes that belong together."""

    name: str
    why: str
    needs: tuple[str, ...]
    processes: tuple[Process, ...]
    # Done once: before the first start, and when all first ran.
    prepare: Callable[[], None] = _nothing
    finish: Callable[[], None] = _nothing
    # Started only when it is named; and what it needs of Debian.
    optional: bool = False
    packages: tuple[str, ...] = ()


def _api(
    name: str, port: int, module: str, threads: int = 4, arguments: str = ''
) -> Process:
    return Process(
        name,
        lambda: services.uwsgi(name, port, module, threads, arguments),
        ready.http(port),
        (port,),
    )


def _worker(name: str) -> Process:
    """Give a service without an API: it tells the database that it lives."""
    database = name.partition('-')[0]
    return Process(
        name,
        lambda: services.worker(name),
        ready.heartbeat(database, name),
    )


PARTS = (
    Part(
        'memcached',
        'the services and keystone remember checked tokens in it',
        (),
        (Process('memcached', infra.memcached, ready.port(11211), (11211,)),),
    ),
    Part(
        'mariadb',
        'the database of every service',
        (),
        (Process('mariadb', infra.mariadb, ready.port(3306), (3306,)),),
        prepare=infra.make_mariadb,
        finish=infra.finish_mariadb,
    ),
    Part(
        'rabbit',
        'the processes of cinder and of nova talk to each other over it',
        (),
        (
            Process('epmd', infra.epmd, ready.port(4369), (4369,), first=True),
            Process(
                'rabbitmq',
                infra.rabbitmq,
                ready.port(5672),
                (5672, 25672),
                env=infra.rabbitmq_env,
            ),
        ),
    ),
    Part(
        'ceph',
        'keeps the volumes, as most real clouds do',
        (),
        (
            Process(
                'ceph-mon',
                ceph.mon,
                ready.port(3300),
                (3300, 6789),
                prepare=ceph.make_mon,
                first=True,
            ),
            Process('ceph-mgr', ceph.mgr, lambda: True),
            Process(
                'ceph-osd',
                ceph.osd,
                ceph.ready,
                prepare=ceph.make_osd,
            ),
        ),
        prepare=ceph.make,
        finish=ceph.finish,
    ),
    Part(
        'libvirt',
        'runs the servers, with QEMU',
        (),
        (Process('libvirtd', infra.libvirtd, infra.libvirt_ready),),
    ),
    Part(
        'keystone',
        'users, projects, tokens, the list of services',
        ('mariadb', 'memcached'),
        (_api('keystone', 5000, 'keystone.wsgi.api', threads=6),),
        prepare=services.make_keystone,
        finish=services.finish_keystone,
    ),
    Part(
        'glance',
        'images',
        ('keystone',),
        (_api('glance-api', 9292, 'glance.wsgi.api', threads=6),),
        prepare=services.make_glance,
    ),
    Part(
        'barbican',
        'secrets, and the keys of encrypted volumes',
        ('keystone',),
        (_api('barbican-api', 9311, 'barbican.py'),),
        prepare=services.make_barbican,
    ),
    Part(
        'placement',
        'tells nova where there is room',
        ('keystone',),
        (_api('placement-api', 8778, 'placement.wsgi.api', threads=2),),
        prepare=services.make_placement,
    ),
    Part(
        'neutron',
        'nova asks it whenever a server is shown; there is no network',
        ('keystone',),
        (_api('neutron-api', 9696, 'neutron.py', threads=2),),
        prepare=services.make_neutron,
    ),
    Part(
        'cinder',
        'volumes, snapshots, backups',
        ('keystone', 'rabbit', 'ceph'),
        (
            _api(
                'cinder-api',
                8776,
                'cinder.wsgi.api',
                threads=6,
                arguments=services.config('cinder'),
            ),
            _worker('cinder-scheduler'),
            _worker('cinder-volume'),
            _worker('cinder-backup'),
        ),
        prepare=services.make_cinder,
    ),
    Part(
        'nova',
        'servers',
        (
            'keystone',
            'rabbit',
            'ceph',
            'libvirt',
            'placement',
            'neutron',
            'glance',
            'barbican',
            'cinder',
        ),
        (
            _api('nova-api', 8774, 'nova.wsgi.osapi_compute', threads=6),
            _worker('nova-conductor'),
            _worker('nova-scheduler'),
            _worker('nova-compute'),
        ),
        prepare=services.make_nova,
        finish=services.finish_nova,
    ),
    Part(
        's3',
        'an object store beside the cloud, for the targets of backups',
        ('ceph',),
        (
            Process(
                'radosgw',
                object_store.gateway,
                ready.http(object_store.PORT),
                (object_store.PORT,),
            ),
        ),
        finish=object_store.finish,
        optional=True,
        packages=object_store.PACKAGES,
    ),
)


def names() -> list[str]:
    """List what `up` and `down` take: parts and processes."""
    return [part.name for part in PARTS] + [
        process.name for part in PARTS for process in part.processes
    ]


def packages(wanted: Iterable[str]) -> tuple[str, ...]:
    """List the Debian packages of the optional parts that are wanted."""
    return tuple(
        package
        for part in PARTS
        if {part.name, *(one.name for one in part.processes)} & set(wanted)
        for package in part.packages
    )


def with_needs(wanted: Iterable[str]) -> set[str]:
    """Give the names of parts together with all that they need."""
    needs = {part.name: part.needs for part in PARTS}
    found: set[str] = set()
    todo = list(wanted)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs[name]
    return found

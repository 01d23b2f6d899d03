# SPDX-License-Identifier: Apache-2.0
"""What the OpenStack services stand on: database, queue, libvirt.

For each: the command that starts it and, where there is something to do
before its first start, a `make_...` function, after it a `finish_...` one.
"""

from __future__ import annotations

import pathlib
import shutil

from devcloud import settings
from devcloud.commands import Failed
from devcloud.commands import run
from devcloud.commands import succeeds
from devcloud.settings import DATA
from devcloud.settings import ETC
from devcloud.settings import HOST
from devcloud.settings import LOG
from devcloud.settings import RUN

_DATABASE = DATA / 'mariadb'
_RABBIT_DATA = DATA / 'rabbit'
_SOCKET = RUN / 'mariadb.sock'


def memcached() -> list[str]:
    """Give the command of memcached."""
    return [
        'memcached',
        '-u',
        'root',
        '-l',
        HOST,
        '-p',
        '11211',
        '-m',
        '32',
        '-t',
        '1',
    ]


def make_mariadb() -> None:
    """Make an empty database server."""
    shutil.rmtree(_DATABASE, ignore_errors=True)
    run(
        [
            'mariadb-install-db',
            '--no-defaults',
            '--user=root',
            f'--datadir={_DATABASE}',
            '--skip-test-db',
            '--auth-root-authentication-method=normal',
        ],
        log='mariadb',
    )


def mariadb() -> list[str]:
    """Give the command of the database server."""
    return [
        'mariadbd',
        '--no-defaults',
        '--user=root',
        f'--datadir={_DATABASE}',
        f'--socket={_SOCKET}',
        f'--pid-file={RUN / "mariadb.pid"}',
        f'--bind-address={HOST}',
        '--port=3306',
        '--max-connections=600',
        '--skip-name-resolve',
        '--skip-log-bin',
        '--performance-schema=0',
        '--innodb-buffer-pool-size=128M',
        '--innodb-log-file-size=48M',
        # A killed server loses nothing; a power cut the last second at most.
        '--innodb-flush-log-at-trx-commit=2',
    ]


def finish_mariadb() -> None:
    """Make the one database user of all services."""
    password = settings.facts().passwords['db']
    sql(
        f"create user if not exists devcloud@'{HOST}';"
        f" set password for devcloud@'{HOST}' = password('{password}');"
        f" grant all on *.* to devcloud@'{HOST}'"
    )


def sql(text: str) -> str:
    """Run SQL as root and give the rows, tabs between the columns."""
    return run(
        [
            'mariadb',
            '--no-defaults',
            '-S',
            _SOCKET,
            '-u',
            'root',
            '-N',
            '-e',
            text,
        ]
    )


def make_database(*names: str) -> None:
    """Make databases, empty: half-made tables are worth nothing."""
    for name in names:
        sql(
            f'drop database if exists {name};'
            f' create database {name} character set utf8mb3'
        )


def epmd() -> list[str]:
    """Give the command of Erlang's list of nodes, which RabbitMQ needs."""
    return ['epmd', '-address', HOST]


def rabbitmq() -> list[str]:
    """Give the command of RabbitMQ.

    It begins empty each time: a message never outlives those who wait for
    it, and so no kill can leave a broken queue behind.
    """
    shutil.rmtree(_RABBIT_DATA, ignore_errors=True)
    _RABBIT_DATA.mkdir(parents=True)
    folder = pathlib.Path('/usr/lib/rabbitmq/lib')
    found = sorted(folder.glob('rabbitmq_server-*/sbin/rabbitmq-server'))
    if not found:
        raise Failed(f'no rabbitmq-server under {folder}')
    # The script in /usr/sbin would change to the user rabbitmq first.
    return [str(found[-1])]


def rabbitmq_env() -> dict[str, str]:
    """Give RabbitMQ's settings; it takes its paths only from there."""
    return {
        'ERL_EPMD_ADDRESS': HOST,
        'RABBITMQ_NODENAME': 'devcloud@localhost',
        'RABBITMQ_DIST_PORT': '25672',
        'RABBITMQ_MNESIA_BASE': str(_RABBIT_DATA),
        'RABBITMQ_LOG_BASE': str(LOG),
        'RABBITMQ_PID_FILE': str(RUN / 'rabbitmq.pid'),
        'RABBITMQ_CONFIG_FILE': str(ETC / 'rabbitmq/rabbitmq'),
        'RABBITMQ_CONF_ENV_FILE': str(ETC / 'rabbitmq/env'),
        'RABBITMQ_ENABLED_PLUGINS_FILE': str(ETC / 'rabbitmq/plugins'),
        # Two threads that sleep when idle, reachable from here only.
        'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': (
            '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none'
            ' -kernel inet_dist_use_interface {127,0,0,1}'
        ),
    }


def libvirtd() -> list[str]:
    """Give the command of libvirtd."""
    pathlib.Path('/run/libvirt').mkdir(exist_ok=True)
    return [
        'libvirtd',
        '--config',
        str(ETC / 'libvirt/libvirtd.conf'),
        '--pid-file',
        str(RUN / 'libvirtd.pid'),
    ]


def libvirt_ready() -> bool:
    """Say whether libvirtd answers and found its QEMU."""
    return succeeds(['virsh', '-c', 'qemu:///system', 'version'])

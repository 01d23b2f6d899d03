# SPDX-License-Identifier: Apache-2.0
"""Ceph without its installers: one monitor, one manager, one OSD.

As in `infrastructure`: commands, and what is done once.
"""

from __future__ import annotations

import json
import shutil

from devcloud import settings
from devcloud.commands import run
from devcloud.settings import CEPH_CONF
from devcloud.settings import DATA
from devcloud.settings import ETC
from devcloud.settings import HOST
from devcloud.settings import POOL

_KEYRING = ETC / 'ceph/keyring'


def tool(*words: str) -> str:
    """Run a command of the ceph tool and give its output."""
    return run(['ceph', '-c', CEPH_CONF, '--connect-timeout', '10', *words])


def make() -> None:
    """Make empty folders, keyring and monitor map of a Ceph cluster."""
    for name in ('mon.a', 'mgr.x', 'osd.0'):
        shutil.rmtree(DATA / 'ceph' / name, ignore_errors=True)
        (DATA / 'ceph' / name).mkdir(parents=True)
    everything = [
        word
        for daemon in ('mon', 'osd', 'mgr')
        for word in ('--cap', daemon, 'allow *')
    ]
    run(
        [
            'ceph-authtool',
            '--create-keyring',
            _KEYRING,
            '--gen-key',
            '-n',
            'client.admin',
            *everything,
        ]
    )
    run(
        [
            'ceph-authtool',
            _KEYRING,
            '--gen-key',
            '-n',
            'mon.',
            '--cap',
            'mon',
            'allow *',
        ]
    )


def make_mon() -> None:
    """Make the store of the monitor."""
    monmap = ETC / 'ceph/monmap'
    run(
        [
            'monmaptool',
            '--create',
            '--clobber',
            '--fsid',
            settings.facts().fsid,
            '--addv',
            'a',
            f'[v2:{HOST}:3300,v1:{HOST}:6789]',
            monmap,
        ]
    )
    run(
        [
            'ceph-mon',
            '-c',
            CEPH_CONF,
            '--mkfs',
            '-i',
            'a',
            '--monmap',
            monmap,
            '--keyring',
            _KEYRING,
        ]
    )


def make_osd() -> None:
    """Make the store of the OSD, on a sparse file."""
    osd_uuid = settings.facts().osd_uuid
    tool('osd', 'new', osd_uuid)  # fine to say twice
    run(
        [
            'ceph-osd',
            '-c',
            CEPH_CONF,
            '--mkfs',
            '-i',
            '0',
            '--osd-uuid',
            osd_uuid,
        ],
        log='ceph-osd',
    )


def finish() -> None:
    """Make the pool of the volumes."""
    run(['rbd', '-c', CEPH_CONF, 'pool', 'init', POOL])


def mon() -> list[str]:
    """Give the command of the monitor."""
    return ['ceph-mon', '-c', str(CEPH_CONF), '-f', '-i', 'a']


def mgr() -> list[str]:
    """Give the command of the manager."""
    return ['ceph-mgr', '-c', str(CEPH_CONF), '-f', '-i', 'x']


def osd() -> list[str]:
    """Give the command of the OSD."""
    return ['ceph-osd', '-c', str(CEPH_CONF), '-f', '-i', '0']


def ready() -> bool:
    """Say whether all data can be reached; make the pool if needed."""
    if POOL not in tool('osd', 'pool', 'ls').split():
        tool('osd', 'pool', 'create', POOL, '16', '16')
    groups = json.loads(tool('-s', '-f', 'json'))['pgmap']
    clean = {
        state['state_name']: state['count']
        for state in groups.get('pgs_by_state', ())
    }
    return bool(0 < groups['num_pgs'] == clean.get('active+clean', 0))

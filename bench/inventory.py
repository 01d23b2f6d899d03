# SPDX-License-Identifier: Apache-2.0
"""Measure how a plan reads a large project, against its raw pages.

    python -m devcloud run --cloud devcloud-admin -- python bench/inventory.py

makes a project in the dev cloud with 10,000 volumes, 10,000 images and 1,000
secrets (one of each by the APIs, the others as rows in the databases), and
in each round, in turns,

    inventory    reads the project as "openstack backup plan" does
    raw pages    sends the same requests one after the other, and only takes
                 the bytes of the answers

Then it deletes the project. It prints medians, the ratio, and the requests;
its exit code is 1 when the promise is not kept. Run it on a machine, and with
a cloud, that do nothing else: the services use the same processors.
"""

import argparse
import base64
from collections.abc import Iterator
import contextlib
import os
import secrets
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

import measure
import openstack
import requests

from backupclient import clocks
from backupclient.cloud import door
from backupclient.cloud import inventory

PROMISE = 0.7


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--volumes', type=int, default=10_000)
    parser.add_argument('--images', type=int, default=10_000)
    parser.add_argument('--secrets', type=int, default=1_000)
    parser.add_argument('--rounds', type=int, default=5)
    return parser.parse_args()


def devcloud(*words: object) -> None:
    """Call the dev cloud's own command."""
    command = [sys.executable, '-m', 'devcloud', *map(str, words)]
    subprocess.run(command, check=True)


@contextlib.contextmanager
def project() -> Iterator[Any]:
    """Give the connection to a project that is there for a while."""
    admin: Any = openstack.connect()
    identity, name = admin.identity, f'bench-{secrets.token_hex(4)}'
    roles = {role.name: role for role in identity.roles()}
    with contextlib.ExitStack() as undo:
        made = identity.create_project(name=name, domain_id='default')
        undo.callback(identity.delete_project, made)
        password = secrets.token_hex(8)
        user = identity.create_user(
            name=name, password=password, domain_id='default'
        )
        undo.callback(identity.delete_user, user)
        for role in ('member', 'creator'):
            identity.assign_project_role_to_user(made, user, roles[role])
        undo.callback(devcloud, 'diminish', made.id)
        yield openstack.connect(
            load_envvars=False,
            load_yaml_config=False,
            auth_type='password',
            auth={
                'auth_url': admin.session.auth.auth_url,
                'username': name,
                'password': password,
                'project_id': made.id,
                'user_domain_id': 'default',
            },
            region_name=admin.config.get_region_name(),
        )


def fill(connection: Any, options: argparse.Namespace) -> None:
    """Make one of each, as people have them, and multiply it."""
    storage = connection.block_storage
    volume = storage.create_volume(
        name='bench', size=1, volume_type='plain', metadata={'env': 'prod'}
    )
    storage.wait_for_status(volume, interval=1, wait=120)
    image = connection.create_image(
        'bench',
        data=bytes(1 << 10),
        disk_format='raw',
        container_format='bare',
        wait=True,
        hw_disk_bus='virtio',
        os_distro='debian',
        os_version='12',
    )
    body = {
        'name': 'bench',
        'payload': base64.b64encode(b'secret').decode(),
        'payload_content_type': 'application/octet-stream',
        'payload_content_encoding': 'base64',
    }
    answer = connection.key_manager.post('/secrets', json=body)
    secret = answer.json()['secret_ref'].rsplit('/', 1)[1]
    devcloud('multiply', 'volume', volume.id, options.volumes)
    devcloud('multiply', 'image', image.id, options.images - 1)
    devcloud('multiply', 'secret', secret, options.secrets - 1)
    # The volume itself has storage behind it.
    storage.delete_volume(volume)


class Recorder:
    """Notes the requests that a session sends, to send them again."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._send = session.send
        self.sent: list[requests.PreparedRequest] = []

    def __enter__(self) -> 'Recorder':
        self._session.send = self._note  # type: ignore[method-assign]
        return self

    def __exit__(self, *error: object) -> None:
        self._session.send = self._send  # type: ignore[method-assign]

    def _note(
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        self.sent.append(request)
        return self._send(request, **options)

    def replay(self) -> None:
        """Send them again, one after the other."""
        for request in self.sent:
            self._send(request).raise_for_status()


def measured(
    connection: Any, rounds: int
) -> tuple[dict[str, list[float]], int]:
    """Read in turns: give the seconds of each way, and the requests."""
    cloud = door.connect(connection, clocks.SystemClock())
    # The first one fills the services' caches, and tells what is asked.
    with Recorder(connection.session.session) as recorder:
        found = inventory.read(cloud)
    if found.unread:
        sys.exit(f'not read: {found.unread}')
    print(
        f'{len(found.volumes)} volumes, {len(found.images)} images, '
        f'{len(found.secrets)} secrets'
    )
    ways = {
        'inventory': lambda: inventory.read(cloud),
        'raw pages': recorder.replay,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name in list(ways)[:: -1 if turn % 2 else 1]:
            begun = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - begun)
    return seconds, len(recorder.sent)


def main() -> int:
    """Make, measure, clean up."""
    options = parse()
    # SystemExit passes through what cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with project() as connection:
        fill(connection, options)
        seconds, count = measured(connection, options.rounds)
    for name, values in seconds.items():
        print(measure.row(name, values, 's'))
    ratio = measure.ratio(seconds['inventory'], seconds['raw pages'])
    cpus = os.cpu_count() or 1
    load = statistics.fmean(os.getloadavg()) / cpus
    print(f'requests                 {count:7}')
    print(f'load per processor       {load:7.2f}   (1: nothing else runs)')
    print(f'inventory / raw pages    {ratio:7.2f}   (at most {PROMISE})')
    return 0 if ratio <= PROMISE else 1


if __name__ == '__main__':
    sys.exit(main())

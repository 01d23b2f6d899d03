# SPDX-License-Identifier: Apache-2.0
"""Stopping a server while its disks are captured, and starting it again.

A server that does not run is left alone. Its status is in the journal before
the request to stop it is sent. So the resume of a killed run knows which
servers it has to start.
"""

from collections.abc import Callable
import dataclasses

from backupclient.cloud import once
from backupclient.cloud import waiting
from backupclient.model import plans
from backupclient.model import resources
from backupclient.procedures import interim
from backupclient.procedures import step

_DEADLINE = 1800.0
"""Seconds until a start fails; short, as Ctrl-C cannot end the wait."""

RUNS = 'ACTIVE'
"""Nova's state of a server that runs."""


class LookAtServer(step.Step[interim.Downtime]):
    """Find out whether the server runs and so has to be stopped."""

    stable_name = 'look-at-server'
    title = 'look whether it runs'
    makes = 'found'

    @staticmethod
    def command(item: plans.Item) -> str:
        return ''

    def is_told(self, made: interim.Downtime) -> bool:
        return False

    def do(self, made: interim.Downtime) -> interim.Downtime:
        # An earlier process may have asked it to stop just now.
        _settle(self.work, self.item.resource)
        server = self.cloud.nova.server(self.item.resource.id)
        status = server.status if server else waiting.GONE
        return dataclasses.replace(made, found=status)


class StopServer(step.Step[interim.Downtime]):
    """Stop the server, and wait until it is off."""

    stable_name = 'stop-server'
    title = 'stop'

    @staticmethod
    def command(item: plans.Item) -> str:
        return f'openstack server stop {item.resource.id}'

    def is_told(self, made: interim.Downtime) -> bool:
        return made.found == RUNS

    def do(self, made: interim.Downtime) -> interim.Downtime:
        id_ = self.item.resource.id
        if made.found == RUNS and _status(self.work, id_) == RUNS:
            _ask_once(self.work, id_, RUNS, lambda: self.cloud.nova.stop(id_))
            _await(self.work, self.item.resource, 'shutoff')
        return made

    def undo(self, made: interim.Downtime) -> None:
        # Without a record, the server may have run before. A server that
        # runs needlessly is better than a server that stays off.
        if made.found in ('', RUNS):
            start(self.work, self.item.resource)


class StartServer(step.Step[interim.Downtime]):
    """Start the server if it ran before, and wait until it runs."""

    stable_name = 'start-server'
    title = 'start'

    @staticmethod
    def command(item: plans.Item) -> str:
        return f'openstack server start {item.resource.id}'

    def is_told(self, made: interim.Downtime) -> bool:
        return made.found == RUNS

    def do(self, made: interim.Downtime) -> interim.Downtime:
        if made.found == RUNS:
            start(self.work, self.item.resource)
        return made


def not_started(server_id: str, why: str) -> str:
    """Return the message that a server could not be started."""
    return (
        f'Server {server_id} was stopped for the backup and could not be '
        f'started: {why} Start it: openstack server start {server_id}'
    )


def may_be_off(server_id: str) -> str:
    """Return the message that a server may still be stopped.

    For a run that could not look, because its login has ended.
    """
    return (
        f'Server {server_id} was stopped for the backup and may still be '
        'off: "openstack backup run --resume" starts it, or "openstack '
        f'server start {server_id}".'
    )


def start(work: step.Work, server: resources.Resource) -> None:
    """Start a server unless it runs, and wait until it runs.

    :raises BackupError: if it does not start.
    """
    found = work.cloud.nova.server(server.id)
    if found is not None and found.task_state:
        # A server that is stopping has the status ACTIVE until it is off.
        _settle(work, server, _DEADLINE)
        found = work.cloud.nova.server(server.id)
    if found is not None and found.status != RUNS:
        _ask_once(
            work,
            server.id,
            found.status,
            lambda: work.cloud.nova.start(server.id),
        )
        _await(work, server, 'active', _DEADLINE)


def _status(work: step.Work, server_id: str) -> str:
    server = work.cloud.nova.server(server_id)
    return server.status if server else waiting.GONE


def _ask_once(
    work: step.Work, server_id: str, status: str, ask: Callable[[], None]
) -> None:
    """Send a request to leave a status, unless the server is leaving it.

    :param status: the server's present status.
    """

    def leaves() -> bool | None:
        server = work.cloud.nova.server(server_id)
        if server is None or server.task_state:
            return True
        return None if server.status == status else True

    def asked() -> bool:
        ask()
        return True

    once.make_once(leaves, asked, work.clock)


def _settle(
    work: step.Work, server: resources.Resource, timeout: float | None = None
) -> None:
    """Wait until the server's last task, such as its stop, is done."""

    def read() -> str:
        found = work.cloud.nova.server(server.id)
        return (found.task_state or 'idle') if found else waiting.GONE

    work.waiter.until({'idle'}, read, f'Server {server.id}', timeout=timeout)


def _await(
    work: step.Work,
    server: resources.Resource,
    status: str,
    timeout: float | None = None,
) -> None:
    work.waiter.until(
        {status},
        lambda: _status(work, server.id).lower(),
        f'Server {server.id}',
        bad={'error', 'deleted'},
        timeout=timeout,
    )


STOP: step.Steps = (LookAtServer, StopServer)
START: step.Steps = (StartServer,)

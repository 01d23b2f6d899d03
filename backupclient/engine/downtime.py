# SPDX-License-Identifier: Apache-2.0
"""Servers that a run stops while their disks are captured.

A server is down from its first capture to its last, and is started again on
every way out: when a part fails, on Ctrl-C, and after a kill, on resume. So
that it is noted in the journal before it is asked to stop. The run has not
come to its end before each of them runs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import contextlib
import threading

from backupclient import errors
from backupclient.cloud import service
from backupclient.cloud import waiting
from backupclient.engine import faults
from backupclient.engine import journal as journal_
from backupclient.engine import lease as lease_
from backupclient.model import plan as plan_
from backupclient.procedures import step as step_

_DEADLINE = 1800.0
"""Seconds that a server has to start: nothing interrupts that wait."""


def servers_of(
    items: Sequence[plan_.Item], numbers: Iterable[int]
) -> dict[int, frozenset[str]]:
    """Return the servers that may have to be stopped, by the items' numbers.

    The server that an item is captured with is among them also if it was off
    when it was planned: it may have been started since. A volume that several
    servers use needs all of them down.
    """
    return {
        number: servers
        for number in numbers
        if items[number].consistency is plan_.Consistency.STOPPED
        and (servers := _servers(items[number]))
    }


def _servers(item: plan_.Item) -> frozenset[str]:
    return frozenset(filter(None, (item.group, *item.stops)))


class Downtime:
    """The stopped servers of a run. Used by all threads.

    :param servers: by the numbers of the items that need them down.
    """

    def __init__(
        self,
        work: step_.Work,
        journal: journal_.Journal,
        lease: lease_.Lease,
        servers: Mapping[int, frozenset[str]],
    ) -> None:
        self._work = work
        self._nova = work.cloud.nova
        self._journal = journal
        self._lease = lease
        self._servers = servers
        self._stopped = set(journal.stopped())
        self._refused: set[str] = set()
        # Each is changed only by who has the server's lock.
        every = frozenset[str]().union(*servers.values())
        self._locks = {server: threading.Lock() for server in every}
        self._uncaptured: dict[str, set[int]] = {
            server: set() for server in every
        }

    def need(self, numbers: Iterable[int]) -> None:
        """Keep the servers of items down, once they are, for their capture."""
        for number in numbers:
            for server_id in self._servers[number]:
                self._uncaptured[server_id].add(number)

    def begin(self, number: int) -> None:
        """Have all servers of an item stopped, those that run.

        :raises Busy: another run stops and starts one of them.
        :raises WaitFailed: one did not stop.
        """
        for server_id in self._of(number):
            self._stop_for(number, server_id)

    def _of(self, number: int) -> Sequence[str]:
        # Always in one order, whichever thread or process asks.
        return sorted(self._servers.get(number, ()))

    def _stop_for(self, number: int, server_id: str) -> None:
        with self._locks[server_id]:
            self._uncaptured[server_id].add(number)
            self._lease.claim(_claim(server_id))
            # An earlier process may have asked it to stop just now.
            self._settle(server_id)
            server = self._nova.server(server_id)
            if server is not None and server.status == 'ACTIVE':
                self._journal.note_stopped(server_id)
                self._stopped.add(server_id)
                self._work.reporter.say(f'{server.resource.label}: stop')
                self._ask_once(
                    server_id, 'ACTIVE', lambda: self._nova.stop(server_id)
                )
                self._await(server_id, 'shutoff')

    def captured(self, number: int) -> None:
        """Start an item's servers that nothing needs down any more."""
        for server_id in self._of(number):
            with self._locks[server_id]:
                self._uncaptured[server_id].discard(number)
                if self._uncaptured[server_id]:
                    continue
                if server_id in self._stopped - self._refused:
                    self._start_or_tell(server_id)
                self._lease.release(_claim(server_id))

    def start_all(self) -> None:
        """Start what this run, or its earlier process, has stopped.

        Except for those whose parts are not all captured yet. To be called
        while no other thread works on the run.
        """
        for server_id in tuple(self._stopped):
            if not self._uncaptured.get(server_id):
                self._start_or_tell(server_id)
                self._lease.release(_claim(server_id))

    def finish(self) -> None:
        """Start all that was stopped, whatever is captured."""
        self._uncaptured.clear()
        self.start_all()

    @property
    def over(self) -> bool:
        """True when each server that was stopped runs again."""
        return not self._stopped

    def _start_or_tell(self, server_id: str) -> None:
        with self._work.clock.shielded():
            try:
                self._lease.claim(_claim(server_id))
                self._start(server_id)
            except Exception as exc:
                # Whatever it is: the other servers are started.
                known = server_id in self._refused
                self._refused.add(server_id)
                if known and isinstance(exc, errors.LoginEnded):
                    return
                why = faults.said(exc, self._work.run, f'server {server_id}')
                self._work.reporter.say(
                    f'Server {server_id} was stopped for the backup and '
                    f'could not be started: {why} Start it: openstack '
                    f'server start {server_id}'
                )

    def _start(self, server_id: str) -> None:
        server = self._nova.server(server_id)
        if server is not None and server.task_state:
            # It may be stopping, and is ACTIVE until it has.
            self._settle(server_id, _DEADLINE)
            server = self._nova.server(server_id)
        if server is not None and server.status != 'ACTIVE':
            self._work.reporter.say(f'{server.resource.label}: start')
            self._ask_once(
                server_id, server.status, lambda: self._nova.start(server_id)
            )
            self._await(server_id, 'active', _DEADLINE)
        self._stopped.discard(server_id)
        # Who finds the note and the server running has nothing to do.
        with contextlib.suppress(errors.JournalError):
            self._journal.forget_stopped(server_id)

    def _ask_once(
        self, server_id: str, status: str, ask: Callable[[], None]
    ) -> None:
        """Ask a server to leave a state, unless it does so already."""

        def leaves() -> bool | None:
            server = self._nova.server(server_id)
            if server is None or server.task_state:
                return True
            return None if server.status == status else True

        def asked() -> bool:
            ask()
            return True

        service.make_once(leaves, asked, self._work.clock)

    def _settle(self, server_id: str, timeout: float | None = None) -> None:
        """Wait until the server's last task, as its stop, is done."""

        def read() -> str:
            server = self._nova.server(server_id)
            return (server.task_state or 'idle') if server else waiting.GONE

        self._work.waiter.until(
            {'idle'}, read, f'Server {server_id}', timeout=timeout
        )

    def _await(
        self, server_id: str, status: str, timeout: float | None = None
    ) -> None:
        def read() -> str:
            server = self._nova.server(server_id)
            return server.status.lower() if server else waiting.GONE

        self._work.waiter.until(
            {status},
            read,
            f'Server {server_id}',
            bad={'error', 'deleted'},
            timeout=timeout,
        )


def _claim(server_id: str) -> str:
    """Give what two runs must not do to one server at a time."""
    return f'downtime/{server_id}'

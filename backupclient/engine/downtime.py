# SPDX-License-Identifier: Apache-2.0
"""Servers that a run stops while their disks are captured.

A server is down from its first capture to its last, and runs again on every
way out: when a part fails, on Ctrl-C, and after a kill, on resume. So that it
is noted in the journal before it is asked to stop.
"""

from collections.abc import Sequence
import contextlib
import threading

from backupclient import errors
from backupclient.cloud import waiting
from backupclient.engine import journal as journal_
from backupclient.engine import lease as lease_
from backupclient.model import plan as plan_
from backupclient.procedures import step as step_


class Downtime:
    """The stopped servers of a run. Used by all threads.

    :param items: the plan's; only those of ``todo`` keep their server down.
    """

    def __init__(
        self,
        work: step_.Work,
        journal: journal_.Journal,
        lease: lease_.Lease,
        items: Sequence[plan_.Item],
        todo: Sequence[int],
    ) -> None:
        self._work = work
        self._nova = work.cloud.nova
        self._journal = journal
        self._lease = lease
        self._servers = {
            number: items[number].group
            for number in todo
            if items[number].consistency is plan_.Consistency.STOPPED
            and items[number].group
        }
        self._uncaptured = set(self._servers)
        self._stopped = set(journal.stopped())
        self._locks = {
            server: threading.Lock() for server in self._servers.values()
        }

    def begin(self, number: int) -> None:
        """Have an item's server stopped, if it runs.

        :raises Busy: another run stops and starts it.
        :raises WaitFailed: it did not stop.
        """
        server_id = self._servers.get(number)
        if server_id is None:
            return
        with self._locks[server_id]:
            self._uncaptured.add(number)
            self._lease.claim(_claim(server_id))
            # An earlier process may have asked it to stop just now.
            self._settle(server_id)
            server = self._nova.server(server_id)
            if server is not None and server.status == 'ACTIVE':
                self._journal.note_stopped(server_id)
                self._stopped.add(server_id)
                self._work.reporter.say(f'{server.resource.label}: stop')
                self._nova.stop(server_id)
                self._await(server_id, 'shutoff')

    def captured(self, number: int) -> None:
        """Start an item's server when nothing needs it down any more."""
        server_id = self._servers.get(number)
        if server_id is None:
            return
        with self._locks[server_id]:
            self._uncaptured.discard(number)
            self._start_unless_needed(server_id)

    def start_all(self) -> None:
        """Start what this run, or its earlier process, has stopped.

        Except for those whose parts are not all captured yet.
        """
        for server_id in tuple(self._stopped):
            self._start_unless_needed(server_id)

    def finish(self) -> None:
        """Start all that was stopped, whatever is captured."""
        self._uncaptured.clear()
        self.start_all()

    def _start_unless_needed(self, server_id: str) -> None:
        needed = any(
            self._servers[number] == server_id for number in self._uncaptured
        )
        if needed:
            return
        if server_id in self._stopped:
            self._start_or_tell(server_id)
        self._lease.release(_claim(server_id))

    def _start_or_tell(self, server_id: str) -> None:
        with self._work.clock.shielded():
            try:
                self._start(server_id)
            except errors.BackupError as exc:
                self._work.reporter.say(
                    f'Server {server_id} was stopped for the backup and '
                    f'could not be started: {exc} Start it: openstack '
                    f'server start {server_id}'
                )

    def _start(self, server_id: str) -> None:
        server = self._nova.server(server_id)
        if server is not None and server.status != 'ACTIVE':
            self._settle(server_id)
            self._work.reporter.say(f'{server.resource.label}: start')
            self._nova.start(server_id)
            self._await(server_id, 'active')
        self._stopped.discard(server_id)
        # Who finds the note and the server running has nothing to do.
        with contextlib.suppress(errors.JournalError):
            self._journal.forget_stopped(server_id)

    def _settle(self, server_id: str) -> None:
        """Wait until the server's last task, as its stop, is done."""

        def read() -> str:
            server = self._nova.server(server_id)
            return (server.task_state or 'idle') if server else waiting.GONE

        self._work.waiter.until({'idle'}, read, f'Server {server_id}')

    def _await(self, server_id: str, status: str) -> None:
        def read() -> str:
            server = self._nova.server(server_id)
            return server.status.lower() if server else waiting.GONE

        self._work.waiter.until(
            {status}, read, f'Server {server_id}', bad={'error', 'deleted'}
        )


def _claim(server_id: str) -> str:
    """Give what two runs must not do to one server at a time."""
    return f'downtime/{server_id}'

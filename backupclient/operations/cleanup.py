# SPDX-License-Identifier: Apache-2.0
"""Delete the leftovers of dead runs: ``openstack backup cleanup``.

Call :func:`find`, let a person or a rule decide, then call :func:`delete`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
import contextlib
import dataclasses
import datetime

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import inventory
from backupclient.cloud import waiting
from backupclient.engine import faults
from backupclient.engine import interruption
from backupclient.engine import journals
from backupclient.model import events
from backupclient.model import leftover
from backupclient.operations import leftovers
from backupclient.operations import sessions
from backupclient.operations import set_leftovers
from backupclient.procedures import removal
from backupclient.store.restic import staging

INCOMPLETE = 3

_PARALLEL = 4
"""Deletions of one kind at a time."""

_ASKED = (
    'Stopping as soon as the current deletion has ended. Press Ctrl-C again '
    'to quit at once.'
)
_LEFT = 'Quit at once. Call "openstack backup cleanup" again for the rest.'


def find(
    session: sessions.Session,
    *,
    run: str | None = None,
    older_than: datetime.timedelta = datetime.timedelta(),
    target: str = '',
) -> tuple[leftover.Leftover, ...]:
    """Return the leftovers of runs in the project, and in a target.

    :param run: the only run whose leftovers count; None for all runs.
    :param older_than: the minimum age, by the cloud's clock.
    :param target: a target to search for unfinished sets too; ``''`` for
        none.
    :returns: the leftovers, in the order in which they must be deleted. If
        a run may be alive, its leftovers have the action ``keep`` and a
        reason.
    :raises CloudError: if the project or its leases cannot be read.
    :raises TargetError: if the target cannot be read.
    """
    cloud = session.cloud
    read = inventory.read_leftovers(cloud, leftovers.oldest(cloud, run))
    every = leftovers.survey(session.cloud, read)
    if target:
        every += _in_target(session.cloud, target)
    return tuple(
        one
        for one in every
        if run in (None, one.run) and one.age >= older_than
    )


def _in_target(
    cloud: door.Cloud, target: str
) -> tuple[leftover.Leftover, ...]:
    has_images = 'image' in cloud.services
    now = cloud.glance.now() if has_images else cloud.clock.now()
    return set_leftovers.find(target, leftovers.known_leases(cloud), now)


def delete(
    session: sessions.Session,
    found: Sequence[leftover.Leftover],
    reporter: events.Reporter | None = None,
    target: str = '',
) -> tuple[leftover.Leftover, ...]:
    """Delete leftovers, and wait until they are gone.

    Read the project again first, because the caller's decision takes time:
    delete a leftover only if it still exists and its run is still dead. Also
    delete the small files that dead processes left in this machine's memory
    file system.

    This handles Ctrl-C: call it from the main thread.

    :param found: the result of :func:`find`, or a part of it.
    :param target: the target passed to :func:`find`, ``''`` for none.
    :returns: the leftovers that existed at the second reading, with the
        action that was taken. ``delete`` means that Ctrl-C came first.
    :raises Busy: if one of the runs is being resumed.
    :raises CloudError: if the project or its leases cannot be read.
    :raises TargetError: if the target cannot be read.
    """
    staging.sweep()
    seen = {(one.run, one.id) for one in found}
    again = [
        one
        for one in find(session, target=target)
        if (one.run, one.id) in seen
    ]
    listening = reporter or events.Silent()
    return remove(session.cloud, session.clock, again, listening, target)


def remove(
    cloud: door.Cloud,
    clock: clocks.SystemClock,
    found: Sequence[leftover.Leftover],
    reporter: events.Reporter,
    target: str = '',
) -> tuple[leftover.Leftover, ...]:
    """Delete leftovers as :func:`delete` does, without reading them again."""
    cleaner = _Cleaner(cloud, clock, reporter)
    done: list[leftover.Leftover] = []
    with (
        interruption.orderly(clock, reporter, _ASKED, lambda: _LEFT),
        _nobody_resumes({one.run for one in found if one.goes}),
        futures.ThreadPoolExecutor(_PARALLEL) as pool,
    ):
        for kind in leftover.LeftoverKind:
            same = tuple(one for one in found if one.kind is kind)
            if kind is not leftover.LeftoverKind.SET:
                done += pool.map(cleaner.remove, same)
            elif same:
                done += set_leftovers.delete(target, same, clock, reporter)
    return tuple(done)


def exit_code(found: Iterable[leftover.Leftover]) -> int:
    """Return the exit code of the command after :func:`delete`."""
    actions = {one.action for one in found}
    if leftover.Action.DELETE in actions:
        return errors.Interrupted.exit_code
    return INCOMPLETE if leftover.Action.FAILED in actions else 0


def problems(
    session: sessions.Session,
    found: Iterable[leftover.Leftover],
    run: str | None = None,
) -> list[str]:
    """Return sentences about problems that a person has to solve.

    :param found: the result of :func:`find` or :func:`delete`.
    :param run: only the unfinished backup set of this run; None for all.
    :returns: why the login has ended, which leftovers could not be deleted,
        which servers are off, and which backup sets are not finished.
    """
    identity, ended = session.cloud.identity, session.cloud.login.ended
    found = tuple(found)
    listed = {
        one.run for one in found if one.kind is leftover.LeftoverKind.SET
    }
    return [
        *([str(ended)] if ended else ()),
        *(
            f'{one.label}: {one.reason}'
            for one in found
            if one.action is leftover.Action.FAILED
        ),
        *leftovers.servers_off(identity),
        *leftovers.sets_left(identity, run, listed),
    ]


@contextlib.contextmanager
def _nobody_resumes(runs: Iterable[str]) -> Iterator[None]:
    """Lock the journals of runs, so that nobody on this machine resumes them.

    :raises Busy: if one of the runs is being resumed.
    """
    with contextlib.ExitStack() as locks:
        for run in runs:
            if journals.fate(run) is not journals.Fate.UNKNOWN:
                locks.enter_context(journals.of(run).locked())
        yield


@dataclasses.dataclass(frozen=True, slots=True)
class _Cleaner:
    """Deletes leftovers. Used by several threads."""

    cloud: door.Cloud
    clock: clocks.Clock
    reporter: events.Reporter

    def remove(self, one: leftover.Leftover) -> leftover.Leftover:
        """Delete a leftover unless it is kept; return it with its action."""
        if not one.goes:
            return one
        try:
            self.clock.stop.check()
            self.reporter.say(f'delete {one.label}')
            with self.clock.stop.shielded():
                self._delete(one)
        except errors.Interrupted:
            return one
        except errors.BackupError as exc:
            return _failed(one, str(exc))
        except Exception as exc:
            # A failure must not stop the other deletions.
            return _failed(one, faults.reason(exc, one.run, one.label))
        return dataclasses.replace(one, action=leftover.Action.DELETED)

    def _delete(self, one: leftover.Leftover) -> None:
        """Delete a leftover if it still has the tags of its run."""
        waiter = waiting.Waiter(self.clock, removal.DEADLINE)
        _DELETE[one.kind](
            removal.Remover(self.cloud, waiter, owner=one.run), one.id
        )


def _failed(one: leftover.Leftover, reason: str) -> leftover.Leftover:
    return dataclasses.replace(
        one, action=leftover.Action.FAILED, reason=reason
    )


_DELETE: dict[
    leftover.LeftoverKind, Callable[[removal.Remover, str], None]
] = {
    leftover.LeftoverKind.IMAGE: removal.Remover.image,
    leftover.LeftoverKind.VOLUME: removal.Remover.volume,
    leftover.LeftoverKind.SNAPSHOT: removal.Remover.snapshot,
    leftover.LeftoverKind.BACKUP: removal.Remover.backup,
    leftover.LeftoverKind.SERVER: removal.Remover.server,
    leftover.LeftoverKind.SECRET: removal.Remover.secret,
    leftover.LeftoverKind.LEASE: removal.Remover.image,
}

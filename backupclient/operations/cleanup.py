# SPDX-License-Identifier: Apache-2.0
"""Delete what dead runs left: ``openstack backup cleanup``.

First :func:`find`, then let a person or a rule decide, then :func:`delete`.
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
    """Find what runs left in the project, and in a target.

    :param run: only what this run left; None for all runs.
    :param older_than: only what is older, by the cloud's clock.
    :param target: also what runs left there, ``''`` for none.
    :returns: in the order in which they have to be deleted. What may belong
        to a run that is alive is marked to be kept, with the reason.
    :raises CloudError: the project or its leases cannot be read.
    :raises TargetError: the target cannot be read.
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

    The project is read again first, because a decision takes time: only what
    was found before and still belongs to a dead run is deleted. Small files
    that dead processes have left in the memory of this machine go as well.

    Ctrl-C ends this in order. Call it from the main thread.

    :param found: what :func:`find` returned, or a part of it.
    :param target: in which some were found, ``''`` for none.
    :returns: the leftovers that are still there or were deleted, with what
        became of each. One that is still to be deleted was not reached before
        Ctrl-C.
    :raises Busy: one of the runs is being resumed just now.
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
    """Delete leftovers that were found just now, as :func:`delete` does."""
    cleaner = _Cleaner(cloud, clock, reporter)
    done: list[leftover.Leftover] = []
    with (
        interruption.orderly(clock, reporter, _ASKED, lambda: _LEFT),
        _nobody_resumes({one.run for one in found if one.goes}),
        futures.ThreadPoolExecutor(_PARALLEL) as pool,
    ):
        for kind in leftover.Kind:
            same = tuple(one for one in found if one.kind is kind)
            if kind is not leftover.Kind.SET:
                done += pool.map(cleaner.remove, same)
            elif same:
                done += set_leftovers.delete(target, same, clock, reporter)
    return tuple(done)


def exit_code(found: Iterable[leftover.Leftover]) -> int:
    """Return the exit code of the command for what became of leftovers."""
    actions = {one.action for one in found}
    if leftover.Action.DELETE in actions:
        return errors.Interrupted.exit_code
    return INCOMPLETE if leftover.Action.FAILED in actions else 0


def problems(
    session: sessions.Session,
    found: Iterable[leftover.Leftover],
    run: str | None = None,
) -> list[str]:
    """Say what a person still has to see to.

    :param found: what :func:`find` or :func:`delete` returned.
    :param run: only the unfinished backup set of this run; None for all.
    :returns: why the login has ended, what could not be deleted, which
        servers are off, and which backup sets are not finished.
    """
    identity, ended = session.cloud.identity, session.cloud.login.ended
    return [
        *([str(ended)] if ended else ()),
        *(
            f'{one.label}: {one.reason}'
            for one in found
            if one.action is leftover.Action.FAILED
        ),
        *leftovers.servers_off(identity),
        *leftovers.sets_left(identity, run),
    ]


@contextlib.contextmanager
def _nobody_resumes(runs: Iterable[str]) -> Iterator[None]:
    """Keep other processes of this machine from these runs.

    :raises Busy: one is being resumed just now.
    """
    with contextlib.ExitStack() as locks:
        for run in runs:
            if journals.fate(run) is not journals.Fate.UNKNOWN:
                locks.enter_context(journals.of(run).locked())
        yield


@dataclasses.dataclass(frozen=True, slots=True)
class _Cleaner:
    """Deletes leftovers, each in the thread that calls."""

    cloud: door.Cloud
    clock: clocks.Clock
    reporter: events.Reporter

    def remove(self, one: leftover.Leftover) -> leftover.Leftover:
        """Delete a leftover unless it is kept; return what became of it."""
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
            # Whatever it is: the other leftovers are deleted.
            return _failed(one, faults.reason(exc, one.run, one.label))
        return dataclasses.replace(one, action=leftover.Action.DELETED)

    def _delete(self, one: leftover.Leftover) -> None:
        """Delete a leftover if it still belongs to the run it was found of."""
        waiter = waiting.Waiter(self.clock, removal.DEADLINE)
        _DELETE[one.kind](
            removal.Remover(self.cloud, waiter, owner=one.run), one.id
        )


def _failed(one: leftover.Leftover, reason: str) -> leftover.Leftover:
    return dataclasses.replace(
        one, action=leftover.Action.FAILED, reason=reason
    )


_DELETE: dict[leftover.Kind, Callable[[removal.Remover, str], None]] = {
    leftover.Kind.IMAGE: removal.Remover.image,
    leftover.Kind.VOLUME: removal.Remover.volume,
    leftover.Kind.SNAPSHOT: removal.Remover.snapshot,
    leftover.Kind.BACKUP: removal.Remover.backup,
    leftover.Kind.SERVER: removal.Remover.server,
    leftover.Kind.SECRET: removal.Remover.secret,
    leftover.Kind.LEASE: removal.Remover.image,
}

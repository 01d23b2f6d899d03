# SPDX-License-Identifier: Apache-2.0
"""Taking away what interrupted runs left, and nothing of those that live."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
import contextlib
import dataclasses
import datetime

from backupclient import clock as clock_
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.engine import faults
from backupclient.engine import interruption
from backupclient.engine import journal
from backupclient.model import events
from backupclient.model import lease as lease_
from backupclient.model import leftover as leftover_
from backupclient.procedures import removal

GRACE = datetime.timedelta(days=1)
"""For so long, a run counts as alive of which nothing is known."""

_PARALLEL = 4
_ASKED = 'Stopping when what is being deleted is gone. Once more: at once.'
_LEFT = 'Left at once. "openstack backup cleanup" goes on.'


def judge(
    cloud: door.Cloud,
    leftovers: Sequence[leftover_.Leftover],
    now: datetime.datetime,
) -> tuple[leftover_.Leftover, ...]:
    """Decide which leftovers belong to a run that may be alive.

    The journal of a run tells for certain, where it is on this machine.
    Elsewhere the lease in the cloud tells. Without either, what is young is
    kept.

    :param now: by the cloud's clock.
    :returns: the same, those to be kept with the reason.
    """
    leases = {}
    if 'image' in cloud.services:
        known = cloud.glance.leases(cloud.identity.project_id)
        leases = {lease.run: lease for lease in known}
    runs = {one.run for one in leftovers}
    reasons = {
        run: _life(run, leases.get(run), leftovers, now) for run in runs
    }
    return tuple(
        dataclasses.replace(
            one, action=leftover_.Action.KEEP, reason=reasons[one.run]
        )
        if reasons[one.run]
        else one
        for one in leftovers
    )


def _life(
    run: str,
    lease: lease_.Lease | None,
    leftovers: Sequence[leftover_.Leftover],
    now: datetime.datetime,
) -> str:
    """Say why a run may be alive, nothing when it is not."""
    fate = journal.fate(run)
    if fate is journal.Fate.ALIVE:
        return f'Run {run} is still going on in another process.'
    if fate is not journal.Fate.UNKNOWN:
        return ''
    if lease is not None:
        if lease.is_alive(now):
            return f'Run {run} is alive {lease.seen(now)}.'
        return ''
    if min(one.age for one in leftovers if one.run == run) < GRACE:
        return (
            f'Run {run} was started elsewhere and has no lease: what is '
            'younger than a day may be in use.'
        )
    return ''


def remove(
    cloud: door.Cloud,
    clock: clock_.SystemClock,
    leftovers: Sequence[leftover_.Leftover],
    reporter: events.Reporter,
) -> tuple[leftover_.Leftover, ...]:
    """Delete what is to be deleted, and wait until it is gone.

    :param leftovers: in the order in which they have to go.
    :returns: the same, with what became of them; one that is still to be
        deleted was not come to.
    """
    cleaner = _Cleaner(cloud, clock, reporter)
    done: list[leftover_.Leftover] = []
    with (
        interruption.orderly(clock, reporter, _ASKED, lambda: _LEFT),
        _nobody_resumes({one.run for one in leftovers if one.goes}),
        futures.ThreadPoolExecutor(_PARALLEL) as pool,
    ):
        for kind in leftover_.Kind:
            same = [one for one in leftovers if one.kind is kind]
            done += pool.map(cleaner.remove, same)
    return tuple(done)


@contextlib.contextmanager
def _nobody_resumes(runs: Iterable[str]) -> Iterator[None]:
    """Keep other processes of this machine from these runs.

    :raises BackupError: one is being resumed just now.
    """
    with contextlib.ExitStack() as locks:
        for run in runs:
            if journal.fate(run) is not journal.Fate.UNKNOWN:
                locks.enter_context(journal.of(run).locked())
        yield


def exit_code(leftovers: Sequence[leftover_.Leftover]) -> int:
    """Give the exit code, as every command promises it."""
    actions = {one.action for one in leftovers}
    if leftover_.Action.DELETE in actions:
        return errors.Interrupted.exit_code
    return 3 if leftover_.Action.FAILED in actions else 0


@dataclasses.dataclass(frozen=True, slots=True)
class _Cleaner:
    """Deletes leftovers, each in the thread that calls."""

    cloud: door.Cloud
    clock: clock_.Clock
    reporter: events.Reporter

    def remove(self, one: leftover_.Leftover) -> leftover_.Leftover:
        """Delete a leftover, if it is to go; say what became of it."""
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
        return dataclasses.replace(one, action=leftover_.Action.DELETED)

    def _delete(self, one: leftover_.Leftover) -> None:
        """Delete what still belongs to the run that it was found to be of."""
        waiter = waiting.Waiter(self.clock, removal.DEADLINE)
        _DELETE[one.kind](
            removal.Remover(self.cloud, waiter, owner=one.run), one.id
        )


def _failed(one: leftover_.Leftover, reason: str) -> leftover_.Leftover:
    return dataclasses.replace(
        one, action=leftover_.Action.FAILED, reason=reason
    )


_DELETE: dict[leftover_.Kind, Callable[[removal.Remover, str], None]] = {
    leftover_.Kind.IMAGE: removal.Remover.image,
    leftover_.Kind.VOLUME: removal.Remover.volume,
    leftover_.Kind.SNAPSHOT: removal.Remover.snapshot,
    leftover_.Kind.BACKUP: removal.Remover.backup,
    leftover_.Kind.LEASE: removal.Remover.image,
}

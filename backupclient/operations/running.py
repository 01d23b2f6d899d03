# SPDX-License-Identifier: Apache-2.0
"""Run a plan, or resume a run, until its set is closed and it has ended.

That goes for backups, for restores, and for the restores that a verification
tries; only backups into a target have a set.
"""

from collections.abc import Callable, Iterable
import contextlib
import dataclasses
import datetime

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import door
from backupclient.engine import execution
from backupclient.engine import executors
from backupclient.engine import first_release
from backupclient.engine import interruption
from backupclient.engine import journals
from backupclient.engine import lease_keeping
from backupclient.engine import unfinished
from backupclient.engine import worker
from backupclient.keys import identity
from backupclient.model import events
from backupclient.model import plans
from backupclient.model import results
from backupclient.model import tags
from backupclient.model import tasks
from backupclient.operations import cloud_place
from backupclient.operations import readable
from backupclient.operations.by_hand import page
from backupclient.procedures import compiler
from backupclient.sets import backup_set
from backupclient.sets import build
from backupclient.store import targets
from backupclient.transfer import room

INTERRUPTED = 130
INCOMPLETE = 3
NOTHING_DONE = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What a run came to.

    :param place: where the backup set is, for people; ``''`` without a set.
    :param interrupted: the run has not ended: interrupted, or something could
        not be written. It can be resumed, unless it was a verification's.
    :param gaps: what the plan could not read, in sentences.
    :param login: why the login has ended, ``''`` if it has not.
    :param passed_over: the IDs of resources that existed already, so that
        nothing was done for them.
    """

    run: str
    place: str
    outcomes: tuple[results.Outcome, ...]
    interrupted: bool
    gaps: tuple[str, ...] = ()
    login: str = ''
    passed_over: frozenset[str] = frozenset()

    @property
    def exit_code(self) -> int:
        """0 complete, 3 partly, 1 nothing is complete, 130 not ended."""
        states = {
            outcome.state
            for outcome in self.outcomes
            if outcome.resource.id not in self.passed_over
        }
        if self.interrupted:
            return INTERRUPTED
        if states <= {results.State.COMPLETE} and not self.gaps:
            return 0
        if results.State.COMPLETE in states:
            return INCOMPLETE
        return NOTHING_DONE


def start(
    cloud: door.Cloud,
    clock: clocks.SystemClock,
    plan: plans.Plan,
    reporter: events.Reporter,
    *,
    parallel: int,
    timeout: float,
    limit_rate: float = 0,
    notices: Iterable[str] = (),
    identities: identity.Identities | None = None,
) -> Report:
    """Run a plan.

    :param parallel: the most flows that run at a time.
    :param notices: sentences that the reporter says after the run's ID.
    :param timeout: the limit of each wait for the cloud, in seconds.
    :param limit_rate: bytes per second of all downloads, 0 for no limit.
    :param identities: the age and SSH keys that open sealed keys.
    :raises TargetError: if the target has no room, or the set or the journal
        cannot be created. Nothing was made in the cloud.
    :raises DocumentError: if the plan cannot be run.
    """
    # A plan that cannot be run is refused before anything is made.
    compiler.compile(plan)
    target = plan.request.target
    store = targets.find(target) if target else None
    if store:
        room.require_room(store, plan.bytes_to_files)
    now = clock.now()
    run = journals.Run(
        tags.new_run_id(now),
        plan,
        now.isoformat(timespec='seconds'),
        parallel,
        timeout,
        limit_rate,
    )
    with contextlib.ExitStack() as undo:
        # The set first: the run can be resumed from when its journal exists,
        # and then it needs its set.
        if store:
            new_set = backup_set.BackupSet.create(store, run.run)
            undo.callback(new_set.discard)
        journal = journals.Journal.create(run)
        undo.pop_all()
    # Only now: before, no --resume would have found the run.
    reporter.say(f'Run {run.run}')
    for text in (*notices, *(f'Caution: {each}' for each in plan.cautions)):
        reporter.say(text)
    return _run(cloud, clock, journal, reporter, identities)


def resume(
    cloud: door.Cloud,
    clock: clocks.SystemClock,
    journal: journals.Journal,
    reporter: events.Reporter,
    identities: identity.Identities | None = None,
) -> Report:
    """Go on with a run that was killed or interrupted.

    :param journal: see :func:`backupclient.engine.unfinished.find`.
    :raises Busy: if another process has the run.
    :raises DocumentError: if the journal cannot be read.
    :raises TargetError: if the set is not there, or cannot be written.
    """
    run = journal.run()
    reporter.say(f'Run {run.run}, resumed')
    target = run.plan.request.target
    if target and not targets.find(target).can.continuing:
        reporter.say(
            f'No file in {target} can be continued: those that were begun '
            'start anew.'
        )
    return _run(cloud, clock, journal, reporter, identities)


def _run(
    cloud: door.Cloud,
    clock: clocks.SystemClock,
    journal: journals.Journal,
    reporter: events.Reporter,
    identities: identity.Identities | None,
) -> Report:
    with (
        journal.locked(),
        interruption.orderly(
            clock, reporter, left_text=lambda: _left(journal)
        ),
    ):
        first_release.upgrade(journal)
        run = journal.run()
        set_ = worker.set_of(run)
        work = worker.work_of(cloud, clock, run, reporter, set_, identities)
        lease = lease_keeping.Lease(cloud, reporter, run.run)
        makes_things = any(item.makes_things for item in run.plan.items)
        with (
            readable.claimed_by(run.plan),
            lease.kept() if makes_things else contextlib.nullcontext(),
            set_.kept_alive() if set_ else contextlib.nullcontext(),
        ):
            done = execution.execute(work, journal, lease, executors.Threads)
        run = dataclasses.replace(run, plan=done.plan)
        ended = done.finished and _close(
            cloud,
            journal,
            run,
            set_,
            done.outcomes,
            clock,
            reporter,
            settle=done.settle,
            servers_run=done.good,
        )
        if not ended:
            _save_unfinished(set_, done, reporter)
    return Report(
        run.run,
        set_.place if set_ else '',
        done.outcomes,
        not ended,
        run.plan.gaps,
        str(cloud.login.ended or ''),
        _passed_over(run.plan),
    )


def _passed_over(plan: plans.Plan) -> frozenset[str]:
    return frozenset(
        item.resource.id
        for item in plan.items
        if isinstance(item.task, tasks.Present)
    )


def _left(journal: journals.Journal) -> str:
    """Return how to go on after a second Ctrl-C."""
    command = 'run'
    with contextlib.suppress(errors.DocumentError):
        command = journal.run().plan.command
    if command == 'verify':
        return interruption.LEFT_TRYING
    said = [interruption.LEFT.format(command=command, run=journal.folder.name)]
    with contextlib.suppress(errors.DocumentError):
        said += unfinished.servers_off_of(journal)
    return ' '.join(said)


def _save_unfinished(
    set_: backup_set.BackupSet | None,
    done: execution.Ended,
    reporter: events.Reporter,
) -> None:
    """Store what a run has done that has not ended: a resume skips it."""
    try:
        if set_ is not None:
            set_.files.flush()
    except errors.TargetError as exc:
        reporter.warn(str(exc))
    done.settle()


def _close(
    cloud: door.Cloud,
    journal: journals.Journal,
    run: journals.Run,
    set_: backup_set.BackupSet | None,
    outcomes: tuple[results.Outcome, ...],
    clock: clocks.SystemClock,
    reporter: events.Reporter,
    *,
    settle: Callable[[], None],
    servers_run: bool,
) -> bool:
    """Close the set, leave the manifest in the cloud, end the journal.

    A manifest that the cloud refuses is warned of, and the run ends.

    :param settle: writes the outcomes to the journal whose files waited for
        the set to be stored.
    :param servers_run: whether all servers run again that were stopped. If
        not, the run does not end, so that a resume starts them.
    :returns: whether the run has ended.
    """
    now = clock.now()
    complete = all(one.state is results.State.COMPLETE for one in outcomes)
    state = results.State.COMPLETE if complete else results.State.FAILED
    started = datetime.datetime.fromisoformat(run.started_at)
    manifest = build.manifest(run.plan, run.run, outcomes, started, now)
    try:
        if set_ is not None:
            set_.close(manifest, page.render(manifest))
        if run.plan.command == 'run':
            cloud_place.leave(cloud, manifest, reporter)
        settle()
        if not servers_run:
            return False
        journal.end(journals.Ended(state, now.isoformat(timespec='seconds')))
    except errors.TargetError as exc:
        reporter.warn(str(exc))
        return False
    except errors.JournalError as exc:
        # The backup is complete: a resume finds nothing to do but to end it.
        reporter.warn(str(exc))
    except errors.Interrupted as exc:
        reporter.warn(f'The manifest is not in the cloud yet. {exc}')
        return False
    return True

# SPDX-License-Identifier: Apache-2.0
"""Back up: ``openstack backup run``.

:func:`back_up` plans and runs, :func:`carry_out` runs an earlier plan, and
:func:`resume` continues a run. All of them handle Ctrl-C: call them from the
main thread. The report has the outcome of each resource; an exception means
that nothing was started.
"""

from collections.abc import Sequence
import dataclasses

from backupclient import errors
from backupclient.cloud import inventory
from backupclient.engine import unfinished
from backupclient.model import events
from backupclient.model import plans
from backupclient.model import requests
from backupclient.operations import leftovers
from backupclient.operations import running
from backupclient.operations import sessions
from backupclient.planner import backup
from backupclient.planner import revision
from backupclient.store import targets

Report = running.Report
NOTHING_DONE = running.NOTHING_DONE


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run.

    :param parallel: the number of resources that are worked on at a time.
    :param timeout: the deadline of each wait for a service, in seconds.
    :param limit_rate: bytes per second of all downloads together, 0 for no
        limit.
    :raises ValueError: if a value is out of range.
    """

    parallel: int = 4
    timeout: float = 360 * 60.0
    limit_rate: float = 0

    def __post_init__(self) -> None:
        if self.parallel < 1 or not self.timeout > 0 or self.limit_rate < 0:
            raise ValueError(f'{self} lets nothing be done')


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """The result of a run.

    :param plan: the plan that the run started with.
    :param seconds: the duration, including reading and planning.
    """

    plan: plans.Plan
    report: running.Report
    seconds: float


def back_up(
    session: sessions.Session,
    request: requests.Request,
    reporter: events.Reporter | None = None,
    settings: Settings | None = None,
) -> Result:
    """Plan a backup, and run the plan.

    :param settings: None for the defaults.
    :raises UsageError: if the request selects nothing, or a name fits no
        resource or several.
    :raises TargetError: if the target cannot take the files.
    """
    begun = session.clock.monotonic()
    if not request.selects:
        raise errors.UsageError(
            'The request selects nothing. Set "everything", or name servers, '
            'volumes, images, secrets or metadata.'
        )
    read = inventory.read(session.cloud, request.images)
    planned = backup.plan(request, read)
    said = leftovers.hints(session.cloud, read)
    return _start(session, planned, said, reporter, settings, begun)


def carry_out(
    session: sessions.Session,
    saved: plans.Plan,
    reporter: events.Reporter | None = None,
    settings: Settings | None = None,
    *,
    replan: bool = False,
    name: str = '',
    target: str = '',
) -> Result:
    """Run a plan that was made earlier.

    The project is read again. The reporter hears of each change since the
    plan; changed resources are skipped, or planned again with ``replan``.

    :param saved: the result of :func:`backupclient.operations.plan.make` or
        :func:`backupclient.operations.plan.load`.
    :param replan: plan changed resources again instead of skipping them.
    :param name: the prefix of the artifacts' names; ``''`` for the plan's.
    :param target: the target again, as for :func:`resume`.
    :raises UsageError: if the plan is for another project or cloud, or is a
        restore.
    :raises TargetError: if the target cannot take the files.
    """
    begun = session.clock.monotonic()
    if saved.restore is not None:
        raise errors.UsageError(
            'This plan restores. Use "openstack backup restore --plan".'
        )
    revision.require_same_project(saved, session.cloud.identity)
    targets.require_same(saved.request.target, target)
    if name:
        named = dataclasses.replace(saved.request, name=name)
        saved = dataclasses.replace(saved, request=named)
    planned, said = _revised(session, saved, replan=replan)
    return _start(session, planned, said, reporter, settings, begun)


def resume(
    session: sessions.Session,
    run: str,
    reporter: events.Reporter | None = None,
    *,
    target: str = '',
) -> Result:
    """Continue a run of this machine that was killed or interrupted.

    :param run: its ID, or ``last`` for the newest unfinished run of this
        project.
    :param target: its target, as returned by
        :func:`backupclient.operations.request.target`. Needed only if the
        target has passwords, which are never stored; else ``''``.
    :raises UsageError: if there is no such run, it has ended, it belongs to
        another project, or ``target`` is missing or another target.
    :raises Busy: if another process works on it.
    """
    cloud, clock = session.cloud, session.clock
    begun = clock.monotonic()
    journal = unfinished.find(run, cloud.identity)
    planned = journal.run().plan
    targets.require_same(planned.request.target, target)
    report = running.resume(cloud, clock, journal, reporter or events.Silent())
    return Result(planned, report, clock.monotonic() - begun)


def _revised(
    session: sessions.Session, saved: plans.Plan, *, replan: bool
) -> tuple[plans.Plan, list[str]]:
    """Compare a plan with the project as it is now.

    :returns: the plan to run, and a sentence for each change.
    """
    images = [item.image.id for item in saved.items if item.image]
    read = inventory.read(session.cloud, images)
    fresh = dataclasses.replace(
        backup.plan(revision.request(saved, read), read),
        gaps=backup.gaps(saved.request, read),
    )
    changes = revision.changes(saved, fresh, read.unread)
    planned = revision.revised(saved, fresh, read.unread, replan=replan)
    return planned, changes + leftovers.hints(session.cloud, read)


def _start(
    session: sessions.Session,
    planned: plans.Plan,
    said: Sequence[str],
    reporter: events.Reporter | None,
    settings: Settings | None,
    begun: float,
) -> Result:
    how = settings or Settings()
    report = running.start(
        session.cloud,
        session.clock,
        planned,
        reporter or events.Silent(),
        parallel=how.parallel,
        timeout=how.timeout,
        limit_rate=how.limit_rate,
        notices=said,
    )
    return Result(planned, report, session.clock.monotonic() - begun)

# SPDX-License-Identifier: Apache-2.0
"""Back up: ``openstack backup run``.

:func:`back_up` plans and runs, :func:`carry_out` runs a plan that was made
earlier, and :func:`resume` goes on with a run. Ctrl-C ends each of them in
order, so call them from the main thread. The report tells what became of each
resource; an exception means that nothing was begun.
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
    """How a run works.

    :param parallel: how many resources are worked on at a time.
    :param timeout: the seconds that each wait may take.
    :param limit_rate: bytes per second of all downloads, 0 for no limit.
    """

    parallel: int = 4
    timeout: float = 360 * 60.0
    limit_rate: float = 0

    def __post_init__(self) -> None:
        if self.parallel < 1 or not self.timeout > 0 or self.limit_rate < 0:
            raise ValueError(f'{self} lets nothing be done')


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What a run came to.

    :param plan: as the run was begun with it.
    :param seconds: what the operation took, with reading and planning.
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
    :raises UsageError: the request selects nothing, or names a resource that
        is not there, or a name that several resources have.
    :raises TargetError: the target cannot take the files.
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

    The project is read again. The reporter hears what has changed since; a
    resource that has changed is skipped.

    :param saved: what :func:`backupclient.operations.plan.make` returned, or
        :func:`backupclient.operations.plan.load`.
    :param replan: plan the resources anew that have changed.
    :param name: the start of the artifacts' names in place of the plan's.
    :param target: as of :func:`resume`.
    :raises UsageError: the plan is for another project or cloud, or
        restores.
    :raises TargetError: the target cannot take the files.
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
    """Go on with a run of this machine that was killed or interrupted.

    :param run: its ID, or ``last``: the newest one of this project.
    :param target: its target, as
        :func:`backupclient.operations.request.target` returns it: needed again
        where it has passwords, which are kept nowhere.
    :raises UsageError: there is no such run, it has come to its end, it
        belongs to another project, or its target is another or is needed.
    :raises Busy: another process works on it.
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

    :returns: the plan to run, and what has changed, in sentences.
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

# SPDX-License-Identifier: Apache-2.0
"""The contents of a journal, and the protocol of all journals."""

from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from backupclient.model import plans
from backupclient.model import results
from backupclient.model import saved_plans
from backupclient.procedures import interim

RUN_VERSION = 2
END_VERSION = 1


_Plan = TypeVar('_Plan')


@dataclasses.dataclass(frozen=True, slots=True)
class _Run(Generic[_Plan]):
    """The plan and the settings of a run.

    Version 2, because the first release cannot read the records of flows, and
    must not resume a run of this one.

    :param started_at: ISO 8601.
    :param parallel: the number of resources that are worked on at a time.
    :param timeout: the deadline of each wait for a service, in seconds.
    :param limit_rate: bytes per second of all downloads, 0 for no limit.
    """

    OLDER: ClassVar = (1,)

    run: str
    plan: _Plan
    started_at: str
    parallel: int
    timeout: float
    limit_rate: float = 0
    version: int = RUN_VERSION

    def __post_init__(self) -> None:
        if self.parallel < 1 or self.timeout <= 0:
            raise ValueError('"parallel" and "timeout" must be above 0')
        if self.limit_rate < 0:
            raise ValueError('"limit_rate" must not be below 0')
        try:
            datetime.datetime.fromisoformat(self.started_at).astimezone()
        except (ValueError, OverflowError):
            raise ValueError(f'{self.started_at[:80]!r} is no time') from None


@dataclasses.dataclass(frozen=True, slots=True)
class Run(_Run[plans.Plan]):
    """The plan and the settings of a run, in memory."""

    plan: plans.Plan


@dataclasses.dataclass(frozen=True, slots=True)
class SavedRun(_Run[saved_plans.Plan]):
    """The plan and the settings of a run, as in the file."""

    plan: saved_plans.Plan

    @classmethod
    def of(cls, run: Run) -> 'SavedRun':
        """Return the form of a run that is written."""
        return cls(**_fields(run), plan=saved_plans.of(run.plan))

    def opened(self) -> Run:
        """Return the run in memory."""
        return Run(**_fields(self), plan=saved_plans.plan(self.plan))


def _fields(run: Run | SavedRun) -> dict[str, Any]:
    """Return all fields except the plan."""
    names = (field.name for field in dataclasses.fields(run))
    return {name: getattr(run, name) for name in names if name != 'plan'}


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """A step that is done.

    :param step: its stable name.
    :param made: the results of this step and of those before it.
    """

    step: str
    made: interim.Made


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a flow that has begun.

    :param flow: the ID of the flow.
    :param done: the steps that are done, in their order. The next step may
        have begun.
    :param undoing: True if a step has failed, and the steps are being undone.
    """

    flow: str
    done: tuple[Done, ...] = ()
    undoing: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """The record that a run has ended."""

    state: results.State
    finished_at: str
    version: int = END_VERSION


class Journal(Protocol):
    """The journal of one run. Used by all threads.

    Everything that was read or recorded stays in memory. All reading methods
    can raise DocumentError, and all recording methods JournalError. After a
    JournalError of :meth:`keep`, the progress is recorded in memory only.
    """

    def run(self) -> Run:
        """Return the plan and the settings of the run.

        :raises DocumentError: if the journal is damaged.
        """

    def replaced(self) -> Mapping[int, plans.Item]:
        """Return the items that use their fallback, by number."""

    def outcomes(self) -> Mapping[int, results.Outcome]:
        """Return the outcomes so far, by the numbers of the items."""

    def progress(self, flow: str) -> Progress | None:
        """Return the progress of a flow, None if it has not begun.

        :param flow: the ID of the flow.
        """

    def keep(self, progress: Progress) -> None:
        """Record the progress of a flow.

        :raises JournalError: if it cannot be written.
        """

    def forget(self, flow: str) -> None:
        """Delete the progress of a flow: it has not begun."""

    def replace(self, number: int, item: plans.Item) -> None:
        """Record that an item uses its fallback."""

    def record(self, number: int, outcome: results.Outcome) -> None:
        """Record the outcome of an item."""

    def end(self, ended: Ended) -> None:
        """Record that the run has ended."""

    @property
    def has_ended(self) -> bool:
        """True if the run has ended."""

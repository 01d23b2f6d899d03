# SPDX-License-Identifier: Apache-2.0
"""What a run remembers, and the contract of what remembers it."""

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
    """What a run was started with.

    The first release, which wrote version 1, does not know the records of
    flows: it must not go on with a run of this one.

    :param timeout: seconds for each wait.
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
    """What a run was started with, to work with."""

    plan: plans.Plan


@dataclasses.dataclass(frozen=True, slots=True)
class SavedRun(_Run[saved_plans.Plan]):
    """What a run was started with, as it is in a file."""

    plan: saved_plans.Plan

    @classmethod
    def of(cls, run: Run) -> 'SavedRun':
        """Return a run as it is written."""
        return cls(**_fields(run), plan=saved_plans.of(run.plan))

    def opened(self) -> Run:
        """Return the run that was read."""
        return Run(**_fields(self), plan=saved_plans.plan(self.plan))


def _fields(run: Run | SavedRun) -> dict[str, Any]:
    """Return all values but the plan."""
    names = (field.name for field in dataclasses.fields(run))
    return {name: getattr(run, name) for name in names if name != 'plan'}


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """A step that is done.

    :param step: its stable name.
    :param made: by it and by those before it.
    """

    step: str
    made: interim.Made


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far the steps of a flow are. Where there is none, none has begun.

    :param flow: the ID of the flow.
    :param done: in their order; the next step may have begun.
    :param undoing: one has failed, and those that are done are undone.
    """

    flow: str
    done: tuple[Done, ...] = ()
    undoing: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """That a run has come to its end."""

    state: results.State
    finished_at: str
    version: int = END_VERSION


class Journal(Protocol):
    """Remembers one run. Used by all threads.

    Each thing is read once: what has been read or noted stays in memory.
    """

    def run(self) -> Run:
        """Give what the run was started with.

        :raises DocumentError: it is damaged; so does all that reads here.
        """

    def replaced(self) -> Mapping[int, plans.Item]:
        """Give the items that are done in another way than was planned."""

    def outcomes(self) -> Mapping[int, results.Outcome]:
        """Give the outcomes so far, by the items' numbers."""

    def progress(self, flow: str) -> Progress | None:
        """Give how far a flow is, None when it has not begun.

        :param flow: its ID.
        """

    def keep(self, progress: Progress) -> None:
        """Note how far a flow is.

        :raises JournalError: it cannot be written; so does all that notes
            something here. In memory it is noted all the same.
        """

    def forget(self, flow: str) -> None:
        """Note that a flow has not begun."""

    def replace(self, number: int, item: plans.Item) -> None:
        """Note that an item is done in another way than was planned."""

    def record(self, number: int, outcome: results.Outcome) -> None:
        """Note how an item ended."""

    def end(self, ended: Ended) -> None:
        """Note that nothing is left to do."""

    @property
    def has_ended(self) -> bool:
        """True when nothing is left to do."""

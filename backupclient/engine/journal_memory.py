# SPDX-License-Identifier: Apache-2.0
"""A journal in memory. It is lost with its process."""

from collections.abc import Mapping

from backupclient.engine import journal_base
from backupclient.model import plans
from backupclient.model import results


class MemoryJournal:
    """The journal of a run that cannot be resumed."""

    def __init__(self, run: journal_base.Run) -> None:
        self._run = run
        self._replaced: dict[int, plans.Item] = {}
        self._outcomes: dict[int, results.Outcome] = {}
        self._progress: dict[str, journal_base.Progress] = {}
        self._ended: journal_base.Ended | None = None

    def run(self) -> journal_base.Run:
        """Return the plan and the settings of the run."""
        return self._run

    def replaced(self) -> Mapping[int, plans.Item]:
        """Return the items that use their fallback, by number."""
        return self._replaced

    def outcomes(self) -> Mapping[int, results.Outcome]:
        """Return the outcomes so far, by the numbers of the items."""
        return self._outcomes

    def progress(self, flow: str) -> journal_base.Progress | None:
        """Return the progress of a flow, None if it has not begun."""
        return self._progress.get(flow)

    def keep(self, progress: journal_base.Progress) -> None:
        """Record the progress of a flow."""
        self._progress[progress.flow] = progress

    def forget(self, flow: str) -> None:
        """Delete the progress of a flow: it has not begun."""
        self._progress.pop(flow, None)

    def replace(self, number: int, item: plans.Item) -> None:
        """Record that an item uses its fallback."""
        self._replaced[number] = item

    def record(self, number: int, outcome: results.Outcome) -> None:
        """Record the outcome of an item."""
        self._outcomes[number] = outcome

    def end(self, ended: journal_base.Ended) -> None:
        """Record that the run has ended."""
        self._ended = ended

    @property
    def has_ended(self) -> bool:
        """True if the run has ended."""
        return self._ended is not None

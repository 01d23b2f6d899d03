# SPDX-License-Identifier: Apache-2.0
"""A journal that lasts as long as its process."""

from collections.abc import Mapping

from backupclient.engine import journal_base
from backupclient.model import plans
from backupclient.model import results


class MemoryJournal:
    """The journal of a run that nobody resumes."""

    def __init__(self, run: journal_base.Run) -> None:
        self._run = run
        self._replaced: dict[int, plans.Item] = {}
        self._outcomes: dict[int, results.Outcome] = {}
        self._progress: dict[str, journal_base.Progress] = {}
        self._ended: journal_base.Ended | None = None

    def run(self) -> journal_base.Run:
        """Give what the run was started with."""
        return self._run

    def replaced(self) -> Mapping[int, plans.Item]:
        """Give the items that are done in another way than was planned."""
        return self._replaced

    def outcomes(self) -> Mapping[int, results.Outcome]:
        """Give the outcomes so far, by the items' numbers."""
        return self._outcomes

    def progress(self, flow: str) -> journal_base.Progress | None:
        """Give how far a flow is, None when it has not begun."""
        return self._progress.get(flow)

    def keep(self, progress: journal_base.Progress) -> None:
        """Note how far a flow is."""
        self._progress[progress.flow] = progress

    def forget(self, flow: str) -> None:
        """Note that a flow has not begun."""
        self._progress.pop(flow, None)

    def replace(self, number: int, item: plans.Item) -> None:
        """Note that an item is done in another way than was planned."""
        self._replaced[number] = item

    def record(self, number: int, outcome: results.Outcome) -> None:
        """Note how an item ended."""
        self._outcomes[number] = outcome

    def end(self, ended: journal_base.Ended) -> None:
        """Note that nothing is left to do."""
        self._ended = ended

    @property
    def has_ended(self) -> bool:
        """True when nothing is left to do."""
        return self._ended is not None

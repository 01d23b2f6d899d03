# SPDX-License-Identifier: Apache-2.0
"""The progress of one flow: in memory, and in the journal.

It is written before the first step and after each step. So after a kill, the
step after the last recorded one may have begun.

If the write fails, keep the previous record and start no further step.
"""

from collections.abc import Sequence
import contextlib
import logging
from typing import Any

from backupclient import errors
from backupclient.engine import journal_base
from backupclient.model import graphs
from backupclient.procedures import interim
from backupclient.procedures import step

LOG = logging.getLogger(__name__)


class Record:
    """The record of the steps of a flow.

    After a damaged record, the steps start again, and each step looks for the
    result of an earlier try by its tag. A flow on demand is undone first: a
    stopped server has no tag.

    :param steps: all steps of the flow, in their order.
    :param before: the results of the flows before this one in its group.
    """

    def __init__(
        self,
        journal: journal_base.Journal,
        flow: graphs.Flow,
        steps: Sequence[type[step.Step[Any]] | step.Step[Any]],
        before: interim.Made,
    ) -> None:
        self._journal = journal
        self._flow = flow
        self._steps = steps
        self._before = before
        self._failure: errors.JournalError | None = None
        self._progress, self._begun = self._read()

    @property
    def done(self) -> int:
        """The number of steps that are done."""
        return len(self._progress.done)

    @property
    def begun(self) -> int:
        """The number of steps that may have begun."""
        return self._begun

    @property
    def undoing(self) -> bool:
        """Whether the steps are being undone."""
        return self._progress.undoing

    @property
    def made(self) -> interim.Made:
        """The results of all steps that are done."""
        return self.made_by(self.done)

    def made_by(self, number: int) -> interim.Made:
        """Return the results up to this step, including it if it is done.

        :param number: the number of the step, from 0.
        """
        done = self._progress.done[: number + 1]
        return done[-1].made if done else self._before

    def begin(self) -> None:
        """Record that the next step begins. Only the first one needs a write.

        :raises JournalError: if this or an earlier write failed.
        """
        if not self._begun:
            self._keep(self._progress)
        self.require_kept()
        self._begun = self.done + 1

    def require_kept(self) -> None:
        """Raise JournalError if any write has failed."""
        if self._failure is not None:
            raise self._failure

    def end(self, made: interim.Made) -> None:
        """Record that the next step is done.

        :param made: the results of all steps so far.
        """
        done = journal_base.Done(self._steps[self.done].stable_name, made)
        self._keep(self._of((*self._progress.done, done)))

    def rewind(self) -> None:
        """Treat the last step as begun, not as done."""
        self._progress = self._of(self._progress.done[:-1])

    def undo(self, number: int) -> None:
        """Record that a step is about to be undone."""
        done = self._progress.done[: number + 1]
        self._keep(self._of(done, undoing=True))

    def forget(self) -> None:
        """Delete the record: all steps are undone."""
        self._progress, self._begun = self._of(()), 0
        with contextlib.suppress(errors.JournalError):
            self._journal.forget(self._flow.id)

    def _of(
        self, done: Sequence[journal_base.Done], *, undoing: bool = False
    ) -> journal_base.Progress:
        return journal_base.Progress(self._flow.id, tuple(done), undoing)

    def _read(self) -> tuple[journal_base.Progress, int]:
        """Read the record of an earlier process.

        :returns: the progress, and the number of steps that may have begun.
        """
        try:
            found = self._journal.progress(self._flow.id)
            if found is None:
                return self._of(()), 0
            self._require_fit(found.done)
        except errors.DocumentError as exc:
            LOG.warning('%s', exc)
            lost = self._of((), undoing=self._flow.on_demand)
            return lost, len(self._steps) if self._flow.on_demand else 1
        return found, min(len(found.done) + 1, len(self._steps))

    def _require_fit(self, done: Sequence[journal_base.Done]) -> None:
        """Raise DocumentError if the record does not fit these steps."""
        steps = self._steps[: len(done)]
        names = [each.stable_name for each in steps]
        if [each.step for each in done] != names:
            raise errors.DocumentError(
                f'The record of {self._flow.id} is of other steps: they begin '
                'anew.'
            )
        for number, each in enumerate(steps):
            name = each.makes
            if name and not all(getattr(d.made, name) for d in done[number:]):
                raise errors.DocumentError(
                    f'The record of {self._flow.id} has no {name}.'
                )

    def _keep(self, progress: journal_base.Progress) -> None:
        """Keep the progress; write it unless an earlier write has failed."""
        self._progress = progress
        if self._failure is None:
            try:
                self._journal.keep(progress)
            except errors.JournalError as exc:
                self._failure = exc

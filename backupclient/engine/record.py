# SPDX-License-Identifier: Apache-2.0
"""The progress of one flow: in memory, and in the journal.

It is noted before the first step and after each one. So when a process is
killed, the step that follows the last one that is done may have begun.

Where it cannot be noted, the journal stays as it was, as if the process had
been killed then, and no further step begins.
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

    A damaged record is worth nothing: the steps begin anew, and each of them
    looks for what is there already. Only what a flow on demand has done is
    made good before: there is no tag that would tell.

    :param steps: all of them, in their order.
    :param before: what the flows before this one have made.
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
        """How many steps are done."""
        return len(self._progress.done)

    @property
    def begun(self) -> int:
        """How many steps may have begun."""
        return self._begun

    @property
    def undoing(self) -> bool:
        """Whether the steps are being undone."""
        return self._progress.undoing

    @property
    def made(self) -> interim.Made:
        """What was made up to the last step that is done."""
        return self.made_by(self.done)

    def made_by(self, number: int) -> interim.Made:
        """What was made up to a step, and by it if it is done."""
        done = self._progress.done[: number + 1]
        return done[-1].made if done else self._before

    def begin(self) -> None:
        """Note that the next step begins, unless the record says so.

        :raises JournalError: this or an earlier note cannot be written.
        """
        if not self._begun:
            self._keep(self._progress)
        self.require_kept()
        self._begun = self.done + 1

    def require_kept(self) -> None:
        """Raise JournalError if anything could not be written down."""
        if self._failure is not None:
            raise self._failure

    def end(self, made: interim.Made) -> None:
        """Note that the next step is done."""
        done = journal_base.Done(self._steps[self.done].stable_name, made)
        self._keep(self._of((*self._progress.done, done)))

    def rewind(self) -> None:
        """Take the last step for one that has only begun."""
        self._progress = self._of(self._progress.done[:-1])

    def undo(self, number: int) -> None:
        """Note that a step is about to be undone."""
        done = self._progress.done[: number + 1]
        self._keep(self._of(done, undoing=True))

    def forget(self) -> None:
        """Begin anew: all is undone."""
        self._progress, self._begun = self._of(()), 0
        with contextlib.suppress(errors.JournalError):
            self._journal.forget(self._flow.id)

    def _of(
        self, done: Sequence[journal_base.Done], *, undoing: bool = False
    ) -> journal_base.Progress:
        return journal_base.Progress(self._flow.id, tuple(done), undoing)

    def _read(self) -> tuple[journal_base.Progress, int]:
        """Read what an earlier process has left.

        :returns: it, and how many steps may have begun.
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
        """Refuse what these steps have not written."""
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
        """Keep it in memory; and on the disk, unless that failed before."""
        self._progress = progress
        if self._failure is None:
            try:
                self._journal.keep(progress)
            except errors.JournalError as exc:
                self._failure = exc

# SPDX-License-Identifier: Apache-2.0
"""How far the steps of an item are: in memory, and in the journal.

It is written down before the first step and after each. So when a process is
killed, the step that follows the last one that is done may have begun.

Where that cannot be written, the file stays as it was, as if the process had
been killed then, and no further step begins.
"""

from collections.abc import Sequence
import contextlib
import dataclasses
import logging
import os
import pathlib

from backupclient import documents
from backupclient import errors
from backupclient.procedures import step as step_

LOG = logging.getLogger(__name__)

VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """A step that is done.

    :param made: by it and by those before it.
    """

    step: str
    made: step_.Made


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far the steps are.

    :param done: in their order.
    :param undoing: one has failed, and those that are done are undone.
    """

    done: tuple[Done, ...] = ()
    undoing: bool = False
    version: int = VERSION


class Records:
    """The records of the steps of one item.

    :param path: of the file.
    :param steps: all of them, in their order.
    """

    def __init__(
        self, path: pathlib.Path, steps: Sequence[step_.Step]
    ) -> None:
        self._path = path
        self._steps = steps
        self._failure: errors.TargetError | None = None
        self._progress = Progress()
        self._begun = 0
        if os.path.lexists(path):
            self._progress = self._read()
            self._begun = min(self.done + 1, len(steps))

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

    def made(self, number: int) -> step_.Made:
        """What was made up to a step, and by it if it is done."""
        done = self._progress.done[: number + 1]
        return done[-1].made if done else step_.Made()

    def begin(self) -> None:
        """Write down that the next step begins, unless the file says so.

        :raises JournalError: this or an earlier record cannot be written.
        """
        if not self._begun:
            self._write(self._progress)
        self.require_kept()
        self._begun = self.done + 1

    def require_kept(self) -> None:
        """Do nothing if all was written down.

        :raises JournalError: otherwise.
        """
        if self._failure is not None:
            raise errors.JournalError(self._path, self._failure)

    def end(self, made: step_.Made) -> None:
        """Write down that the next step is done."""
        done = Done(_name(self._steps[self.done]), made)
        self._write(Progress((*self._progress.done, done)))

    def undo(self, number: int) -> None:
        """Write down that a step is about to be undone."""
        done = self._progress.done[: number + 1]
        self._write(Progress(done, undoing=True))

    def forget(self) -> None:
        """Begin anew: all is undone."""
        self._progress = Progress()
        self._begun = 0
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _read(self) -> Progress:
        """Read what an earlier process has left.

        Where that is damaged, the steps begin anew: each looks for what is
        there already, so that nothing is made twice.
        """
        try:
            found = documents.read(self._path, Progress, 'record of steps')
            self._require_fit(found.done)
        except errors.DocumentError as exc:
            LOG.warning('%s', exc)
            return Progress()
        return found

    def _require_fit(self, done: Sequence[Done]) -> None:
        """Refuse what these steps have not written."""
        steps = self._steps[: len(done)]
        if [each.step for each in done] != [_name(step) for step in steps]:
            raise errors.DocumentError(
                f'The record {self._path} is of other steps.'
            )
        for number, step in enumerate(steps):
            name = step.makes
            if name and not all(getattr(d.made, name) for d in done[number:]):
                raise errors.DocumentError(
                    f'The record {self._path} has no {name}.'
                )

    def _write(self, progress: Progress) -> None:
        """Keep it in memory; and on the disk, unless that failed before."""
        self._progress = progress
        if self._failure is None:
            try:
                documents.write(self._path, progress)
            except errors.TargetError as exc:
                self._failure = exc


def _name(step: step_.Step) -> str:
    return type(step).__name__

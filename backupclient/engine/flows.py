# SPDX-License-Identifier: Apache-2.0
"""The steps of an item, one after the other: done, undone, or resumed.

A step takes what was made before it and gives it back with its own. When one
fails, it and those before it are undone in reverse order. After a kill the
step that may have begun is done again; an undoing is carried on, and then all
begins anew.
"""

from collections.abc import Callable, Sequence
import dataclasses
import logging
import pathlib

from backupclient import errors
from backupclient.engine import flow_records
from backupclient.procedures import step as step_

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of a flow, in the thread that runs it.

    :param starts: before any step, unless the source is captured already.
    :param begins: with the title of each step, and of each undoing.
    :param done: with each step that is done, by an earlier process too.
    :param left_over: with what could not be undone.
    """

    starts: Callable[[], None]
    begins: Callable[[str], None]
    done: Callable[[step_.Step], None]
    left_over: Callable[[str], None]


def run(
    steps: Sequence[step_.Step],
    path: pathlib.Path,
    listener: Listener,
) -> step_.Made:
    """Run steps to their end, from where an earlier process left them.

    :param path: of their records in the journal.
    :returns: what they made.
    :raises BackupError: a step failed and what was made is undone.
    """
    flow = _Flow(steps, path, listener)
    if flow.records.undoing:
        flow.undo()
    resumed = flow.records.done
    try:
        return flow.run()
    except (errors.NotFound, errors.WaitFailed) as exc:
        if not resumed or isinstance(exc, errors.WaitTimeout):
            raise
        # What an earlier process made may be gone, as by a cleanup. All is
        # undone now; begin again.
        LOG.debug('Begun again', exc_info=True)
        return flow.run()


class _Flow:
    """Steps that are being run."""

    def __init__(
        self,
        steps: Sequence[step_.Step],
        path: pathlib.Path,
        listener: Listener,
    ) -> None:
        self._steps = steps
        self._listener = listener
        names = [type(step).__name__ for step in steps]
        self.records = flow_records.Records(path, names)

    def run(self) -> step_.Made:
        """Do what is not done yet; where that fails, undo all."""
        done = self._steps[: self.records.done]
        try:
            for step in done:
                self._listener.done(step)
            if not any(step.captures for step in done):
                self._listener.starts()
            for step in self._steps[len(done) :]:
                self._do(step)
        except Exception:
            self.undo()
            raise
        return self.records.made(len(self._steps))

    def undo(self) -> None:
        """Undo what has begun; what cannot be undone is told."""
        for number in reversed(range(self.records.begun)):
            self.records.undo(number)
            self._undo(self._steps[number], self.records.made(number))
        self.records.forget()

    def _do(self, step: step_.Step) -> None:
        self.records.begin()
        self._listener.begins(step.title)
        self.records.end(step.do(self.records.made(self.records.done)))
        self._listener.done(step)

    def _undo(self, step: step_.Step, made: step_.Made) -> None:
        self._listener.begins(f'undo: {step.title}')
        with step.work.clock.shielded():
            try:
                step.undo(made)
            except errors.BackupError as exc:
                self._listener.left_over(str(exc))
            except Exception as exc:
                LOG.debug('Not undone', exc_info=True)
                self._listener.left_over(f'{type(exc).__name__}: {exc}')

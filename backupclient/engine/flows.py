# SPDX-License-Identifier: Apache-2.0
"""The steps of an item, one after the other: done, undone, or resumed.

A step takes what was made before it and gives it back with its own. When one
fails, it and those before it are undone in reverse order. After a kill the
step that may have begun is done again; an undoing is carried on, and then all
begins anew.
"""

from collections.abc import Callable, Sequence
import dataclasses
import enum
import logging

from backupclient import errors
from backupclient.engine import faults
from backupclient.engine import flow_records
from backupclient.procedures import step as step_

LOG = logging.getLogger(__name__)


class Half(enum.Enum):
    """Which of an item's steps are done in one go.

    The first half ends when the copy needs its source no more. In the second
    one nothing is left of an earlier process: that was in the first.
    """

    FIRST = enum.auto()
    SECOND = enum.auto()
    BOTH = enum.auto()


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
    records: flow_records.Records,
    listener: Listener,
    half: Half = Half.BOTH,
) -> step_.Made:
    """Run steps to their end, from where an earlier process left them.

    :param records: of them; for both halves the same.
    :returns: what they made.
    :raises BackupError: a step failed and what was made is undone.
    """
    end = _first_capture(steps) if half is Half.FIRST else len(steps)
    flow = _Flow(steps, records, listener)
    if records.undoing:
        flow.undo()
    resumed = half is not Half.SECOND and records.done
    try:
        return flow.run(end)
    except (errors.NotFound, errors.WaitFailed) as exc:
        if not resumed or isinstance(exc, errors.WaitTimeout):
            raise
        # What an earlier process made may be gone, as by a cleanup. All is
        # undone now; begin again.
        LOG.debug('Begun again', exc_info=True)
        return flow.run(end)


def is_captured(
    steps: Sequence[step_.Step], records: flow_records.Records
) -> bool:
    """Tell whether the copy needs its source no more, by the records."""
    done = 0 if records.undoing else records.done
    return any(step.captures for step in steps[:done])


def _first_capture(steps: Sequence[step_.Step]) -> int:
    """Count the steps up to the one that captures."""
    for number, step in enumerate(steps, 1):
        if step.captures:
            return number
    return len(steps)


class _Flow:
    """Steps that are being run."""

    def __init__(
        self,
        steps: Sequence[step_.Step],
        records: flow_records.Records,
        listener: Listener,
    ) -> None:
        self._steps = steps
        self._records = records
        self._listener = listener

    def run(self, end: int) -> step_.Made:
        """Do what is not done yet; where that fails, undo all.

        :param end: how many of the steps are to be done.
        """
        done = self._steps[: self._records.done]
        try:
            if done:
                # Asked to stop since: what is there goes again.
                done[0].work.clock.check()
            for step in done:
                self._listener.done(step)
            if not any(step.captures for step in done):
                self._listener.starts()
            for step in self._steps[len(done) : end]:
                self._do(step)
            if end < len(self._steps):
                self._records.require_kept()
        except errors.LoginEnded:
            # Nothing can be undone: all stays, with its records, for a resume.
            raise
        except Exception:
            self.undo()
            raise
        return self._records.made(end)

    def undo(self) -> None:
        """Undo what has begun; what cannot be undone is told."""
        for number in reversed(range(self._records.begun)):
            self._records.undo(number)
            self._undo(self._steps[number], self._records.made(number))
        self._records.forget()

    def _do(self, step: step_.Step) -> None:
        self._records.begin()
        self._listener.begins(step.title)
        self._records.end(step.do(self._records.made(self._records.done)))
        self._listener.done(step)

    def _undo(self, step: step_.Step, made: step_.Made) -> None:
        with step.work.clock.shielded():
            try:
                self._listener.begins(f'undo: {step.title}')
                step.undo(made)
            except errors.LoginEnded:
                # The records say what is still to be undone.
                raise
            except Exception as exc:
                what = f'undo: {step.title}'
                self._listener.left_over(faults.said(exc, step.work.run, what))

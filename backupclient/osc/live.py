# SPDX-License-Identifier: Apache-2.0
"""The progress on a terminal: lines that are redrawn while the work runs."""

import contextlib
import threading

from rich import console as rich_console
from rich import progress as rich_progress
from rich import text as rich_text

from backupclient.model import resources
from backupclient.model import results
from backupclient.osc import display
from backupclient.osc import wrapping

_FRAME = 10
"""Cells of the spinner, the elapsed time, and the blanks beside them."""

_LEAST_NAME = 19


class _State(rich_progress.ProgressColumn):
    """The column with the step, and with its bytes if it transfers data.

    It has as many details as fit.
    """

    def __init__(self, console: rich_console.Console) -> None:
        super().__init__()
        self._console = console

    def render(self, task: rich_progress.Task) -> rich_text.Text:
        room = self._console.width - _FRAME - 1 - _name_room(self._console)
        for shown in _states(task):
            if wrapping.width(shown) <= room:
                break
        return rich_text.Text(wrapping.shorten(shown, room), no_wrap=True)


def _states(task: rich_progress.Task) -> list[str]:
    """Return texts about the progress of a step, the longest first."""
    step = task.fields['step']
    done = int(task.completed)
    if not done:
        return [step]
    shown = f'{step}: {display.size(done)}'
    rate = f', {display.size(int(task.speed))}/s' if task.speed else ''
    if not task.total:
        return [shown + rate, shown]
    percent = f'{step}: {task.percentage:.0f} %'
    shown += f' of {display.size(int(task.total))}'
    return [shown + rate, shown, percent]


def _name_room(console: rich_console.Console) -> int:
    """Return the cells for a kind and a name: a third of the width."""
    return max((console.width - _FRAME) // 3, _LEAST_NAME)


class Live:
    """Shows a line for each resource that is worked on, and redraws it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, rich_progress.TaskID] = {}
        self._console = rich_console.Console(
            stderr=True, highlight=False, emoji=False
        )
        self._progress = rich_progress.Progress(
            rich_progress.SpinnerColumn(),
            rich_progress.TextColumn('{task.description}', markup=False),
            _State(self._console),
            rich_progress.TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        # The lock under which rich draws. A message that is printed without
        # it at that moment is overwritten, or a line of the progress stays.
        # It is private to rich: a release without it must not end a run.
        self._drawing: contextlib.AbstractContextManager[object] = getattr(
            self._progress.live, '_lock', contextlib.nullcontext()
        )

    def __enter__(self) -> 'Live':
        self._progress.start()
        # The second Ctrl-C ends the process without cleanup, which would
        # leave a hidden cursor.
        self._console.show_cursor(True)
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Print a message about the whole run, above the lines."""
        wrapped = wrapping.said(text, self._console.width)
        with self._drawing:
            self._console.print(wrapped, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Print a warning."""
        self.say(text)

    def leave(self, text: str) -> None:
        """Print the last message before quitting, and remove the lines."""
        self.say(text)
        self._progress.stop()

    def step(self, resource: resources.Resource, text: str) -> None:
        """Show that a step of a resource begins."""
        self._progress.reset(self._task(resource), total=None, step=text)

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Show the bytes of the current step."""
        self._progress.update(
            self._task(resource), completed=done, total=total
        )

    def ended(self, outcome: results.Outcome) -> None:
        """Replace the line of a resource by a sentence on its outcome."""
        self._remove(outcome.resource)
        self.say(display.ending(outcome))

    def done(self, resource: resources.Resource, text: str) -> None:
        """Show that work on a resource without an outcome has ended."""
        self._remove(resource)
        self.say(f'{resource.label}: {text}')

    def _remove(self, resource: resources.Resource) -> None:
        task = self._tasks.pop(resource.id, None)
        if task is not None:
            self._progress.remove_task(task)

    def _task(self, resource: resources.Resource) -> rich_progress.TaskID:
        with self._lock:
            if resource.id not in self._tasks:
                name = display.clean(resource.name) or resource.id
                self._tasks[resource.id] = self._progress.add_task(
                    wrapping.shorten(
                        f'{resource.kind} {name}', _name_room(self._console)
                    ),
                    total=None,
                    step='',
                )
            return self._tasks[resource.id]

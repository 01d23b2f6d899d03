# SPDX-License-Identifier: Apache-2.0
"""What a run tells while it goes on: always on stderr.

On a terminal a line for each resource that is worked on; elsewhere (a log, a
cron mail) a plain line for each step.
"""

from collections.abc import Iterator
import contextlib
import sys
import threading
import time

from rich import console as rich_console
from rich import progress as rich_progress
from rich import text as rich_text

from backupclient.model import events
from backupclient.model import outcome as outcome_
from backupclient.model import resources
from backupclient.osc import base
from backupclient.osc import display

_EVERY = 30.0
"""Seconds between two plain lines about the bytes of one download."""

_LONGEST_NAME = 40
"""Characters of a name on a line that also has to tell how it goes."""


@contextlib.contextmanager
def reporter() -> Iterator[events.Reporter]:
    """Give the reporter that fits stderr."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    with Live() as live:
        yield live


def _ending(outcome: outcome_.Outcome) -> str:
    why = f': {outcome.reason}' if outcome.reason else ''
    return f'{outcome.resource.label}: {outcome.state}{why}'


class Lines:
    """A plain line for each event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}

    def say(self, text: str) -> None:
        """Tell something about the whole run."""
        with self._lock:
            base.say(text)

    def leave(self, text: str) -> None:
        """Tell the last thing."""
        self.say(text)

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""
        self._said[resource.id] = time.monotonic()
        self.say(f'{resource.label}: {text}')

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Bytes of the current step, now and then."""
        now = time.monotonic()
        if now - self._said.get(resource.id, now) >= _EVERY:
            self._said[resource.id] = now
            of = f' of {display.size(total)}' if total else ''
            self.say(f'{resource.label}: {display.size(done)}{of}')

    def ended(self, outcome: outcome_.Outcome) -> None:
        """A resource is done with."""
        self.say(_ending(outcome))


class _Bytes(rich_progress.ProgressColumn):
    """Bytes and rate, for the steps that move bytes through here."""

    def render(self, task: rich_progress.Task) -> rich_text.Text:
        if not task.completed:
            return rich_text.Text()
        shown = display.size(int(task.completed))
        if task.total:
            shown += f' of {display.size(int(task.total))}'
        if task.speed:
            shown += f', {display.size(int(task.speed))}/s'
        return rich_text.Text(shown)


class Live:
    """A line for each resource that is worked on, redrawn as it goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, rich_progress.TaskID] = {}
        self._progress = rich_progress.Progress(
            rich_progress.SpinnerColumn(),
            rich_progress.TextColumn('{task.description}', markup=False),
            rich_progress.TextColumn('{task.fields[step]}', markup=False),
            _Bytes(),
            rich_progress.TimeElapsedColumn(),
            console=rich_console.Console(
                stderr=True, highlight=False, emoji=False
            ),
            transient=True,
        )

    def __enter__(self) -> 'Live':
        self._progress.start()
        # Who is told twice to stop leaves at once: the cursor is there.
        self._progress.console.show_cursor(True)
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Tell something about the whole run, above the lines."""
        self._progress.console.print(display.sentence(text), markup=False)

    def leave(self, text: str) -> None:
        """Tell the last thing, with the cursor on a line of its own."""
        self.say(text)
        self._progress.stop()

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""
        self._progress.reset(self._task(resource), total=None, step=text)

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Bytes of the current step."""
        self._progress.update(
            self._task(resource), completed=done, total=total
        )

    def ended(self, outcome: outcome_.Outcome) -> None:
        """A resource is done with: its line goes, a sentence stays."""
        task = self._tasks.pop(outcome.resource.id, None)
        if task is not None:
            self._progress.remove_task(task)
        self.say(_ending(outcome))

    def _task(self, resource: resources.Resource) -> rich_progress.TaskID:
        with self._lock:
            if resource.id not in self._tasks:
                name = display.clean(resource.name)[:_LONGEST_NAME]
                self._tasks[resource.id] = self._progress.add_task(
                    f'{resource.kind} {name or resource.id}',
                    total=None,
                    step='',
                )
            return self._tasks[resource.id]

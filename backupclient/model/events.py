# SPDX-License-Identifier: Apache-2.0
"""What a run tells while it goes on; who listens decides how it looks."""

from typing import Protocol

from backupclient.model import outcome as outcome_
from backupclient.model import resources


class Reporter(Protocol):
    """Hears what happens. Called from many threads; must not raise."""

    def say(self, text: str) -> None:
        """Tell something about the whole run."""

    def warn(self, text: str) -> None:
        """Tell what went wrong, also to a person who asked for silence."""

    def leave(self, text: str) -> None:
        """Tell the last thing: the process ends without another word."""

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Bytes of the current step, of how many (None: not known)."""

    def ended(self, outcome: outcome_.Outcome) -> None:
        """A resource is done with, well or not."""

    def done(self, resource: resources.Resource, text: str) -> None:
        """The work on a resource without an outcome has ended; say how."""


class Silent:
    """A reporter that says nothing."""

    def say(self, text: str) -> None:
        """Tell something about the whole run."""

    def warn(self, text: str) -> None:
        """Tell what went wrong."""

    def leave(self, text: str) -> None:
        """Tell the last thing."""

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Bytes of the current step."""

    def ended(self, outcome: outcome_.Outcome) -> None:
        """A resource is done with."""

    def done(self, resource: resources.Resource, text: str) -> None:
        """The work on a resource without an outcome has ended."""

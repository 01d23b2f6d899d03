# SPDX-License-Identifier: Apache-2.0
"""The events that a run reports; the reporter decides how to show them."""

from typing import Protocol

from backupclient.model import resources
from backupclient.model import results


class Reporter(Protocol):
    """Receives events. Called from many threads; must not raise."""

    def say(self, text: str) -> None:
        """Show information about the whole run."""

    def warn(self, text: str) -> None:
        """Show a warning, even if the user asked for no output."""

    def leave(self, text: str) -> None:
        """Show the last message; the process exits even if this blocks."""

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """The current step has transferred more bytes.

        :param done: the bytes so far.
        :param total: all bytes of the step, None if unknown.
        """

    def ended(self, outcome: results.Outcome) -> None:
        """The work on a resource has ended, with or without success."""

    def done(self, resource: resources.Resource, text: str) -> None:
        """The work on a resource without an outcome has ended."""


class Silent:
    """A reporter that shows nothing."""

    def say(self, text: str) -> None:
        """Ignore information about the whole run."""

    def warn(self, text: str) -> None:
        """Ignore a warning."""

    def leave(self, text: str) -> None:
        """Ignore the last message."""

    def step(self, resource: resources.Resource, text: str) -> None:
        """Ignore the next step of a resource."""

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Ignore the bytes of the current step."""

    def ended(self, outcome: results.Outcome) -> None:
        """Ignore the outcome of a resource."""

    def done(self, resource: resources.Resource, text: str) -> None:
        """Ignore the end of the work on a resource."""

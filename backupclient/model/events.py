# SPDX-License-Identifier: Apache-2.0
"""What a run tells while it goes on; the reporter decides how it looks."""

from typing import Protocol

from backupclient.model import resources
from backupclient.model import results


class Reporter(Protocol):
    """Hears what happens. Called from many threads; must not raise."""

    def say(self, text: str) -> None:
        """Tell something about the whole run."""

    def warn(self, text: str) -> None:
        """Tell what a person has to know who asked for silence, too."""

    def leave(self, text: str) -> None:
        """Tell the last thing: the process ends at once, whatever blocks."""

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """So many bytes of the current step are done.

        :param total: of how many; None when not known.
        """

    def ended(self, outcome: results.Outcome) -> None:
        """The work on a resource has ended, well or not."""

    def done(self, resource: resources.Resource, text: str) -> None:
        """The work on a resource has ended that gets no outcome."""


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

    def ended(self, outcome: results.Outcome) -> None:
        """A resource is done with."""

    def done(self, resource: resources.Resource, text: str) -> None:
        """The work on a resource without an outcome has ended."""

# SPDX-License-Identifier: Apache-2.0
"""The contract of a procedure's steps."""

import abc
from collections.abc import Callable, Sequence
import dataclasses
from typing import Any, ClassVar, Generic, TypeVar

from backupclient import clocks
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.keys import identity
from backupclient.keys import protection
from backupclient.model import events
from backupclient.model import plans
from backupclient.model import tags
from backupclient.procedures import interim
from backupclient.store import base
from backupclient.transfer import rates

Made = TypeVar('Made', bound=interim.Made)
"""One of the types of :mod:`.interim`: a step sees no other fields."""


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """What all steps of a run share.

    :param run: the run's ID.
    :param files: of the run's backup set, None when nothing leaves the cloud.
    :param name: the start of the artifacts' names, ``''`` for our own.
    :param shared_names: the names that several resources of the run have.
    :param protector: encrypts keys and secrets; None: written as they are.
    :param sets: gives the files of the set of a run, None for a run that
        restores nothing out of sets.
    :param identities: open keys and secrets that are encrypted.
    :param rate: what all downloads keep within, None for no limit.
    :param made_of: gives what another group of a restore has made, by its ID.
    """

    cloud: door.Cloud
    clock: clocks.Clock
    waiter: waiting.Waiter
    reporter: events.Reporter
    run: str
    files: base.Files | None = None
    name: str = ''
    shared_names: frozenset[str] = frozenset()
    protector: protection.Protector | None = None
    sets: Callable[[str], base.Files] | None = None
    identities: identity.Identities | None = None
    rate: rates.Rate | None = None
    made_of: Callable[[str], interim.Restore] = lambda _: interim.Restore()


class Step(abc.ABC, Generic[Made]):
    """One step: it can be done, undone, and done twice without harm.

    Doing it twice happens after a kill: so each step first looks for what
    an earlier try left, by its name.
    """

    stable_name: ClassVar[str]
    """What the step is called in graphs and in journals. It never changes."""

    title: ClassVar[str]
    """What goes on, for people: ``create the snapshot``."""

    captures: ClassVar[bool] = False
    """After this step the copy no longer needs its source as it is."""

    makes: ClassVar[str] = ''
    """The field of what is made that is there when this step is done."""

    frees: ClassVar[bool] = False
    """After this step nothing temporary counts in a quota any more."""

    def __init__(self, work: Work, item: plans.Item) -> None:
        self.work = work
        self.item = item
        self.cloud = work.cloud

    @property
    def name(self) -> str:
        """The name of what is made in the cloud."""
        return tags.name(self.work.run, self.item.resource)

    def metadata(self, role: tags.Role) -> dict[str, str]:
        """The tags of what is made in the cloud."""
        return tags.metadata(self.work.run, self.item.resource, role)

    @staticmethod
    @abc.abstractmethod
    def command(item: plans.Item) -> str:
        """Return the OpenStack command that a person would type for it.

        It is ``''`` for a step that a person would leave out.
        """

    def is_told(self, made: Made) -> bool:
        """Tell whether people should hear that the step begins."""
        return True

    @abc.abstractmethod
    def do(self, made: Made) -> Made:
        """Do it.

        :param made: by the steps before this one.
        :returns: the same with what this step made.
        :raises BackupError: what could not be done; the item has failed.
        """

    def undo(self, made: Made) -> None:
        """Take away what this step made, and only that.

        Also called when :meth:`do` failed half-way, or after it had been
        done already.

        :param made: by the steps up to this one, as far as it is known.
        :raises BackupError: what could not be taken away.
        """


Steps = Sequence[type[Step[Any]]]

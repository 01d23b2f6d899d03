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
    """The context that all steps of a run share.

    :param run: the run's ID.
    :param files: the files of the run's backup set, None when nothing leaves
        the cloud.
    :param name: the start of the artifacts' names, ``''`` for the default.
    :param shared_names: the names that several resources of the run have.
    :param protector: encrypts keys and secrets; if it is None, they are
        written in plain text.
    :param sets: returns the files of a run's set, by the run's ID; None if
        nothing is restored from sets.
    :param identities: decrypt keys and secrets; None if the user gave none.
    :param rate: the limit of all downloads together, None for no limit.
    :param made_of: returns the results of another group of a restore, by the
        group's ID.
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
    """One step of a procedure. It is idempotent, and can be undone.

    After a kill, a step is done a second time. So each step first looks for
    the resource that an earlier try has made, by its name.
    """

    stable_name: ClassVar[str]
    """The step's name in graphs and in journals. It never changes."""

    title: ClassVar[str]
    """The step's name for people, such as ``create the snapshot``."""

    captures: ClassVar[bool] = False
    """After this step the copy no longer needs its source as it is."""

    makes: ClassVar[str] = ''
    """The field of :data:`Made` that this step sets, ``''`` for none."""

    frees: ClassVar[bool] = False
    """After this step, no temporary resource counts in a quota any more."""

    def __init__(self, work: Work, item: plans.Item) -> None:
        self.work = work
        self.item = item
        self.cloud = work.cloud

    @property
    def name(self) -> str:
        """The name of the resource that the step makes in the cloud."""
        return tags.name(self.work.run, self.item.resource)

    def metadata(self, role: tags.Role) -> dict[str, str]:
        """Return the tags of the resource that the step makes."""
        return tags.metadata(self.work.run, self.item.resource, role)

    @staticmethod
    @abc.abstractmethod
    def command(item: plans.Item) -> str:
        """Return the OpenStack command that does the same by hand.

        :returns: the command, ``''`` if the step is not needed by hand.
        """

    def is_told(self, made: Made) -> bool:
        """Return whether the start of the step is reported to the user."""
        return True

    @abc.abstractmethod
    def do(self, made: Made) -> Made:
        """Do the step.

        :param made: the results of the steps before this one.
        :returns: ``made``, with the result of this step.
        :raises BackupError: if the step failed; then the item has failed.
        """

    def undo(self, made: Made) -> None:
        """Delete the resource that this step made, and nothing else.

        It is also called when :meth:`do` failed half-way, and may be called
        twice.

        :param made: the results of the steps up to this one, as far as they
            are known.
        :raises BackupError: if the resource could not be deleted.
        """


Steps = Sequence[type[Step[Any]]]

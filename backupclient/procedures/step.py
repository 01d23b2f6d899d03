# SPDX-License-Identifier: Apache-2.0
"""The contract of a procedure's steps."""

import abc
from collections.abc import Callable, Sequence
import dataclasses
from typing import ClassVar

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.keys import identity
from backupclient.keys import protection
from backupclient.model import copies
from backupclient.model import events
from backupclient.model import ids
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags
from backupclient.store import base
from backupclient.transfer import rates


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """What the steps of one item have made so far.

    It is kept in the journal after each step, so that a killed run goes on
    from there: names and IDs only, never the bytes of a key.

    :param found: the state in which a server was before it was stopped.
    :param captured_at: UTC, ISO 8601: the state that the copy holds.
    :param consistency: what that state is worth, where it was captured.
    :param image: of a server's own disk: what is known of ``image_id``, since
        the image itself may be deleted.
    :param secret: with its metadata and its ACL, for the manifest.
    :param secret_id: of a secret that a restore has stored.
    :param restored: the ID of what a restore has made and given its name.
    """

    snapshot_id: str = ''
    volume_id: str = ''
    image_id: str = ''
    captured_at: str = ''
    consistency: plans.Consistency = plans.Consistency.NONE
    artifact: copies.Artifact | None = None
    file: copies.FileRecord | None = None
    key: copies.KeyRecord | None = None
    notes: tuple[str, ...] = ()
    image: resources.Image | None = None
    secret: resources.Secret | None = None
    found: str = ''
    secret_id: str = ''
    server_id: str = ''
    restored: str = ''

    def __post_init__(self) -> None:
        ids.require_if_any(
            self.snapshot_id,
            self.volume_id,
            self.image_id,
            self.secret_id,
            self.server_id,
            self.restored,
        )


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
    :param made_of: gives what another group of the run has made, by its ID.
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
    made_of: 'Callable[[str], Made]' = lambda _: Made()


class Step(abc.ABC):
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
    """The field of :class:`Made` that is there when this step is done."""

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

    def undo(self, made: Made) -> None:  # noqa: B027 - most make nothing
        """Take away what this step made, and only that.

        Also called when :meth:`do` failed half-way, or after it had been
        done already.

        :param made: by the steps up to this one, as far as it is known.
        :raises BackupError: what could not be taken away.
        """

    def with_state(self, made: Made, created_at: str = '') -> Made:
        """Note the state that the copy holds, unless a step before did.

        An earlier process may have begun the capture: so the time is the
        cloud's. And a server may have been started since it was planned.

        :param created_at: as the cloud gives it; if it is none, it is now.
        """
        if made.captured_at:
            return made
        time = stamps.read(created_at) or self.work.clock.now()
        return dataclasses.replace(
            made,
            captured_at=time.isoformat(timespec='seconds'),
            consistency=self._consistency(),
        )

    def _consistency(self) -> plans.Consistency:
        """Tell what the copy is worth, by its servers as they are now.

        Where that cannot be told, it is the lesser: the copy is made.
        """
        item, stopped = self.item, plans.Consistency.STOPPED
        if item.consistency is not stopped:
            return item.consistency
        servers = {item.resource.id}
        if item.volume:
            servers = {one.server_id for one in item.volume.attachments}
        try:
            found = [self.cloud.nova.server(each) for each in servers]
        except errors.CloudError:
            return plans.Consistency.CRASH
        states = {server.status for server in found if server}
        return stopped if states <= plans.AT_REST else plans.Consistency.CRASH


Steps = Sequence[type[Step]]

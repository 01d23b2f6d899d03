# SPDX-License-Identifier: Apache-2.0
"""How the progress of a flow is written to a file: ``formats/journal.rst``.

In a file, the results of steps have one type with the fields of all types, as
earlier releases wrote them. The part of the flow determines the type in
memory. Only this module converts between them.
"""

from collections.abc import Callable
import dataclasses

from backupclient import errors
from backupclient.engine import journal_base
from backupclient.model import copies
from backupclient.model import graphs
from backupclient.model import ids
from backupclient.model import plans
from backupclient.model import resources
from backupclient.procedures import interim

FORMAT_VERSION = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """The results of the steps of one item so far."""

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
        """Raise ValueError if an ID is malformed.

        The file may have been edited. The reader of the file adds its name.
        """
        ids.require_if_any(
            self.snapshot_id,
            self.volume_id,
            self.image_id,
            self.secret_id,
            self.server_id,
            self.restored,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """A step that is done.

    :param step: its stable name.
    :param made: the results of this step and of those before it.
    """

    step: str
    made: Made


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a flow; see :class:`.journal_base.Progress`."""

    flow: str
    done: tuple[Done, ...] = ()
    undoing: bool = False
    version: int = FORMAT_VERSION


def of(progress: journal_base.Progress) -> Progress:
    """Return the form of a progress that is written."""
    done = (Done(each.step, _of(each.made)) for each in progress.done)
    return Progress(progress.flow, tuple(done), progress.undoing)


def opened(saved: Progress, flow: str) -> journal_base.Progress:
    """Return the progress in memory for a progress that was read.

    :param flow: the ID of the expected flow.
    :raises DocumentError: if it belongs to another flow.
    """
    if saved.flow != flow:
        raise errors.DocumentError(
            f'The record of {flow} is of flow {saved.flow[:200]!r}.'
        )
    part = graphs.part_of(flow)
    return journal_base.Progress(
        saved.flow,
        tuple(
            journal_base.Done(each.step, made(each.made, part))
            for each in saved.done
        ),
        saved.undoing,
    )


def made(saved: Made, part: graphs.Part) -> interim.Made:
    """Return the results of steps, in the type for this part of a flow.

    Fields that the type lacks are ignored.
    """
    return _OPEN[interim.kind(part)](saved)


def _of(made: interim.Made) -> Made:
    match made:
        case interim.Backup():
            return _of_backup(made)
        case interim.Restore():
            return _of_restore(made)
        case interim.Downtime():
            return Made(found=made.found)


def _of_backup(made: interim.Backup) -> Made:
    captured, described = made.captured, made.described
    return Made(
        snapshot_id=made.snapshot_id,
        volume_id=made.volume_id,
        image_id=made.image_id,
        captured_at=captured.at if captured else '',
        consistency=captured.consistency
        if captured
        else plans.Consistency.NONE,
        artifact=made.artifact,
        file=made.file,
        key=made.key,
        notes=made.notes,
        image=described if isinstance(described, resources.Image) else None,
        secret=described if isinstance(described, resources.Secret) else None,
    )


def _of_restore(made: interim.Restore) -> Made:
    return Made(
        volume_id=made.volume_id,
        image_id=made.image_id,
        notes=made.notes,
        secret_id=made.secret_id,
        server_id=made.server_id,
        restored=made.restored,
    )


def _backup(saved: Made) -> interim.Backup:
    captured = None
    if saved.captured_at:
        captured = interim.Moment(saved.captured_at, saved.consistency)
    return interim.Backup(
        snapshot_id=saved.snapshot_id,
        volume_id=saved.volume_id,
        image_id=saved.image_id,
        captured=captured,
        artifact=saved.artifact,
        file=saved.file,
        key=saved.key,
        described=saved.image or saved.secret,
        notes=saved.notes,
    )


def _restore(saved: Made) -> interim.Restore:
    return interim.Restore(
        secret_id=saved.secret_id,
        image_id=saved.image_id,
        volume_id=saved.volume_id,
        server_id=saved.server_id,
        restored=saved.restored,
        notes=saved.notes,
    )


def _downtime(saved: Made) -> interim.Downtime:
    return interim.Downtime(saved.found)


_OPEN: dict[type[interim.Made], Callable[[Made], interim.Made]] = {
    interim.Backup: _backup,
    interim.Restore: _restore,
    interim.Downtime: _downtime,
}

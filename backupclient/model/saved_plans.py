# SPDX-License-Identifier: Apache-2.0
"""Convert plans and items to and from their form in files.

The format is described in ``formats/plan.rst``. In a file, an item has the
fields of all tasks side by side, and its ``procedure`` decides which of them
count. People read and edit plans, and plans of earlier releases must work.
"""

import dataclasses

from backupclient.model import ids
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tasks

_KINDS = {
    plans.Procedure.IMAGE_DOWNLOAD: {
        resources.Kind.IMAGE,
        resources.Kind.SERVER,
    },
    plans.Procedure.SERVER_IMAGE: {resources.Kind.SERVER},
    plans.Procedure.VOLUME_BACKUP: {resources.Kind.VOLUME},
    plans.Procedure.VOLUME_IMAGE: {resources.Kind.VOLUME},
    plans.Procedure.SNAPSHOT_IMAGE: {resources.Kind.VOLUME},
    plans.Procedure.SECRET_DOWNLOAD: {resources.Kind.SECRET},
    plans.Procedure.SECRET_STORE: {resources.Kind.SECRET},
    plans.Procedure.IMAGE_UPLOAD: {resources.Kind.IMAGE},
    plans.Procedure.VOLUME_FROM_IMAGE: {resources.Kind.VOLUME},
    plans.Procedure.VOLUME_FROM_BACKUP: {resources.Kind.VOLUME},
    plans.Procedure.SERVER_BUILD: {resources.Kind.SERVER},
    plans.Procedure.NONE: set(resources.Kind),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """The restore of one resource. The fields are those of ``restores.Task``.

    At most one of ``volume`` and ``server`` is set.
    """

    source: restores.Source
    name: str
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    volume: restores.NewVolume | None = None
    server: restores.NewServer | None = None
    containers: tuple[restores.Container, ...] = ()
    drill: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """An item of a plan.

    :param server: the resource's fields when the plan was made. One of
        ``server``, ``volume``, ``image`` and ``secret`` is set; with a server
        also the ``image`` that has its own disk, if the task needs it.
    :param present: the ID of the existing resource, if there is nothing to
        restore.
    """

    resource: resources.Resource
    procedure: plans.Procedure
    reason: str
    consistency: plans.Consistency = plans.Consistency.NONE
    result: str = ''
    size: int | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    to_file: bool = False
    keep_image: bool = False
    incremental: bool = False
    group: str = ''
    covered_by: str = ''
    parts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    server: resources.Server | None = None
    volume: resources.Volume | None = None
    image: resources.Image | None = None
    secret: resources.Secret | None = None
    fallback: 'Item | None' = None
    restore: Task | None = None
    present: str = ''

    def __post_init__(self) -> None:
        """Raise ValueError if the fields do not fit together.

        Files come from people and from other releases. The check is here so
        that msgspec adds the place in the file to the message.
        """
        ids.require_if_any(self.group, self.present)
        ids.require(*self.parts, *self.stops)
        if self.resource.kind not in _KINDS[self.procedure]:
            raise ValueError(
                f'{self.resource.label} cannot be backed up by '
                f'{self.procedure}'
            )
        beside = None if self.server else self.image
        for one in (self.server, self.volume, beside, self.secret):
            self._require_own(one.resource if one else None)
        self._require_own(self.fallback.resource if self.fallback else None)
        _task(self)

    def _require_own(self, found: resources.Resource | None) -> None:
        if found not in (None, self.resource):
            raise ValueError(
                f'{self.resource.label} has the data of {found.label}'
            )


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A plan in its form for files; see ``plans.Plan``."""

    identity: inventories.CloudIdentity
    request: requests.Request
    items: tuple[Item, ...] = ()
    bytes_to_move: int = 0
    bytes_to_files: int = 0
    peaks: tuple[plans.Peak, ...] = ()
    cautions: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    restore: restores.Request | None = None
    version: int = plans.FORMAT_VERSION


def of(plan: plans.Plan) -> Plan:
    """Return a plan in its form for files."""
    fields = {name: getattr(plan, name) for name in _FIELDS}
    return Plan(**fields, items=tuple(map(of_item, plan.items)))


def plan(saved: Plan) -> plans.Plan:
    """Return the plan from its form in a file."""
    fields = {name: getattr(saved, name) for name in _FIELDS}
    return plans.Plan(**fields, items=tuple(map(item, saved.items)))


def of_item(one: plans.Item) -> Item:
    """Return an item in its form for files."""
    task = one.task
    copy = task if isinstance(task, tasks.ImageCopy) else None
    backup = task if isinstance(task, plans.VolumeBackup) else None
    covered = task if isinstance(task, tasks.Covered) else None
    return Item(
        **{name: getattr(one, name) for name in _SAME},
        procedure=one.procedure,
        to_file=one.to_file,
        keep_image=copy is not None and copy.keep_image,
        incremental=backup is not None and backup.incremental,
        covered_by=covered.by if covered else '',
        parts=one.parts,
        stops=one.stops,
        server=one.server,
        volume=one.volume,
        image=one.image,
        secret=one.secret,
        fallback=of_item(one.fallback) if one.fallback else None,
        restore=_saved_task(one.restore) if one.restore else None,
        present=task.id if isinstance(task, tasks.Present) else '',
    )


def item(saved: Item) -> plans.Item:
    """Return the item from its form in a file."""
    return plans.Item(
        **{name: getattr(saved, name) for name in _SAME},
        task=_task(saved),
        seen=saved.server or saved.volume or saved.image or saved.secret,
    )


def _task(saved: Item) -> plans.Task:
    """Return the task of an item.

    :raises ValueError: if its fields do not fit its procedure.
    """
    wanted, procedure = saved.restore, plans.Procedure
    copied = (saved.to_file, saved.keep_image, saved.stops)
    match saved.procedure:
        case procedure.NONE:
            return _none(saved)
        case procedure.IMAGE_DOWNLOAD if saved.image and not wanted:
            return tasks.ImageDownload(saved.image)
        case procedure.SECRET_DOWNLOAD if not saved.image and not wanted:
            return tasks.SecretDownload()
        case procedure.SERVER_IMAGE if not saved.image and not wanted:
            return tasks.ServerImage(*copied)
        case procedure.VOLUME_IMAGE if not saved.image and not wanted:
            return tasks.VolumeImage(*copied)
        case procedure.SNAPSHOT_IMAGE if not saved.image and not wanted:
            return tasks.SnapshotImage(*copied)
        case procedure.VOLUME_BACKUP if not saved.image and not wanted:
            instead = item(saved.fallback) if saved.fallback else None
            return plans.VolumeBackup(saved.incremental, saved.stops, instead)
    found = _restoring(saved, wanted) if wanted else None
    if found is None:
        raise ValueError(
            f'{saved.resource.label}: its procedure {saved.procedure} and '
            'what else it has do not fit'
        )
    return found


def _none(saved: Item) -> plans.Task:
    if saved.covered_by:
        return tasks.Covered(saved.covered_by, saved.parts)
    return tasks.Present(saved.present) if saved.present else tasks.Nothing()


def _restoring(saved: Item, wanted: Task) -> restores.Task | None:
    new: restores.New | None = None
    match saved.procedure:
        case plans.Procedure.SECRET_STORE:
            new = restores.NewSecret(wanted.containers)
        case plans.Procedure.IMAGE_UPLOAD:
            new = restores.NewImage()
        case plans.Procedure.SERVER_BUILD:
            new = wanted.server
        case (
            plans.Procedure.VOLUME_FROM_IMAGE
            | plans.Procedure.VOLUME_FROM_BACKUP
        ):
            new = wanted.volume
    if new is None:
        return None
    own_disk = saved.image if isinstance(new, restores.NewServer) else None
    return restores.Task(
        **{name: getattr(wanted, name) for name in _SAME_TASK},
        new=new,
        own_disk=own_disk,
    )


def _saved_task(task: restores.Task) -> Task:
    new = task.new
    return Task(
        **{name: getattr(task, name) for name in _SAME_TASK},
        volume=new if isinstance(new, restores.NewVolume) else None,
        server=new if isinstance(new, restores.NewServer) else None,
        containers=new.containers
        if isinstance(new, restores.NewSecret)
        else (),
    )


def _common(one: type, other: type) -> frozenset[str]:
    """Return the names of the fields that two dataclasses share."""
    names = [
        {f.name for f in dataclasses.fields(each)} for each in (one, other)
    ]
    return frozenset.intersection(*map(frozenset, names))


_FIELDS = _common(Plan, plans.Plan) - {'items'}
_SAME = _common(Item, plans.Item)
_SAME_TASK = _common(Task, restores.Task)

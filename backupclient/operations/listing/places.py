# SPDX-License-Identifier: Apache-2.0
"""Read the runs in places, through the cache of manifests."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import math

from backupclient import documents
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import manifest_shelf
from backupclient.engine import past_runs
from backupclient.model import histories
from backupclient.model import layout
from backupclient.model import verification
from backupclient.operations import cloud_place
from backupclient.sets import catalogue
from backupclient.sets import marker
from backupclient.sets.index import indexes
from backupclient.sets.index import reading
from backupclient.store import base

State = histories.State


@dataclasses.dataclass(frozen=True, slots=True)
class Set:
    """A run in a place.

    :param read: the set as read from the place; None if the run is known
        only from a journal of this machine.
    :param started_at: UTC, ISO 8601.
    :param host: the machine of the run, ``''`` if unknown.
    :param problem: why the manifest cannot be used, in a sentence; ``''`` if
        it can, or the run is not finished.
    """

    place: str
    run: str
    started_at: str
    read: reading.Read | None = None
    host: str = ''
    problem: str = ''

    @property
    def header(self) -> indexes.Header | None:
        """The header of the manifest, None without a usable manifest."""
        return self.read.header if self.read and not self.problem else None

    @property
    def unfinished(self) -> bool:
        """True if the run has not ended, or was killed."""
        return self.read is None or (
            self.read.found.state is catalogue.State.UNFINISHED
        )

    @property
    def state(self) -> State:
        """How the run ended."""
        if self.unfinished:
            return State.UNFINISHED
        header = self.header
        if header is None or self.read is None or _failed(self.read):
            return State.FAILED
        return State(header.state.value)


def of_store(
    index: indexes.Index,
    store: base.Shelf,
    patience: float = math.inf,
    wanted: reading.Wanted = tuple,
) -> Iterator[Set]:
    """Yield the runs in a target.

    :param patience: seconds after which no further manifest is read.
    :param wanted: filters out runs that need not be read.
    :raises TargetError: if the list would be incomplete.
    """
    for one in reading.read(index, store, patience, wanted):
        yield _of_store(store, one)


def of_cloud(
    index: indexes.Index, cloud: door.Cloud, wanted: reading.Wanted = tuple
) -> Iterator[Set]:
    """Yield the runs that left backups in the cloud.

    A run in the list without an ID stands for a problem with the whole list.

    :param wanted: filters out runs that need not be read.
    """
    library, troubles = cloud_place.what_is_known(cloud)
    here = cloud.identity.project_id
    for one in reading.read(index, library.store, wanted=wanted):
        found = _of_store(library.store, one)
        if one.header is not None and one.header.project_id != here:
            found = dataclasses.replace(
                found,
                problem=cloud_place.foreign(found.run, one.header.project_id),
            )
        yield found
    for run in past_runs.unfinished_of(cloud.identity):
        yield Set(manifest_shelf.NAME, run.run, run.started_at)
    for text in troubles:
        yield Set(manifest_shelf.NAME, '', '', problem=text)


def newest_first(sets: Iterable[Set]) -> tuple[Set, ...]:
    """Sort runs, the newest first; the sets of the same run by place."""
    return tuple(
        sorted(
            sorted(sets, key=lambda one: one.place),
            key=lambda one: one.run,
            reverse=True,
        )
    )


def standings(
    index: indexes.Index,
    one: Set,
    keys: Sequence[indexes.Key] | None = None,
) -> dict[indexes.Key, verification.Standing]:
    """Return the verification standing of each backup of a run."""
    found: dict[indexes.Key, list[tuple[str, verification.Row]]] = {}
    for at, number in one.read.verifications if one.read else ():
        for key, row in index.findings(number, keys):
            found.setdefault(key, []).append((at, row))
    return {key: verification.standing(rows) for key, rows in found.items()}


def _of_store(store: base.Shelf, one: reading.Read) -> Set:
    run = one.found.run
    if one.header is not None:
        header = one.header
        return Set(store.name, run, header.created_at, one, header.host)
    if one.found.state is not catalogue.State.UNFINISHED:
        return Set(store.name, run, begun(run), one, problem=one.problem)
    left = _marker(store, one.found)
    if left is None:
        return Set(store.name, run, begun(run), one)
    return Set(store.name, run, left.started_at, one, left.host)


def _marker(store: base.Shelf, found: catalogue.Found) -> marker.Marker | None:
    """Read a set's marker, None if it has no readable one."""
    path = f'{found.folder}/{layout.MARKER}'
    try:
        return documents.decode(
            base.read_whole(store, path, _LARGEST_MARKER),
            marker.Marker,
            f'marker {store.name}/{path}',
        )
    except (errors.TargetError, errors.DocumentError):
        return None


def begun(run: str) -> str:
    """Return a run's start time from its ID, in ISO 8601."""
    return (
        f'{run[:4]}-{run[4:6]}-{run[6:8]}T{run[9:11]}:{run[11:13]}:'
        f'{run[13:15]}+00:00'
    )


def _failed(one: reading.Read) -> bool:
    return one.found.state is catalogue.State.FAILED


_LARGEST_MARKER = 1 << 16
"""Bytes: a real marker is much smaller. The file may be malicious."""

# SPDX-License-Identifier: Apache-2.0
"""List the sets in a store, and read their manifests.

The content of a store is untrusted input. Other folders are skipped. If a
manifest cannot be used, the result holds the reason instead of raising an
error, so that the other sets are still listed.
"""

from collections.abc import Iterator
import dataclasses
import datetime
import enum
import hashlib

from backupclient import errors
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import tags
from backupclient.sets import check
from backupclient.sets import doubts
from backupclient.sets import lost
from backupclient.store import base
from backupclient.store import within

MOST_ITEMS = 100_000
"""The largest number of resources in a manifest that is read."""

MISPLACED = (
    'it was copied into the wrong set, or the folder was renamed. Put back '
    "the set's own manifest, or the folder's own name."
)
"""What to do with a manifest that belongs to another run."""

GRACE = datetime.timedelta(days=1)
"""A run counts as dead if it has written nothing to its set for this long."""


class State(enum.StrEnum):
    """The state of a set, by the names in the store alone."""

    FINISHED = 'finished'
    """The run has ended. The manifest may have been lost since then."""
    UNFINISHED = 'unfinished'
    FAILED = 'failed'


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A set in a store.

    :param folder: the set's path in the store.
    :param lost: whether the finished set has lost its manifest.
    """

    run: str
    state: State
    folder: str
    lost: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A set and its manifest.

    :param manifest: the manifest, None if it cannot be used.
    :param problem: the reason, in a sentence that names the file, else ``''``.
    :param digest: the sha512 of the manifest's bytes, ``''`` if it cannot be
        used.
    :param newer: whether a newer release has written it: the set may be good.
    :param doubts: sentences on implausible values in the manifest. The entries
        with such values are in the state FAILED.
    """

    found: Found
    manifest: manifests.Manifest | None
    problem: str = ''
    digest: str = ''
    newer: bool = False
    doubts: tuple[str, ...] = ()


def runs(store: base.Shelf) -> tuple[Found, ...]:
    """List the sets in a store, the newest first.

    A set is finished if its folder has the name of the run and contains a
    manifest, or has lost it. A run can have several folders, such as ``<run>``
    and ``<run>.partial``; each is listed.

    :raises TargetError: if the list would not be complete.
    """
    found = [*_current(store), *_failed(store)]
    return tuple(sorted(found, key=lambda one: one.run, reverse=True))


def files(store: base.Shelf, found: Found) -> within.Within:
    """Return access to a set's files, by the paths of the layout."""
    return within.Within(store, found.folder, layout.may_be_read)


def read(store: base.Shelf, found: Found) -> Opened:
    """Read the manifest of a set; return the problem if it cannot be used."""
    try:
        return decode(store, found, content(store, found))
    except errors.DocumentError as exc:
        return Opened(found, None, str(exc))


def content(store: base.Shelf, found: Found) -> bytes:
    """Return the bytes of the manifest of a set.

    :raises DocumentError: if they cannot be read.
    """
    return check.text(files(store, found), layout.MANIFEST)


def decode(
    store: base.Shelf, found: Found, content: bytes, digest: str = ''
) -> Opened:
    """Decode and check the manifest of a set.

    :param content: the manifest's bytes.
    :param digest: their sha512, if it is known.
    """
    try:
        manifest = check.decode(files(store, found), content)
    except errors.DocumentError as exc:
        newer = isinstance(exc, errors.NewerDocument)
        return Opened(found, None, str(exc), newer=newer)
    why = _refusal(manifest, found)
    if why:
        place = f'{store.name}/{found.folder}/{layout.MANIFEST}'
        return Opened(found, None, f'The manifest {place} {why}')
    digest = digest or hashlib.sha512(content).hexdigest()
    checked = doubts.check(manifest)
    return Opened(
        found, checked.manifest, digest=digest, doubts=checked.doubts
    )


def doubtful(store: base.Shelf, opened: Opened) -> str:
    """Return the message about the implausible values in a manifest.

    :param opened: a set with at least one doubt.
    """
    more = len(opened.doubts) - 1
    return (
        f'The manifest {store.name}/{opened.found.folder}/{layout.MANIFEST} '
        f'was changed after it was written. {opened.doubts[0]}'
        f'{f" And {more} more." if more else ""}'
    )


def last_written(store: base.Shelf, found: Found) -> datetime.datetime | None:
    """Return when a set's files were last written, None for an empty set.

    :raises TargetError: if the list of its files would not be complete.
    """
    every = store.list(found.folder)
    return max((each.changed_at for each in every), default=None)


def is_abandoned(
    store: base.Store, found: Found, now: datetime.datetime
) -> bool:
    """Return whether an unfinished set's run is dead, by its files alone.

    A run writes to its set at least every few hours. The run's lease or
    journal, if there is one, shows sooner that it is dead.

    :param now: an aware time.
    :raises TargetError: if the list of its files would not be complete.
    """
    if found.state is not State.UNFINISHED:
        return False
    last = last_written(store, found)
    return last is None or now - last >= GRACE


def _current(store: base.Shelf) -> Iterator[Found]:
    described = store.folders_with(layout.MANIFEST)
    for name in store.folders():
        run = name.removesuffix(layout.PARTIAL)
        if not tags.is_run_id(run):
            continue
        if run != name:
            yield Found(run, State.UNFINISHED, name)
        elif name in described:
            yield Found(run, State.FINISHED, name)
        else:
            yield _without_manifest(store, run)


def _without_manifest(store: base.Shelf, run: str) -> Found:
    """Look again at a set that had no manifest when the store was listed.

    Its run may have finished meanwhile, or its deletion may have ended.
    """
    start = f'{run}/'
    try:
        # An unfinished set has it, and then no list is needed.
        if store.stat(start + layout.MARKER) is not None:
            return Found(run, State.UNFINISHED, run)
        names = {each.path.removeprefix(start) for each in store.list(run)}
    except errors.TargetError:
        # The reader gets the error. Other sets are listed all the same.
        return Found(run, State.FINISHED, run, lost=True)
    if lost.is_lost(names):
        return Found(run, State.FINISHED, run, lost=True)
    finished = layout.MANIFEST in names
    return Found(run, State.FINISHED if finished else State.UNFINISHED, run)


def _failed(store: base.Shelf) -> Iterator[Found]:
    for name in store.folders(layout.FAILED):
        if tags.is_run_id(name):
            yield Found(name, State.FAILED, f'{layout.FAILED}/{name}')


def _refusal(manifest: manifests.Manifest, found: Found) -> str:
    """Return why a manifest does not belong to a set, ``''`` if it does."""
    if manifest.run != found.run:
        return f'is of the run {manifest.run[:80]!r}: {MISPLACED}'
    if len(manifest.items) > MOST_ITEMS:
        return (
            f'lists {len(manifest.items):,} resources, more than the '
            f'{MOST_ITEMS:,} that are read. It was not written by this '
            'program.'
        )
    return ''

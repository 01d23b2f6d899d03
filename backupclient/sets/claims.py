# SPDX-License-Identifier: Apache-2.0
"""That somebody reads a set, so that nobody deletes it meanwhile.

The reader puts a small file into the set and takes it away afterwards. The
reader and the deleter both write first and look for the other afterwards: of
two that come at the same time, at least one sees the other.

A place that can only be read needs no claim: nobody deletes there either, or
it is done on another machine that cannot know.
"""

from collections.abc import Iterable, Iterator
import contextlib
import dataclasses
import datetime
import socket
import threading
from typing import Literal

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import tags
from backupclient.sets import catalogue
from backupclient.store import base
from backupclient.store import localfile

FORMAT_VERSION = 1

LIFETIME = datetime.timedelta(days=1)
"""A claim that was not written for so long is that of a dead process."""

_MOVED_WITHIN = datetime.timedelta(hours=1)
"""More than a living process takes to move a set that it deletes."""

BEAT = 3600.0
"""Seconds between two writes of a claim."""

_SMALL = 1 << 16


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """Who reads a set.

    :param command: such as ``verify``.
    :param host: the name of the machine.
    :param started_at: UTC, ISO 8601.
    """

    run: str
    command: str
    host: str
    started_at: str
    format: Literal['openstack-backup-claim'] = 'openstack-backup-claim'
    version: int = FORMAT_VERSION


@contextlib.contextmanager
def reading(
    store: base.Store, sets: Iterable[catalogue.Found], command: str
) -> Iterator[None]:
    """Claim sets while they are read.

    :param command: that reads them.
    :raises Busy: one of them is being deleted.
    """
    claims = [_Held(store, found, command) for found in sets]
    over = threading.Event()
    beat = threading.Thread(
        target=_beat, args=(claims, over), name='claims', daemon=True
    )
    try:
        for each in claims:
            each.begin()
        beat.start()
        yield
    finally:
        over.set()
        for each in claims:
            each.end()


def alive(store: base.Store, folder: str, now: datetime.datetime) -> str:
    """Say who reads a set, ``''`` for nobody.

    :param folder: of the set.
    :raises TargetError: the list would not be complete.
    """
    start = f'{folder}/'
    for entry in store.list(start + layout.CLAIMS):
        path = entry.path.removeprefix(start)
        if layout.is_claim(path) and now - entry.changed_at < LIFETIME:
            return _said(store, entry.path)
    return ''


def _said(store: base.Store, path: str) -> str:
    try:
        claim = documents.decode(
            base.read_whole(store, path, _SMALL), Claim, f'claim {path}'
        )
        who = f'"openstack backup {claim.command}" on {claim.host} reads it'
    except (errors.TargetError, errors.DocumentError):
        who = 'Somebody reads it'
    return (
        f'{who}. If that is not so any more, delete {store.name}/{path}, or '
        'wait for a day.'
    )


class _Held:
    """The claim on one set. One thread renews it, another one ends it."""

    def __init__(
        self, store: base.Store, found: catalogue.Found, command: str
    ) -> None:
        self._store = store
        self._folder = found.folder
        now = datetime.datetime.now(datetime.UTC)
        self._path = (
            f'{found.folder}/{layout.claim_file(tags.new_run_id(now))}'
        )
        self._content = documents.encode(
            Claim(
                found.run,
                command,
                socket.gethostname(),
                now.isoformat(timespec='seconds'),
            )
        )
        self._lock = threading.Lock()
        self._is_held = False

    def begin(self) -> None:
        """Write the claim, and see that the set is not being deleted.

        :raises Busy: it is.
        """
        with contextlib.suppress(errors.TargetError):
            self._write()
            self._is_held = True
        if self._is_being_deleted():
            raise errors.Busy(
                f'The set {self._store.name}/{self._folder} is being deleted '
                'by "openstack backup prune". Choose another run.'
            )

    def renew(self) -> None:
        """Write the claim again, unless it has ended."""
        with self._lock:
            if self._is_held:
                with contextlib.suppress(errors.TargetError):
                    self._write()

    def end(self) -> None:
        """Take the claim away. One that stays counts for a day."""
        with self._lock:
            if self._is_held:
                self._is_held = False
                with contextlib.suppress(errors.TargetError):
                    self._store.delete(self._path)
                    self._store.drop(f'{self._folder}/{layout.CLAIMS}')

    def _write(self) -> None:
        """Write the claim; on a full disk an empty file, which counts too."""
        try:
            self._store.put(self._path, self._content)
        except errors.TargetError as exc:
            if not localfile.is_full(exc):
                raise
            self._store.put(self._path, b'')

    def _is_being_deleted(self) -> bool:
        try:
            moved = self._folder + layout.DELETING
            return self._is_marked() or self._store.has(moved)
        except errors.TargetError:
            # What cannot be looked at shows when it is read.
            return False

    def _is_marked(self) -> bool:
        """Tell whether a deletion has begun here.

        Where folders are renamed, that follows at once: an old list of files
        is what a killed process has left in a set that is whole.
        """
        record = self._store.stat(f'{self._folder}/{layout.DELETION}')
        if record is None or not self._store.can.renaming:
            return record is not None
        age = datetime.datetime.now(datetime.UTC) - record.changed_at
        return age < _MOVED_WITHIN


def _beat(claims: Iterable[_Held], over: threading.Event) -> None:
    while not over.wait(BEAT):
        for each in claims:
            each.renew()

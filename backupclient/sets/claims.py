# SPDX-License-Identifier: Apache-2.0
"""Claims: a reader protects a set from being deleted while it reads.

The reader writes a small file into the set and deletes it afterwards. Reader
and deleter both write first and then look for the other's file. If they start
at the same time, at least one sees the other.

If the reader cannot write to the place, it reads without a claim: then either
nobody deletes there, or another machine does, which cannot know of the reader.
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
"""A claim counts as dead if it was not rewritten for this long."""

_MOVED_WITHIN = datetime.timedelta(hours=1)
"""Longer than a deletion takes from writing its list to moving the set."""

BEAT = 3600.0
"""Seconds between two writes of a claim."""

_SMALL = 1 << 16


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """The content of a claim's file: which command reads the set.

    :param command: the command that reads, such as ``verify``.
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
    """Hold claims on sets while the context is open.

    :param command: the command that reads the sets, such as ``verify``.
    :raises Busy: if one of the sets is being deleted.
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
    """Return the message about a set's reader, ``''`` if there is none.

    :param folder: the set's folder.
    :raises TargetError: if the list of claims would not be complete.
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
    """The claim on one set. One thread renews it, another thread ends it."""

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
        """Write the claim, and check that the set is not being deleted.

        :raises Busy: if the set is being deleted.
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
        """Delete the claim. If that fails, the claim counts for a day."""
        with self._lock:
            if self._is_held:
                self._is_held = False
                with contextlib.suppress(errors.TargetError):
                    self._store.delete(self._path)
                    self._store.drop(f'{self._folder}/{layout.CLAIMS}')

    def _write(self) -> None:
        """Write the claim; on a full disk write an empty one, which counts."""
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
            # The same error occurs again, and is reported, when the set is
            # read.
            return False

    def _is_marked(self) -> bool:
        """Return whether the set has the file list of a deletion that runs.

        In a store that can rename, a deletion moves the set right after it
        writes the list. So an old list there is a leftover of a killed
        deletion, and the set is still complete.
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

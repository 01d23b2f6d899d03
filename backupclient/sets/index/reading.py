# SPDX-License-Identifier: Apache-2.0
"""Read the sets of a place: from the cache, or else from their files."""

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import hashlib
import math
import time

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import verification
from backupclient.sets import catalogue
from backupclient.sets import verified
from backupclient.sets.index import indexes
from backupclient.store import base

Wanted = Callable[[Sequence[catalogue.Found]], Sequence[catalogue.Found]]
"""A function that chooses among sets; both lists have the newest first."""

_NO_TIME = 'There was no time left to read it.'
_OFTEN = 5.0
"""Seconds between two commits to the cache, so that an interrupted command
loses little, and other processes can use it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """A set, with its manifest's header from the cache.

    :param header: None if there is no manifest, or it cannot be used.
    :param problem: the reason why it cannot be used, in a sentence.
    :param verifications: the time and the number in the cache of each
        verification, the oldest first.
    """

    found: catalogue.Found
    header: indexes.Header | None
    problem: str = ''
    verifications: tuple[tuple[str, int], ...] = ()


def read(
    index: indexes.Index,
    store: base.Shelf,
    patience: float = math.inf,
    wanted: Wanted = tuple,
) -> tuple[Read, ...]:
    """Read the sets of a place, the newest first.

    Only one manifest at a time is in memory.

    :param patience: seconds after which no further set is read; the remaining
        sets have the header None and a problem that says so.
    :param wanted: chooses the sets to read, because some repositories take a
        second for each set.
    :raises TargetError: if the list of sets would not be complete.
    """
    reader = _Reader(index, store)
    every: list[Read] = []
    end = time.monotonic() + patience
    there = catalogue.runs(store)
    runs = tuple(wanted(there))
    for found in runs:
        if time.monotonic() > end:
            break
        every.append(reader.read(found))
    else:
        if len(runs) == len(there):
            index.forget(store.name, reader.paths)
    index.keep()
    left = runs[len(every) :]
    return (*every, *(Read(found, None, _NO_TIME) for found in left))


class _Reader:
    """Reads one place.

    :param paths: the paths of all files that were read or found in the cache.
    """

    def __init__(self, index: indexes.Index, store: base.Shelf) -> None:
        self.paths: list[str] = []
        self._index = index
        self._store = store
        self._kept = time.monotonic()

    def read(self, found: catalogue.Found) -> Read:
        """Read a set."""
        if found.state is catalogue.State.UNFINISHED:
            return Read(found, None)
        if time.monotonic() - self._kept > _OFTEN:
            self._index.keep()
            self._kept = time.monotonic()
        one = self._manifest(found)
        if one.header is None:
            return one
        results = tuple(sorted(self._verifications(found)))
        return dataclasses.replace(one, verifications=results)

    def _manifest(self, found: catalogue.Found) -> Read:
        path = f'{found.folder}/{layout.MANIFEST}'
        try:
            fingerprint, digest = self._known(path)
            header = self._index.header(digest) if digest else None
            if header is None:
                content = catalogue.content(self._store, found)
                digest = hashlib.sha512(content).hexdigest()
                header = self._index.header(digest)
            if header is None:
                opened = catalogue.decode(self._store, found, content, digest)
                if opened.manifest is None:
                    return Read(found, None, opened.problem)
                self._index.add(opened.manifest, digest)
                header = self._index.header(digest)
        except (errors.DocumentError, errors.TargetError) as exc:
            return Read(found, None, str(exc))
        self._note(path, fingerprint, digest)
        if header is None or header.run != found.run:
            return Read(found, None, _misplaced(self._store, path, header))
        return Read(found, header)

    def _verifications(
        self, found: catalogue.Found
    ) -> Iterator[tuple[str, int]]:
        """Yield the time and number of each verification that is readable."""
        for path in verified.paths(self._store, found):
            try:
                kept = self._verification(found, path)
            except (errors.DocumentError, errors.TargetError):
                continue
            if kept is not None:
                number, run, at = kept
                if run == found.run:
                    yield at, number

    def _verification(
        self, found: catalogue.Found, path: str
    ) -> tuple[int, str, str] | None:
        fingerprint, digest = self._known(path)
        kept = self._index.known_verification(digest) if digest else None
        if kept is None:
            content = base.read_whole(self._store, path, documents.LARGEST + 1)
            digest = hashlib.sha512(content).hexdigest()
            kept = self._index.known_verification(digest)
        if kept is None:
            self._index.add_verification(
                documents.decode(
                    content,
                    verification.Verification,
                    f'result of a verification {self._store.name}/{path}',
                ),
                digest,
            )
            kept = self._index.known_verification(digest)
        self._note(path, fingerprint, digest)
        return kept

    def _known(self, path: str) -> tuple[str, str]:
        """Return a file's fingerprint, and its hash if the cache has it.

        Take the fingerprint before the file is read: if the file changes in
        between, the next call sees another fingerprint and reads it again.

        :returns: ``''`` for both if the store has no fingerprint.
        """
        try:
            fingerprint = self._store.fingerprint(path)
        except errors.TargetError:
            # The reader gets the error, and says what to do.
            fingerprint = ''
        if not fingerprint:
            return '', ''
        return fingerprint, self._index.digest(
            self._store.name, path, fingerprint
        )

    def _note(self, path: str, fingerprint: str, digest: str) -> None:
        self.paths.append(path)
        place = self._store.name
        if self._index.digest(place, path, fingerprint) != digest:
            self._index.note(place, path, fingerprint, digest)


def _misplaced(
    store: base.Shelf, path: str, header: indexes.Header | None
) -> str:
    run = header.run[:80] if header else ''
    return (
        f'The manifest {store.name}/{path} is of the run {run!r}: '
        f'{catalogue.MISPLACED}'
    )

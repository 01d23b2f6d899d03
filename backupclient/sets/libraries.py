# SPDX-License-Identifier: Apache-2.0
"""The sets of one store; each manifest is read on first use and cached."""

from collections import Counter
from collections.abc import Callable, Iterator
import threading

from backupclient import errors
from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import verification
from backupclient.sets import catalogue
from backupclient.sets import set_files
from backupclient.sets import verified
from backupclient.store import base


class Library:
    """The sets of a store. Thread-safe.

    :param store: the store; its sets are listed once, in the constructor.
    :param read: a function that reads the manifest of a set.
    :raises TargetError: if the list would not be complete.
    """

    def __init__(
        self,
        store: base.Shelf,
        read: Callable[
            [base.Shelf, catalogue.Found], catalogue.Opened
        ] = catalogue.read,
    ) -> None:
        self.store = store
        self._read = read
        self.runs = catalogue.runs(store)
        self._finished = {one.run: one for one in self.finished}
        self._lock = threading.RLock()
        self._opened: dict[str, catalogue.Opened] = {}
        self._standings: dict[
            str, dict[verified.Key, verification.Standing]
        ] = {}

    @property
    def finished(self) -> tuple[catalogue.Found, ...]:
        """The finished sets, the newest first."""
        return tuple(
            one for one in self.runs if one.state is catalogue.State.FINISHED
        )

    @property
    def closed(self) -> tuple[catalogue.Found, ...]:
        """The finished sets, and the failed ones.

        The failed set of a run that also has other sets is left out, because
        it is unclear which of them counts.
        """
        every = Counter(one.run for one in self.runs)
        return tuple(
            one
            for one in self.runs
            if one.state is catalogue.State.FINISHED
            or (one.state is catalogue.State.FAILED and every[one.run] == 1)
        )

    def open(self, found: catalogue.Found) -> catalogue.Opened:
        """Return a set with its manifest, which is read once."""
        with self._lock:
            if found.folder not in self._opened:
                self._opened[found.folder] = self._read(self.store, found)
            return self._opened[found.folder]

    def all_manifests(self) -> Iterator[manifests.Manifest]:
        """Yield the manifests of the finished sets, the newest first.

        Manifests that cannot be used are left out.
        """
        for found in self.finished:
            if manifest := self.open(found).manifest:
                yield manifest

    def find(self, run: str) -> catalogue.Found | None:
        """Return a set of a run, preferably a finished one, or None."""
        same = [one for one in self.runs if one.run == run]
        finished = [one for one in same if one in self.finished]
        return next(iter(finished or same), None)

    def standings(
        self, found: catalogue.Found
    ) -> dict[verified.Key, verification.Standing]:
        """Return the verification standing of a set's backups, read once.

        :returns: standings by resource, without those never verified.
        :raises TargetError: if the list of results would not be complete.
        """
        with self._lock:
            if found.folder not in self._standings:
                self._standings[found.folder] = verified.standings(
                    self.store, found
                )
            return self._standings[found.folder]

    def found_damaged(self, run: str, entry: manifests.Entry) -> bool:
        """Return whether a verification found a backup damaged or missing.

        Unreadable results count as none.
        """
        found = self._finished.get(run)
        if found is None:
            return False
        try:
            known = self.standings(found)
        except errors.TargetError:
            return False
        return verified.of_entry(known, entry).damaged

    def others(
        self, manifest: manifests.Manifest, resource: resources.Resource
    ) -> Iterator[tuple[catalogue.Found, manifests.Entry]]:
        """Yield the complete backups of a resource in other sets.

        The newest comes first. Backups with missing files or files of a wrong
        size are left out.

        :param manifest: the manifest of the set whose backup is not good.
        """
        for found in self.finished:
            other = self.open(found).manifest
            if (
                other is None
                or other.run == manifest.run
                or other.identity.project != manifest.identity.project
            ):
                continue
            for entry in other.items:
                if _is_of(entry, resource) and self._is_there(found, entry):
                    yield found, entry

    def run_with(self, run: str, path: str, digest: str) -> str:
        """Return another run whose manifest lists a file, ``''`` if none.

        :param run: the run in whose set the file was found.
        :param path: the file's path in its set.
        :param digest: the file's actual sha512.
        """
        for manifest in self.all_manifests():
            for entry in manifest.items:
                if (
                    manifest.run != run
                    and entry.file
                    and entry.file.path == path
                    and entry.file.digests['sha512'] == digest
                ):
                    return manifest.run
        return ''

    def _is_there(
        self, found: catalogue.Found, entry: manifests.Entry
    ) -> bool:
        files = catalogue.files(self.store, found)
        return not any(
            set_files.absence(files, each)
            for each in set_files.of_entry(entry)
        )


def _is_of(entry: manifests.Entry, resource: resources.Resource) -> bool:
    return (
        entry.resource.id == resource.id
        and entry.resource.kind is resource.kind
        and entry.state == 'complete'
    )

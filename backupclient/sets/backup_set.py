# SPDX-License-Identifier: Apache-2.0
"""A backup set, from its first file to its manifest."""

import contextlib
import hashlib

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import tags
from backupclient.sets import marker
from backupclient.store import base
from backupclient.store import within


class BackupSet:
    """The files of one run in a store, for their owner's eyes only.

    First there is a marker; the manifest comes last: with it, the set is
    finished. A store that can rename has the set as ``<run>.partial`` until
    then, and as ``.failed/<run>`` when nothing in it is complete: so nobody
    takes it for the newest backup. Made by :meth:`create` and :meth:`open`.

    :param files: with data and keys, by the paths of
        :mod:`backupclient.model.layout`; any other path is refused.
    """

    def __init__(self, store: base.Store, run: str) -> None:
        if not tags.is_run_id(run):
            raise errors.TargetError(
                f'{run!r} is not the ID of a run: that is a time and four '
                'letters, as in 20260131T235959Z-abcd.'
            )
        self._store = store
        self._run = run
        self._folder = run + (layout.PARTIAL if store.can.renaming else '')
        self._at = self._folder
        self.files = within.Within(store, self._folder, layout.is_member)

    @classmethod
    def create(cls, store: base.Store, run: str) -> 'BackupSet':
        """Begin a new set.

        :raises TargetError: when it cannot be made, or the set is there.
        """
        new = cls(store, run)
        if store.can.renaming and store.has(run):
            raise new._there_already()
        store.begin(new._folder)
        try:
            new._mark()
        except BaseException:
            with contextlib.suppress(errors.TargetError):
                new.discard()
            raise
        return new

    @classmethod
    def open(cls, store: base.Store, run: str) -> 'BackupSet':
        """Go on with a set.

        One that is finished has no manifest again until the next close.

        :raises TargetError: when it is not there, or not the user's own.
        """
        found = cls(store, run)
        for closed in (run, f'{layout.FAILED}/{run}'):
            if not store.has(found._folder) and store.has(closed):
                store.rename(closed, found._folder)
        if not store.has(found._folder):
            raise errors.TargetError(
                f'{store.name}/{found._folder} is not there any more. Put it '
                'back, or start a new run.'
            )
        if store.stat(found._path(layout.MARKER)) is None:
            found._mark()
        store.delete(found._path(layout.MANIFEST))
        return found

    @property
    def place(self) -> str:
        """Where the set is now, for people."""
        return f'{self._store.name}/{self._at}'

    def close(self, manifest: manifests.Manifest, page: str) -> str:
        """Describe what is there, and give the set its name.

        Doing it again after a crash does no harm. A set without anything
        complete goes to where the failed ones are.

        :param page: ``RESTORE.md``.
        :returns: its final place.
        :raises TargetError: when a file cannot be written, or one of the
            set is gone.
        """
        self._require_whole(manifest)
        self._describe(manifest, page)
        self._store.delete(self._path(layout.MARKER))
        if self._store.can.renaming:
            failed = '' if manifest.is_of_use else f'{layout.FAILED}/'
            self._at = failed + self._run
            self._store.rename(self._folder, self._at)
        return self.place

    def discard(self) -> None:
        """Take the set away if nothing is in it; else leave it as it is."""
        self._store.tidy(self._folder)
        marked = self._path(layout.MARKER)
        if {each.path for each in self._store.list(self._folder)} == {marked}:
            self._store.delete(marked)
        self._store.drop(self._folder)

    def _path(self, name: str) -> str:
        return f'{self._folder}/{name}'

    def _mark(self) -> None:
        """Say that a run writes here, before it writes anything."""
        self._store.put(
            self._path(layout.MARKER),
            documents.encode(marker.of_this_process(self._run)),
        )

    def _require_whole(self, manifest: manifests.Manifest) -> None:
        """Refuse to describe what somebody took away meanwhile."""
        sizes: dict[str, int | None] = {
            e.key.path: None for e in manifest.items if e.key
        }
        sizes |= {e.file.path: e.file.size for e in manifest.items if e.file}
        for path, size in sizes.items():
            found = self.files.stat(path)
            if found is None or size not in (None, found.size):
                raise errors.TargetError(
                    f'{self.files.name}/{path} was taken away, or is not '
                    'whole: put it back, or start anew.'
                )

    def _describe(self, manifest: manifests.Manifest, page: str) -> None:
        """Write the manifest last: with it, the set is finished."""
        texts = {
            layout.INSTRUCTIONS: page.encode(),
            layout.MANIFEST: documents.encode(manifest),
        }
        sums = self._checksums(manifest, texts)
        self._put(layout.INSTRUCTIONS, texts[layout.INSTRUCTIONS])
        self._put(layout.CHECKSUMS, sums.encode())
        self._store.tidy(self._folder)
        self._put(layout.MANIFEST, texts[layout.MANIFEST])

    def _put(self, name: str, content: bytes) -> None:
        self._store.put(self._path(name), content)

    def _checksums(
        self, manifest: manifests.Manifest, texts: dict[str, bytes]
    ) -> str:
        """Give the lines for ``sha512sum``.

        Data were hashed as they came; only keys are read here. The paths
        have nothing that the format would want escaped.
        """
        small = dict(texts)
        for item in manifest.items:
            if item.key:
                path = item.key.path
                small[path] = base.read_whole(
                    self.files, path, documents.LARGEST
                )
        sums = {path: _sha512(content) for path, content in small.items()}
        for item in manifest.items:
            if item.file:
                sums[item.file.path] = item.file.digests['sha512']
        return ''.join(f'{sums[path]}  {path}\n' for path in sorted(sums))

    def _there_already(self) -> errors.TargetError:
        return errors.TargetError(
            f'{self._store.name}/{self._run} is there already: a run never '
            'writes into the set of another.'
        )


def _sha512(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()

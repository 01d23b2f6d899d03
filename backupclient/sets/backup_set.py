# SPDX-License-Identifier: Apache-2.0
"""Write a backup set, from its marker to its manifest."""

from collections.abc import Iterator
import contextlib
import hashlib
import threading

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import tags
from backupclient.sets import marker
from backupclient.store import base
from backupclient.store import within

_MARKED_EVERY = 4 * 3600.0
"""Seconds between two writes of the marker. A set counts as abandoned after
:data:`backupclient.sets.catalogue.GRACE`, which is a day."""


class BackupSet:
    """The files of one run in a store, readable by their owner only.

    The marker is written first and the manifest last: the manifest finishes
    the set. Until then, a store that can rename has the set as
    ``<run>.partial``. A set without a complete backup becomes
    ``.failed/<run>``, so that nobody takes it for the newest backup. Use
    :meth:`create` or :meth:`open` to make an instance.

    :param files: the files with data and keys, by the paths of
        :mod:`backupclient.model.layout`; other paths are refused.
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

        :raises TargetError: if it cannot be made, or exists.
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
        """Continue a set.

        The manifest of a finished set is deleted; :meth:`close` writes a new
        one.

        :raises TargetError: if the set does not exist, or is not the user's.
        """
        found = cls(store, run)
        if store.can.renaming:
            found._rename_back()
        else:
            found._take_back()
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
        """The current location of the set, for messages."""
        return self._store.place_of(self._at)

    def close(self, manifest: manifests.Manifest, page: str) -> str:
        """Write the manifest and the other texts, and give the set its name.

        Idempotent: call it again after a crash. A set without a complete
        backup is moved to the failed ones.

        :param page: the content of ``RESTORE.md``.
        :returns: the final location of the set, for messages.
        :raises TargetError: if a file cannot be written, or a file of the
            set is missing or has another size.
        """
        self._require_whole(manifest)
        if not self._store.can.continuing:
            self._take_away_unnamed(manifest)
        final = self._run
        if not manifest.is_of_use:
            final = f'{layout.FAILED}/{self._run}'
        if self._store.can.renaming:
            self._describe(manifest, page, self._folder)
            self._store.delete(self._path(layout.MARKER))
            self._store.rename(self._folder, final)
        else:
            self._require_failed_folder(final)
            self._describe(manifest, page, final)
            self._store.delete(self._path(layout.MARKER))
        self._at = final
        if final != self._folder and self._store.has(self._folder):
            self._store.drop(self._folder)
        return self.place

    @contextlib.contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Rewrite the marker at intervals, if the store needs that.

        Some stores show a file only when it is complete. While a run writes a
        large file there, the set would look abandoned.
        """
        ended = threading.Event()
        thread = threading.Thread(
            target=self._mark_until, args=(ended,), name='marker', daemon=True
        )
        if not self._store.can.continuing:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            if thread.ident is not None:
                thread.join()

    def discard(self) -> None:
        """Delete the set if it has no files but the marker; else keep it."""
        self._store.tidy(self._folder)
        marked = self._path(layout.MARKER)
        if {each.path for each in self._store.list(self._folder)} == {marked}:
            self._store.delete(marked)
        self._store.drop(self._folder)

    def _rename_back(self) -> None:
        """Rename a closed set back to its unfinished name."""
        for closed in (self._run, f'{layout.FAILED}/{self._run}'):
            if not self._store.has(self._folder) and self._store.has(closed):
                self._store.rename(closed, self._folder)

    def _take_back(self) -> None:
        """Reopen a failed set in a store that cannot rename.

        Its texts are deleted; :meth:`close` writes new ones.
        """
        failed = f'{layout.FAILED}/{self._run}'
        if not self._store.has(failed):
            return
        if not self._store.has(self._folder):
            self._store.begin(self._folder)
            self._mark()
        for name in layout.DESCRIPTIONS:
            self._store.delete(f'{failed}/{name}')
        self._store.drop(failed)

    def _require_failed_folder(self, final: str) -> None:
        """Make the folder of the failed sets if this set goes there."""
        failed = final.startswith(f'{layout.FAILED}/')
        if failed and not self._store.has(layout.FAILED):
            self._store.begin(layout.FAILED)

    def _take_away_unnamed(self, manifest: manifests.Manifest) -> None:
        """Delete files of failed items, such as half of a file."""
        named = _named(manifest)
        for each in self.files.list():
            if layout.is_member(each.path) and each.path not in named:
                self.files.delete(each.path)

    def _path(self, name: str) -> str:
        return f'{self._folder}/{name}'

    def _mark_until(self, ended: threading.Event) -> None:
        while not ended.wait(_MARKED_EVERY):
            # If the store does not answer, the run's own writes report it.
            with contextlib.suppress(errors.TargetError):
                self._mark()

    def _mark(self) -> None:
        """Write the marker: a run writes to this set."""
        self._store.put(
            self._path(layout.MARKER),
            documents.encode(marker.of_this_process(self._run)),
        )

    def _require_whole(self, manifest: manifests.Manifest) -> None:
        """Raise TargetError if a file of the manifest is missing or cut."""
        for path, size in _named(manifest).items():
            found = self.files.stat(path)
            if found is None or size not in (None, found.size):
                raise errors.TargetError(
                    f'{self.files.name}/{path} was taken away, or is not '
                    'whole: put it back, or start anew.'
                )

    def _describe(
        self, manifest: manifests.Manifest, page: str, folder: str
    ) -> None:
        """Write the texts, the manifest last: it finishes the set.

        :param folder: the folder for the texts.
        """
        texts = {
            layout.INSTRUCTIONS: page.encode(),
            layout.MANIFEST: documents.encode(manifest),
        }
        sums = self._checksums(manifest, texts)
        start, put = f'{folder}/', self._store.put
        put(start + layout.INSTRUCTIONS, texts[layout.INSTRUCTIONS])
        put(start + layout.CHECKSUMS, sums.encode())
        self._store.tidy(self._folder)
        put(start + layout.MANIFEST, texts[layout.MANIFEST])

    def _checksums(
        self, manifest: manifests.Manifest, texts: dict[str, bytes]
    ) -> str:
        """Return the lines for ``sha512sum``.

        Data files were hashed while they were written; only keys are read
        here. No path has characters that the format would escape.
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


def _named(manifest: manifests.Manifest) -> dict[str, int | None]:
    """Return the manifest's files with their sizes, None for keys."""
    sizes: dict[str, int | None] = {
        e.key.path: None for e in manifest.items if e.key
    }
    return sizes | {e.file.path: e.file.size for e in manifest.items if e.file}


def _sha512(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()

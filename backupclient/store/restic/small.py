# SPDX-License-Identifier: Apache-2.0
"""Gathering the small files of a run until they get a common snapshot."""

import datetime
import threading

from backupclient import errors
from backupclient.model import layout
from backupclient.store.restic import contents
from backupclient.store.restic import repos
from backupclient.store.restic import snapshots
from backupclient.store.restic import staging
from backupclient.store.restic import streams

_FOLDERS = ('images/', 'secrets/')
_MOST = 64 << 20
"""The limit for gathered files, in bytes. Above it, they get a snapshot."""

_NO_RUN = '_'


def is_gathered(inside: str, size: int) -> bool:
    """Return whether a file shares a snapshot with others.

    A key is stored at once, in a snapshot of its own: its original in the
    cloud may be deleted next. So are the data of volumes and servers. An
    empty file is always gathered: restic makes no snapshot of an empty stream.

    :param inside: the file's path in the folder of its run.
    :param size: the size of the file in bytes.
    """
    return (
        not size
        or inside in layout.DESCRIPTIONS
        or (inside.startswith(_FOLDERS) and size <= streams.FIRST)
    )


class Small:
    """Small files that have no snapshot yet. Used by many threads."""

    def __init__(
        self,
        repository: repos.Repository,
        known: contents.Contents,
    ) -> None:
        self._repository = repository
        self._contents = known
        self._lock = threading.RLock()
        self._runs: dict[str, staging.Staging] = {}

    def put(self, run: str, inside: str, data: bytes) -> None:
        """Gather a file. If it is the manifest, store all of the run's files.

        :raises TargetError: if it cannot be gathered or stored.
        """
        with self._lock:
            staged = self._runs.setdefault(run, staging.Staging())
            staged.put(inside, data)
            if inside == layout.MANIFEST:
                self._require_unchanged(run)
                self._store(run)
            elif sum(staged.sizes.values()) > _MOST:
                self._store(run)

    def sizes(self, run: str) -> dict[str, int]:
        """Return the sizes of a run's gathered files, by their paths in it."""
        with self._lock:
            staged = self._runs.get(run)
            return staged.sizes if staged else {}

    def runs(self) -> frozenset[str]:
        """Return the runs that have gathered files."""
        with self._lock:
            return frozenset(run for run, each in self._runs.items() if each)

    def read(self, run: str, inside: str) -> bytes:
        """Return the bytes of a gathered file."""
        with self._lock:
            return self._runs[run].read(inside)

    def remove(self, run: str, inside: str) -> None:
        """Forget a file if it was gathered."""
        with self._lock:
            if staged := self._runs.get(run):
                staged.remove(inside)

    def flush(self) -> None:
        """Make a snapshot of the gathered files of each run.

        :raises TargetError: if it cannot be made. Its files stay gathered.
        """
        with self._lock:
            for run in self.runs():
                self._store(run)

    def close(self) -> None:
        """Forget all gathered files."""
        with self._lock:
            for staged in self._runs.values():
                staged.close()
            self._runs.clear()

    def _store(self, run: str) -> None:
        staged = self._runs[run]
        sizes = staged.sizes
        manifest = sizes.get(layout.MANIFEST)
        others = () if manifest is None else self._contents.relied_on(run)
        tags = snapshots.of_bundle(run, manifest, others)
        found = self._repository.keep(staged.folder, tags)
        bundle = snapshots.Snapshot(
            str(found['snapshot_id']),
            datetime.datetime.now(datetime.UTC),
            run,
            snapshots.Holds.BUNDLE,
            manifest=manifest,
            others=frozenset(others),
        )
        if found.get('total_bytes_processed') != sum(sizes.values()):
            raise errors.TargetError(
                f'{self._repository.name}: restic has not stored all of the '
                f'small files. The snapshot {bundle.id} does not count.'
            )
        self._contents.add(bundle, sizes)
        staged.close()
        del self._runs[run]

    def _require_unchanged(self, run: str) -> None:
        """Raise TargetError if snapshots that the manifest needs are gone."""
        before = self._contents.relied_on(run)
        self._contents.reload()
        if gone := before - self._contents.relied_on(run):
            raise errors.TargetError(
                f'{self._repository.name}: the snapshots '
                f'{", ".join(sorted(gone))} of run {run} were deleted '
                'meanwhile. Start a new run.'
            )

# SPDX-License-Identifier: Apache-2.0
"""Small files of a run, gathered until one snapshot is made of them."""

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
"""The bytes that are gathered before a snapshot is made of them early."""

_NO_RUN = '_'


def is_gathered(inside: str, size: int) -> bool:
    """Tell whether a file shares a snapshot with others.

    A key gets one of its own: what it opens may be deleted in the cloud next.
    So do the data of volumes and servers. restic makes no snapshot of an
    empty stream.

    :param inside: its path in the folder of its run.
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
        """Take a file; the manifest makes a snapshot of all at once.

        :raises TargetError: it cannot be kept.
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
        """Return the bytes of each file of a run, by its path there."""
        with self._lock:
            staged = self._runs.get(run)
            return staged.sizes if staged else {}

    def runs(self) -> frozenset[str]:
        """Return the runs that have any file here."""
        with self._lock:
            return frozenset(run for run, each in self._runs.items() if each)

    def read(self, run: str, inside: str) -> bytes:
        """Return the bytes of a file."""
        with self._lock:
            return self._runs[run].read(inside)

    def remove(self, run: str, inside: str) -> None:
        """Let a file go, if it is here."""
        with self._lock:
            if staged := self._runs.get(run):
                staged.remove(inside)

    def flush(self) -> None:
        """Make a snapshot of what is here, for each run.

        :raises TargetError: it cannot be made. All is still here then.
        """
        with self._lock:
            for run in self.runs():
                self._store(run)

    def close(self) -> None:
        """Let all go that has no snapshot."""
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
        """Raise TargetError if somebody has deleted what is relied on."""
        before = self._contents.relied_on(run)
        self._contents.reload()
        if gone := before - self._contents.relied_on(run):
            raise errors.TargetError(
                f'{self._repository.name}: the snapshots '
                f'{", ".join(sorted(gone))} of run {run} were deleted '
                'meanwhile. Start a new run.'
            )

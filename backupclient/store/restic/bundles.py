# SPDX-License-Identifier: Apache-2.0
"""Reading bundles: snapshots that small files share.

A call of restic takes about a second. So all files of a bundle are read at
once, and kept in memory until the next bundle is read.
"""

import io
import tarfile
import threading

from backupclient import errors
from backupclient.store import base
from backupclient.store.restic import repos
from backupclient.store.restic import snapshots
from backupclient.store.restic import streams
from backupclient.store.restic import troubles

_MOST = 16 << 20
"""The limit for the files that are kept in memory, in bytes."""


class Bundles:
    """The bundles of a repository. Used by many threads."""

    def __init__(self, repository: repos.Repository) -> None:
        self._repository = repository
        self._lock = threading.Lock()
        self._lists: dict[str, dict[str, base.Entry]] = {}
        self._read_last = ''
        self._files: dict[str, bytes] = {}

    def list(self, bundle: snapshots.Snapshot) -> dict[str, base.Entry]:
        """Return the files of a bundle by their paths in it.

        :raises TargetError: if restic cannot list them.
        """
        with self._lock:
            if bundle.id not in self._lists:
                output = self._repository.files(bundle.id)
                try:
                    found = tuple(snapshots.entries(output, ''))
                except (ValueError, KeyError, TypeError) as error:
                    raise errors.TargetError(
                        f'{self._repository.name}: what restic says of the '
                        f'snapshot {bundle.id} cannot be read.'
                    ) from error
                self._lists[bundle.id] = {one.path: one for one in found}
            return self._lists[bundle.id]

    def know(self, bundle: snapshots.Snapshot, sizes: dict[str, int]) -> None:
        """Remember the files of a bundle that this process has just made."""
        with self._lock:
            self._lists[bundle.id] = {
                path: base.Entry(path, size, bundle.time)
                for path, size in sizes.items()
            }

    def read(self, bundle: snapshots.Snapshot, path: str) -> bytes | None:
        """Return the bytes of a file, None if it is too large to be kept."""
        with self._lock:
            if self._read_last != bundle.id:
                self._read_last, self._files = '', {}
                self._read_all(bundle)
                self._read_last = bundle.id
            return self._files.get(path)

    def _read_all(self, bundle: snapshots.Snapshot) -> None:
        room = _MOST
        with self._repository.dump(bundle.id, '/') as running:
            stream = streams.Stream(self._repository.name, bundle.id, running)
            try:
                with tarfile.open(
                    fileobj=_Raw(stream), mode='r|', bufsize=base.BLOCK
                ) as files:
                    for each in files:
                        if each.isreg() and each.size <= room:
                            room -= each.size
                            content = files.extractfile(each)
                            if content is not None:
                                self._files[each.name] = content.read()
                running.require_done()
            except tarfile.TarError as error:
                raise errors.TargetError(
                    f'{self._repository.name}: the small files in the '
                    f'snapshot {bundle.id} cannot be read: {error}.'
                ) from error
            except troubles.Failures as error:
                raise troubles.of(self._repository.name, error) from error


class _Raw(io.RawIOBase):
    """A stream with the interface that tarfile needs."""

    def __init__(self, stream: streams.Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read(size)

# SPDX-License-Identifier: Apache-2.0
"""Access to a single folder of a store."""

from collections.abc import Callable
from contextlib import AbstractContextManager
import dataclasses
import datetime

from backupclient import errors
from backupclient.store import base


class Within(base.Files):
    """The files below a folder of a store.

    :param store: the store.
    :param folder: the path of the folder.
    :param allowed: returns whether a path, relative to the folder, is
        allowed. Other paths are refused.
    """

    def __init__(
        self,
        store: base.Files,
        folder: str,
        allowed: Callable[[str], bool] = bool,
    ) -> None:
        self.name = f'{store.name}/{folder}'
        self.can = store.can
        self._store = store
        self._folder = folder
        self._allowed = allowed

    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> AbstractContextManager[base.Writer]:
        return self._store.write(self._path(path), size, anew=anew)

    def read(
        self, path: str, offset: int = 0
    ) -> AbstractContextManager[base.FileStream]:
        return self._store.read(self._path(path), offset)

    def opened(self, path: str) -> AbstractContextManager[int | None]:
        return self._store.opened(self._path(path))

    def stat(self, path: str) -> base.Entry | None:
        found = self._store.stat(self._path(path))
        return found and dataclasses.replace(found, path=path)

    def list(self, folder: str = '') -> tuple[base.Entry, ...]:
        start = f'{self._folder}/'
        return tuple(
            dataclasses.replace(found, path=found.path.removeprefix(start))
            for found in self._store.list((start + folder).rstrip('/'))
        )

    def put(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        secrecy: base.Secrecy = base.Secrecy.NONE,
    ) -> None:
        self._store.put(
            self._path(path), data, replace=replace, secrecy=secrecy
        )

    def delete(self, path: str) -> None:
        self._store.delete(self._path(path))

    def flush(self) -> None:
        self._store.flush()

    def dated(self, at: datetime.datetime) -> base.Files:
        store = self._store.dated(at)
        if store is self._store:
            return self
        return Within(store, self._folder, self._allowed)

    def is_stored(self, path: str) -> bool:
        return self._store.is_stored(self._path(path))

    def _path(self, path: str) -> str:
        if not self._allowed(path):
            raise errors.TargetError(
                f'{path[:80]!r} cannot be the path of a file in a backup '
                'set: the ID that the cloud gave is not one.'
            )
        return f'{self._folder}/{path}'

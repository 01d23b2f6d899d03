# SPDX-License-Identifier: Apache-2.0
"""TaskFlow's directory store, which neither a kill nor a full disk harms.

``taskflow.persistence.backends.impl_dir`` writes a record over the old one,
so that a process killed in between leaves half a record.

And where a record cannot be written, TaskFlow stops where it is and undoes
nothing. So it does not hear of that: it goes on with what it has in memory,
the records stay as they were, as if the process had been killed then, and who
begins a step asks :meth:`Store.check` first.
"""

from collections.abc import Callable
import os
import pathlib
from typing import Any

from taskflow.persistence.backends import impl_dir

from backupclient import errors


class Connection(impl_dir.Connection):  # type: ignore[misc] # untyped base
    """Replaces a record as a whole or not at all."""

    def upgrade(self) -> None:
        """Make the folders."""
        self.backend.keep(super().upgrade)

    def save_logbook(self, book: Any) -> Any:
        """Write down a book with its flows."""
        self.backend.keep(super().save_logbook, book)
        return book

    def update_flow_details(self, flow_detail: Any, **how: Any) -> Any:
        """Write down how a flow is getting on."""
        self.backend.keep(super().update_flow_details, flow_detail, **how)
        return flow_detail

    def update_atom_details(self, atom_detail: Any, **how: Any) -> Any:
        """Write down how a step is getting on."""
        self.backend.keep(super().update_atom_details, atom_detail, **how)
        return atom_detail

    def _write_to(self, filename: str, contents: str | bytes) -> None:
        if isinstance(contents, str):
            contents = contents.encode(self.backend.encoding)
        part = f'{filename}.part'
        pathlib.Path(part).unlink(missing_ok=True)
        with open(part, 'xb') as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, filename)
        self.backend.file_cache.pop(filename, None)


class Store(impl_dir.DirBackend):  # type: ignore[misc] # untyped base
    """The records of one flow, in a folder of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__({'path': str(folder)})
        self.folder = folder
        self._failure: Exception | None = None

    def get_connection(self) -> Connection:
        """Give a connection, as TaskFlow's base class asks for it."""
        return Connection(self)

    def keep(self, write: Callable[..., Any], *what: Any, **how: Any) -> None:
        """Write something down, unless that has failed before."""
        if self._failure is None:
            try:
                write(*what, **how)
            except Exception as exc:
                self._failure = exc

    def check(self) -> None:
        """Do nothing if all was written down so far.

        :raises JournalError: otherwise.
        """
        if self._failure is not None:
            raise errors.JournalError(self.folder, self._failure)

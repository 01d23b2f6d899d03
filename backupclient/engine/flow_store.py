# SPDX-License-Identifier: Apache-2.0
"""TaskFlow's directory store, with writes that a kill cannot cut in two.

``taskflow.persistence.backends.impl_dir`` writes a record over the old one,
so that a process killed in between leaves half a record.
"""

import os
import pathlib

from taskflow.persistence.backends import impl_dir


class Connection(impl_dir.Connection):  # type: ignore[misc] # untyped base
    """Replaces a record as a whole or not at all."""

    def _write_to(self, filename: str, contents: str | bytes) -> None:
        if isinstance(contents, str):
            contents = contents.encode(self.backend.encoding)
        part = f'{filename}.part'
        with open(part, 'wb') as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, filename)
        self.backend.file_cache.pop(filename, None)


class Store(impl_dir.DirBackend):  # type: ignore[misc] # untyped base
    """The records of one flow, in a folder of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__({'path': str(folder)})

    def get_connection(self) -> Connection:
        """Give a connection, as TaskFlow's base class asks for it."""
        return Connection(self)

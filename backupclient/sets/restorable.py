# SPDX-License-Identifier: Apache-2.0
"""A backup set that is restored: its errors name the way to other backups."""

from collections.abc import Iterator
import contextlib
import shlex

from backupclient import errors
from backupclient.model import layout
from backupclient.store import base
from backupclient.store import within


class Restorable(within.Within):
    """The files of a backup set, by the paths of the layout.

    :param store: the target.
    :param folder: the folder of the set.
    """

    def __init__(self, store: base.Files, folder: str) -> None:
        super().__init__(store, folder, layout.may_be_read)
        self.instead = (
            'Use another backup: "openstack backup history --from '
            f'{shlex.quote(store.name)}" lists them, and --run chooses one.'
        )

    @contextlib.contextmanager
    def read(self, path: str, offset: int = 0) -> Iterator[base.FileStream]:
        """Open a file for reading, at an offset in bytes.

        :raises TargetError: if it is missing or cannot be read.
        """
        with contextlib.ExitStack() as stack:
            try:
                opened = stack.enter_context(super().read(path, offset))
            except errors.TargetError as error:
                cause = error.__cause__
                if not isinstance(cause, FileNotFoundError):
                    raise
                raise errors.TargetError(
                    f'{self.name}/{path} is missing. {self.instead}'
                ) from cause
            yield opened

# SPDX-License-Identifier: Apache-2.0
"""A store in a folder of this machine: a disk, NFS, any mount."""

from collections.abc import Iterator
import contextlib
import errno
import os
import pathlib

from backupclient import errors
from backupclient.store import base
from backupclient.store import courses
from backupclient.store import exposure
from backupclient.store import localfile
from backupclient.store import localstream
from backupclient.store import place
from backupclient.store import tree
from backupclient.store import whole

# The depth from which missing folders are made: below the folder of a run.
# Only `begin` makes that one. If a disk is unmounted meanwhile, the run must
# not make its folder again on the disk beneath.
_BELOW_THE_RUN = 1
_NEVER = 1 << 30
# The depth to which folders are listed; sets have fewer levels.
_DEEPEST = 8
# The longest path of a folder in bytes: below it, the paths of a set's files
# have to be shorter than PATH_MAX of Linux, 4096.
_LONGEST = 3800
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


class Folder(base.Store):
    """The store in a folder.

    :param root: the folder. It may be a link; links below it are not
        followed. If only its last part is missing, the first run makes it.
    """

    can = base.Abilities(holes=True, continuing=True, renaming=True)

    def __init__(self, root: pathlib.Path) -> None:
        self.name = str(root)
        self._root = root

    @contextlib.contextmanager
    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> Iterator[base.Writer]:
        with contextlib.ExitStack() as stack:
            with self._troubles(path, 'written'):
                folder, name = stack.enter_context(
                    self._parent(path, own=True, make_from=_BELOW_THE_RUN)
                )
                new = stack.enter_context(
                    whole.pending(folder, name, anew=anew)
                )
                kept = os.fstat(new.file).st_size
            course = courses.Course(f'{self.name}/{path}', size, kept)
            yield localstream.Writer(self._root / path, new, kept, course)

    @contextlib.contextmanager
    def read(self, path: str, offset: int = 0) -> Iterator[base.FileStream]:
        with self.opened(path) as file:
            yield localstream.Stream(self._root / path, file, offset)

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[int]:
        with contextlib.ExitStack() as stack:
            with self._troubles(path, 'read'):
                folder, name = stack.enter_context(self._parent(path))
                file = stack.enter_context(
                    localfile.opened_plain(name, folder)
                )
            yield file

    def stat(self, path: str) -> base.Entry | None:
        with self._troubles(path, 'read'):
            try:
                with self._parent(path) as (folder, name):
                    found = tree.entry(path, name, folder)
            except FileNotFoundError:
                return None
            if not found.plain:
                raise OSError(errno.EINVAL, 'it is not a plain file')
        return found

    def fingerprint(self, path: str) -> str:
        with (
            self._troubles(path, 'read'),
            self._parent(path) as (folder, name),
        ):
            return tree.fingerprint(name, folder)

    def list(self, folder: str = '') -> tuple[base.Entry, ...]:
        with contextlib.ExitStack() as stack, self._troubles(folder, 'read'):
            try:
                opened = stack.enter_context(self._folder(folder))
            except FileNotFoundError:
                return ()
            start = f'{folder}/' if folder else ''
            return tuple(tree.walk(opened, start, _DEEPEST))

    def put(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        secrecy: base.Secrecy = base.Secrecy.NONE,
    ) -> None:
        full_path = self._root / path
        with (
            self._troubles(path, 'written'),
            self._parent(path, own=True, make_from=_BELOW_THE_RUN) as (
                folder,
                name,
            ),
        ):
            try:
                whole.put_in(
                    folder,
                    name,
                    data,
                    replace=replace,
                    check=exposure.check(secrecy, full_path, folder),
                )
            except FileExistsError as error:
                if replace:
                    raise
                raise errors.TargetError(
                    f'{full_path} is there already and is not replaced: move '
                    'it away or choose another place.'
                ) from error

    def delete(self, path: str) -> None:
        with self._troubles(path, 'deleted'):
            try:
                with self._parent(path, own=True) as (folder, name):
                    localfile.unlink(name, folder)
                    localfile.unlink(name + base.PART, folder)
                    localfile.flush(folder)
            except FileNotFoundError:
                return

    def begin(self, folder: str) -> None:
        with self._troubles(folder, 'made'):
            self._make_root()
            with self._parent(folder) as (parent, name):
                os.mkdir(name, 0o700, dir_fd=parent)
                localfile.flush(parent)

    def has(self, folder: str) -> bool:
        with self._troubles(folder, 'read'):
            try:
                with self._parent(folder) as (parent, name):
                    os.lstat(name, dir_fd=parent)
            except FileNotFoundError:
                return False
        return True

    def folders(self, folder: str = '') -> tuple[str, ...]:
        with contextlib.ExitStack() as stack, self._troubles(folder, 'read'):
            try:
                opened = stack.enter_context(self._folder(folder))
            except FileNotFoundError:
                return ()
            return tree.folders(opened)

    def rename(self, old: str, new: str) -> None:
        with (
            self._troubles(old, 'renamed'),
            self._parent(old) as (source, name),
        ):
            tree.require_own(name, source)
            with self._parent(new, make_from=0) as (
                target,
                new_name,
            ):
                if tree.is_there(new_name, target):
                    raise OSError(errno.EEXIST, f'{new} is there already')
                os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)
                localfile.flush(target)
            localfile.flush(source)

    def tidy(self, folder: str) -> None:
        with (
            contextlib.ExitStack() as stack,
            self._troubles(folder, 'cleaned up'),
        ):
            try:
                opened = stack.enter_context(self._folder(folder))
            except FileNotFoundError:
                return
            tree.tidy(opened)

    def drop(self, folder: str) -> None:
        with self._troubles(folder, 'deleted'):
            try:
                with self._parent(folder) as (parent, name):
                    tree.drop_if_empty(name, parent)
            except FileNotFoundError:
                return

    def free(self) -> int | None:
        return localfile.free_bytes(self._root)

    def require_writable(self) -> None:
        length = len(os.fsencode(self._root))
        if length > _LONGEST:
            # Without the path, which would hide the rest.
            raise errors.TargetError(
                f'The path of the target is too long: it has {length} bytes, '
                f'and at most {_LONGEST} leave room for the files of a set. '
                'Choose another folder.'
            )
        why = place.obstacle(self._root)
        if why:
            raise errors.TargetError(
                f'{self.name} cannot take a backup set: {why}'
            )

    def _make_root(self) -> None:
        try:
            self._root.mkdir()
        except FileExistsError:
            return
        except FileNotFoundError:
            raise OSError(
                errno.ENOENT, f'{self._root.parent} is not there'
            ) from None
        localfile.flush_folder(self._root.parent)

    @contextlib.contextmanager
    def _parent(
        self,
        path: str,
        *,
        own: bool = False,
        make_from: int = _NEVER,
    ) -> Iterator[tuple[int, str]]:
        """Open the folder of a path.

        :param own: require that all folders belong to this user, because
            something will be changed.
        :param make_from: make missing folders from this depth on.
        :returns: the folder's descriptor, and the last part of the path.
        """
        *folders, name = base.parts(path)
        with contextlib.ExitStack() as stack:
            opened = stack.enter_context(
                localfile.opened_folder(self._root, None, follow=True)
            )
            for depth, each in enumerate(folders):
                if depth >= make_from:
                    tree.make(each, opened)
                if own:
                    tree.require_own(each, opened)
                opened = stack.enter_context(
                    localfile.opened_folder(each, opened)
                )
            yield opened, name

    @contextlib.contextmanager
    def _folder(self, folder: str) -> Iterator[int]:
        """Open a folder of the store; ``''`` is the store's own folder."""
        with contextlib.ExitStack() as stack:
            if not folder:
                with self._told_if_missing():
                    opened = stack.enter_context(
                        localfile.opened_folder(self._root, None, follow=True)
                    )
                yield opened
                return
            parent, name = stack.enter_context(self._parent(folder))
            yield stack.enter_context(localfile.opened_folder(name, parent))

    @contextlib.contextmanager
    def _told_if_missing(self) -> Iterator[None]:
        """Raise TargetError if there is no folder at the path of the store."""
        try:
            yield
        except OSError as error:
            if error.errno not in _NO_FOLDER:
                raise
            raise errors.TargetError(
                f'There is no folder {self.name}. {place.OF_BACKUPS}'
            ) from error

    def _troubles(
        self, path: str, verb: str
    ) -> contextlib.AbstractContextManager[None]:
        return localfile.troubles(self._root / path, verb)

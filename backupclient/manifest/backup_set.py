# SPDX-License-Identifier: Apache-2.0
"""The folder of a backup set, from its first file to its final name."""

from collections.abc import Iterator
import contextlib
import errno
import hashlib
import os
import pathlib
import stat

from backupclient import documents
from backupclient import errors
from backupclient.manifest import record
from backupclient.manifest.restore import page
from backupclient.model import layout
from backupclient.model import tags


class BackupSet:
    """The folder of one run, for its owner's eyes only.

    It is ``TARGET/<run>.partial`` until it is closed. Made by :meth:`create`
    and :meth:`open`.

    :param final: the path that it gets at the end.
    :param failed: the path that it gets in place of that when nothing in it
        is complete, so that nobody takes it for the newest backup.
    """

    def __init__(self, final: pathlib.Path) -> None:
        self.final = final
        self.failed = final.parent / layout.FAILED / final.name
        self.folder = final.with_name(final.name + layout.PARTIAL)

    @property
    def place(self) -> pathlib.Path:
        """Where it is by now."""
        closed = (self.final, self.failed)
        return next((each for each in closed if each.is_dir()), self.folder)

    @classmethod
    def create(cls, target: pathlib.Path, run: str) -> 'BackupSet':
        """Begin a new set.

        :param target: the folder of sets; made when only it is missing.
        :raises TargetError: when it cannot be made, or the set is there.
        """
        new = cls(_final(target, run))
        with _troubles(new.folder):
            _make_folder(target, 0o777)
            if os.path.lexists(new.final):
                raise _exists(new.final)
            new.folder.mkdir(mode=0o700)
            documents.flush_folder(target)
        return new

    @classmethod
    def open(cls, target: pathlib.Path, run: str) -> 'BackupSet':
        """Go on with a set.

        One that was closed already is ``.partial`` again until the next
        close.

        :raises TargetError: when it is not there, or not the user's own.
        """
        found = cls(_final(target, run))
        with _troubles(found.folder):
            if not os.path.lexists(found.folder):
                _require_own(found.place)
                found.place.rename(found.folder)
                documents.flush_folder(target)
            _require_own(found.folder)
        return found

    def path(self, relative: str) -> pathlib.Path:
        """Give the place of a file with data or a key; make its folder.

        :param relative: as :mod:`backupclient.model.layout` gives it.
        :raises TargetError: for any other path, and when the folder is
            something else, or cannot be made.
        """
        if not layout.is_member(relative):
            raise errors.TargetError(
                f'{relative!r} cannot be the path of a file in a backup set: '
                'the ID that the cloud gave is not one.'
            )
        path = self.folder / relative
        with _troubles(path):
            _make_folder(path.parent, 0o700)
            _require_folder(path.parent)
        return path

    def close(self, manifest: record.Manifest) -> pathlib.Path:
        """Describe what is there and give the set its name.

        Doing it again after a crash does no harm. A set without anything
        complete goes to where the failed ones are.

        :returns: the final path.
        :raises TargetError: when a file cannot be written, or one of the
            set is gone.
        """
        with _troubles(self.folder):
            self._require_whole(manifest)
            self._describe(manifest)
            self._drop_parts()
            self._drop_empty_folders()
            documents.flush_folder(self.folder)
            final = self.final if manifest.is_of_use else self.failed
            if final == self.failed:
                _make_folder(final.parent, 0o777)
                _require_folder(final.parent)
            if os.path.lexists(final):
                raise _exists(final)
            self.folder.rename(final)
            documents.flush_folder(final.parent)
            documents.flush_folder(self.folder.parent)
        return final

    def discard(self) -> None:
        """Take the set away if nothing is in it; else leave it as it is."""
        with _troubles(self.folder), contextlib.suppress(FileNotFoundError):
            self._drop_empty_folders()
            _drop_if_empty(self.folder)

    def _require_whole(self, manifest: record.Manifest) -> None:
        """Refuse to describe what somebody took away meanwhile."""
        sizes: dict[str, int | None] = {
            e.key.path: None for e in manifest.items if e.key
        }
        sizes |= {e.file.path: e.file.size for e in manifest.items if e.file}
        for path, size in sizes.items():
            found = self.folder / path
            if not found.is_file() or size not in (None, found.stat().st_size):
                raise OSError(
                    errno.ENOENT, f'{path} was taken away, or is not whole'
                )

    def _drop_parts(self) -> None:
        """Drop what failed downloads have left."""
        for part in self.folder.glob('*/*.part'):
            part.unlink()

    def _describe(self, manifest: record.Manifest) -> None:
        documents.write(self.folder / layout.MANIFEST, manifest)
        documents.write_text(
            self.folder / layout.INSTRUCTIONS, page.render(manifest)
        )
        # Last, because it tells the others' hashes.
        documents.write_text(
            self.folder / layout.CHECKSUMS, self._checksums(manifest)
        )

    def _checksums(self, manifest: record.Manifest) -> str:
        """Give the lines for ``sha512sum``.

        Data were hashed as they came; only the small files are read here.
        The paths have nothing that the format would want escaped.
        """
        small = [layout.MANIFEST, layout.INSTRUCTIONS]
        small += [item.key.path for item in manifest.items if item.key]
        sums = {path: self._sha512(path) for path in small}
        for item in manifest.items:
            if item.file:
                sums[item.file.path] = item.file.digests['sha512']
        return ''.join(f'{sums[path]}  {path}\n' for path in sorted(sums))

    def _sha512(self, relative: str) -> str:
        with documents.open_plain(self.folder / relative) as file:
            return hashlib.file_digest(file, 'sha512').hexdigest()

    def _drop_empty_folders(self) -> None:
        """Drop the empty folders, and flush the others."""
        for folder in self.folder.iterdir():
            if folder.is_dir() and not folder.is_symlink():
                documents.flush_folder(folder)
                _drop_if_empty(folder)


def _final(target: pathlib.Path, run: str) -> pathlib.Path:
    if not tags.is_run_id(run):
        raise errors.TargetError(
            f'{run!r} is not the ID of a run: that is a time and four '
            'letters, as in 20260131T235959Z-abcd.'
        )
    return target / run


def _make_folder(path: pathlib.Path, mode: int) -> None:
    try:
        path.mkdir(mode)
    except FileExistsError:
        return
    documents.flush_folder(path.parent)


def _require_folder(path: pathlib.Path) -> os.stat_result:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.ENOTDIR, f'{path.name} is not a folder')
    return found


def _require_own(path: pathlib.Path) -> None:
    """Refuse what is not a folder of the user who runs this."""
    if _require_folder(path).st_uid != os.geteuid():
        raise OSError(errno.EPERM, f'{path.name} belongs to someone else')


def _drop_if_empty(folder: pathlib.Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise


def _exists(path: pathlib.Path) -> OSError:
    return OSError(errno.EEXIST, f'{path.name} is there already')


@contextlib.contextmanager
def _troubles(path: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.TargetError(
            f'The backup set {path} cannot be used: {error.strerror}. '
            'Put that right, or start anew with another folder.'
        ) from error

# SPDX-License-Identifier: Apache-2.0
"""Restore one resource as a file, with the key that opens it."""

from collections.abc import Iterator, Mapping
import contextlib
import dataclasses
import functools

from backupclient import errors
from backupclient import stops
from backupclient.keys import identity
from backupclient.keys.luks import opening
from backupclient.model import copies
from backupclient.model import events
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import results
from backupclient.operations import key_files
from backupclient.operations import qemu_opening
from backupclient.planner import backups
from backupclient.store import base
from backupclient.transfer import copying

_RAW = 'raw'
_NEVER_ATTACHED = (
    'The disk has no LUKS header: it was never attached, so there is nothing '
    'to decrypt.'
)
_NOT_COMPARED = (
    'The set has no hash of its key, so the key was copied without a '
    'comparison.'
)


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """The parameters that all workers share.

    :param files: the files of each set, by its run.
    :param target: the folder for the restored files.
    :param decrypt: decrypt disks and secrets.
    """

    files: Mapping[str, base.Files]
    target: base.Files
    identities: identity.Identities
    reporter: events.Reporter
    stop: stops.Stop
    decrypt: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """The result for one resource.

    :param path: the path of its file, ``''`` if none was written.
    :param size: the size of that file in bytes, None without one.
    """

    state: results.State
    reason: str = ''
    path: str = ''
    size: int | None = None
    notes: tuple[str, ...] = ()


def paths(entry: manifests.Entry) -> Iterator[str]:
    """Yield the paths of a complete resource's files in its set."""
    if entry.state is results.State.COMPLETE:
        yield from (one.path for one in (entry.file, entry.key) if one)


def bring(work: Work, choice: backups.Choice) -> Result:
    """Write the files of a resource; on an error, leave none of them.

    :raises BackupError: if a file cannot be read, is damaged, cannot be
        decrypted, or cannot be written.
    :raises Interrupted: if this thread is to stop.
    """
    entry = choice.entry
    if entry.state is not results.State.COMPLETE:
        why = entry.reason or 'There is no complete backup of it.'
        return Result(results.State.SKIPPED, why)
    if entry.file is None:
        return _without_file(entry)
    _require_own(entry)
    job = _Job(work, entry, entry.file, work.files[choice.run])
    if entry.resource.kind is resources.Kind.SECRET:
        return job.secret()
    return job.decrypted() if _is_opened(work, entry) else job.copied()


def _without_file(entry: manifests.Entry) -> Result:
    """Return the result for a resource that has no file in its set."""
    if entry.artifact is not None:
        return Result(
            results.State.SKIPPED,
            f'Its data are not in the target but in the cloud, as '
            f'{entry.artifact.kind} {entry.artifact.id}. Restore it there: '
            '"openstack backup restore" without --to-files.',
        )
    if entry.resource.kind is resources.Kind.SECRET:
        return Result(
            results.State.COMPLETE, notes=('The secret has no payload.',)
        )
    covered = entry.covered_by or 'other resources'
    return Result(
        results.State.COMPLETE,
        notes=(f'It has no data of its own: they are those of {covered}.',),
    )


def _require_own(entry: manifests.Entry) -> None:
    """Raise DocumentError if an entry names the file of another resource."""
    source = entry.resource
    data, key = entry.file, entry.key
    right = (data is None or layout.is_file_of(data.path, source)) and (
        key is None or layout.is_key_of(key.path, source)
    )
    if not right:
        raise errors.DocumentError(
            f'The manifest names a file for {source.label} that cannot be '
            'one of it. It was not written by this program.'
        )


def _is_opened(work: Work, entry: manifests.Entry) -> bool:
    """Return whether the disk of a resource is to be decrypted."""
    return work.decrypt and bool(
        entry.key
        or (entry.volume and entry.volume.encrypted)
        or (entry.image and entry.image.key_id)
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """The files of one resource.

    :param record: the manifest's record of its data file.
    :param files: the files of its set.
    """

    work: Work
    entry: manifests.Entry
    record: copies.FileRecord
    files: base.Files

    @property
    def keys(self) -> key_files.KeyFiles:
        """The keys and secrets of the set."""
        return key_files.KeyFiles(self.files, self.work.identities)

    def copied(self, *notes: str) -> Result:
        """Copy the data as they are, and the key unless decrypting."""
        key = None if self.work.decrypt else self.entry.key
        path, size = self.record.path, self.record.size
        if key is None:
            self._write(path)
            return _complete(path, size, *notes)
        content, compared = self.keys.key(key)
        self._write(path)
        with self._deleted_on_error(path):
            self._put(key.path, content)
        return _complete(path, size, *([] if compared else [_NOT_COMPARED]))

    def decrypted(self) -> Result:
        """Write the decrypted disk."""
        if not self.record.path.endswith(f'.{_RAW}'):
            raise errors.BackupError(
                f'{self.record.path} is not a raw disk: only those can be '
                'decrypted. Leave --decrypt out to get it as it is.'
            )
        passphrases = self.keys.passphrases(self._key())
        try:
            opener = opening.unlock(self._image(), passphrases)
        except opening.NotOpened as exc:
            if exc.blank:
                return self.copied(_NEVER_ATTACHED)
            raise errors.BackupError(
                f'{self.files.name}/{self.record.path} cannot be decrypted: '
                f'{exc} Leave --decrypt out to get it as it is.'
            ) from None
        whole = opener.plain_size(self.record.size)
        size = self._limited(whole)
        path = layout.data_file(self.entry.resource, _RAW)
        passphrase = passphrases[opener.candidate]
        if size < whole or not self._by_qemu(opener, path, passphrase, size):
            self._write(path, copying.Plain(opener, size))
        return _complete(path, size, *_cut_note(whole - size))

    def secret(self) -> Result:
        """Write the payload of a secret."""
        path = self.record.path
        data = self.keys.secret(self.record)
        if self.work.decrypt:
            data = self.keys.decrypted(path, data)
            path = path.removesuffix(key_files.AGE)
        self._put(path, data)
        return _complete(path, len(data))

    def _write(self, path: str, plain: copying.Plain | None = None) -> None:
        """Copy the data, decrypted if ``plain`` is given."""
        self.work.reporter.step(
            self.entry.resource, 'decrypt' if plain else 'copy'
        )
        copying.copy(
            self._source(),
            self.work.target,
            path,
            stop=self.work.stop,
            progress=self._progress(),
            plain=plain,
        )

    def _by_qemu(
        self, opener: opening.Opener, path: str, passphrase: bytes, size: int
    ) -> bool:
        """Try to decrypt the data with ``qemu-img``; return whether it did."""
        self.work.reporter.step(self.entry.resource, 'decrypt')
        return opener.version == 1 and qemu_opening.copy(
            self._source(),
            self.work.target,
            path,
            passphrase,
            size,
            stop=self.work.stop,
            progress=self._progress(),
        )

    def _source(self) -> copying.Source:
        record = self.record
        return copying.Source(
            self.files, record.path, record.size, record.digests['sha512']
        )

    def _progress(self) -> copying.Progress:
        return functools.partial(
            self.work.reporter.progress, self.entry.resource
        )

    @contextlib.contextmanager
    def _deleted_on_error(self, path: str) -> Iterator[None]:
        """Delete a new file if the ``with`` block fails."""
        try:
            yield
        except BaseException:
            self.work.target.delete(path)
            raise

    def _put(self, path: str, data: bytes) -> None:
        """Write a key or a secret."""
        sealed = path.endswith(key_files.AGE)
        secrecy = base.Secrecy.SEALED if sealed else base.Secrecy.SECRET
        self.work.target.put(path, data, replace=False, secrecy=secrecy)

    def _image(self) -> opening.Image:
        return functools.partial(self.files.read, self.record.path)

    def _limited(self, size: int) -> int:
        """Return the decrypted disk's size, limited to the volume's size.

        :raises DocumentError: if the manifest has no valid volume size.
        """
        volume = self.entry.volume
        if volume is None:
            return size
        if volume.size <= 0:
            raise errors.DocumentError(
                f'The manifest says that {self.entry.resource.label} has '
                f'{volume.size} bytes. It was not written by this program.'
            )
        return min(size, volume.size)

    def _key(self) -> copies.KeyRecord:
        if self.entry.key is None:
            raise errors.BackupError(
                f'{self.entry.resource.label} is encrypted, and its key is '
                'not in the backup. Leave --decrypt out to get it as it is.'
            )
        return self.entry.key


def _complete(path: str, size: int, *notes: str) -> Result:
    return Result(results.State.COMPLETE, path=path, size=size, notes=notes)


def _cut_note(size: int) -> Iterator[str]:
    """Yield a note if the end of a disk was left out."""
    if size:
        yield (
            f'The disk is larger than the volume was: its last {size:,} bytes '
            'were left out.'
        )

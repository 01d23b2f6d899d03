# SPDX-License-Identifier: Apache-2.0
"""The files that a set must have, and whether each is as it was written."""

from collections.abc import Mapping
import dataclasses
import errno

from backupclient import errors
from backupclient import stops
from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import verification
from backupclient.sets import checksums
from backupclient.sets import digests
from backupclient.store import base

# Errors that mean that the file itself is damaged, or replaced by something
# else. Any other one, such as a missing permission, says nothing of the file.
_DAMAGE = frozenset(
    {
        errno.EBADMSG,
        # store/localfile: this is no plain file.
        errno.EEXIST,
        errno.EINVAL,
        # A bad sector; also a server behind sshfs or NFS that is away: what
        # cannot be read now is no backup now.
        errno.EIO,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENOTDIR,
        # A socket.
        errno.ENXIO,
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A problem with one file of a set.

    :param problem: a sentence.
    :param digest: the file's sha512 if that is the problem, else ``''``.
    """

    path: str
    problem: str
    result: verification.Result = verification.Result.DAMAGED
    digest: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A file that a set must have.

    :param size: in bytes, None if the manifest does not record it.
    :param digest: the sha512 that the manifest gives, ``''`` if it gives
        none: keys and texts have none there.
    :param listed: the sha512 that SHA512SUMS gives, ``''`` if it gives none
        or cannot be used.
    """

    path: str
    size: int | None = None
    digest: str = ''
    listed: str = ''


def all_of(
    manifest: manifests.Manifest, sums: Mapping[str, str]
) -> tuple[Member, ...]:
    """Return the files that a set must have, sorted by path.

    :param sums: the sha512 by path, from SHA512SUMS; empty if that cannot be
        used.
    """
    records = _records(manifest)
    return tuple(
        Member(
            path,
            record.size if record else None,
            record.digests['sha512'] if record else '',
            sums.get(path, ''),
        )
        for path in sorted({*records, *sums})
        for record in [records.get(path)]
    )


def of_entry(entry: manifests.Entry) -> tuple[Member, ...]:
    """Return the files of one resource, without the sha512 of SHA512SUMS."""
    found: dict[str, Member] = {}
    if entry.key:
        found[entry.key.path] = Member(entry.key.path)
    if entry.file:
        found[entry.file.path] = Member(
            entry.file.path, entry.file.size, entry.file.digests['sha512']
        )
    return tuple(found.values())


def absence(files: base.Files, member: Member) -> Finding | None:
    """Look for a file and its size; return what is wrong, None if nothing.

    :param files: the files of the set.
    """
    try:
        found = files.stat(member.path)
    except errors.TargetError as error:
        return _unreadable(member.path, error)
    if found is None:
        return Finding(
            member.path,
            'It cannot be read: No such file or directory.',
            verification.Result.MISSING,
        )
    return _size(member, found.size)


def disagreement(member: Member) -> Finding | None:
    """Return what is wrong if SHA512SUMS lacks a file or has another sha512.

    Call it only if SHA512SUMS can be used.
    """
    if not member.listed:
        return Finding(member.path, f'It is not listed in {layout.CHECKSUMS}.')
    if member.digest and member.digest != member.listed:
        return Finding(
            member.path,
            f'The manifest and {layout.CHECKSUMS} disagree on its hash.',
        )
    return None


def changed(
    files: base.Files,
    member: Member,
    progress: digests.Progress = lambda done: None,
    stop: stops.Stop | None = None,
) -> Finding | None:
    """Hash a file; return what is wrong if the hash is not the recorded one.

    :param files: the files of the set.
    :raises Interrupted: if ``stop`` was asked to stop.
    """
    try:
        found, size = digests.sha512(files, member.path, progress, stop)
    except errors.TargetError as error:
        return _unreadable(member.path, error)
    known = {member.digest, member.listed} - {''}
    if wrong := _size(member, size):
        return wrong
    if not known:
        return Finding(
            member.path,
            f'Its hash is only in {layout.CHECKSUMS}, which cannot be used.',
            verification.Result.UNPROVED,
        )
    if known == {found}:
        return None
    if found not in known:
        return Finding(
            member.path,
            'It has changed: its hash is another.',
            digest=found,
        )
    right = 'the manifest' if found == member.digest else layout.CHECKSUMS
    outdated = layout.CHECKSUMS if found == member.digest else 'the manifest'
    return Finding(
        member.path,
        f'The manifest and {layout.CHECKSUMS} disagree on its hash. The file '
        f'has the one of {right}: {outdated} has changed.',
    )


def foreign(files: base.Files, known: Mapping[str, object]) -> tuple[str, ...]:
    """Return the paths in a set that do not belong to it.

    :param known: the paths that belong to it.
    :raises TargetError: if the set cannot be listed completely.
    """
    return tuple(
        entry.path for entry in files.list() if not _belongs(entry.path, known)
    )


def _belongs(path: str, known: Mapping[str, object]) -> bool:
    return (
        path in known
        or path.removesuffix(base.PART) in (layout.CHECKSUMS, layout.DELETION)
        or layout.is_verified(path)
        or layout.is_claim(path)
    )


def _records(
    manifest: manifests.Manifest,
) -> dict[str, copies.FileRecord | None]:
    """Return the records by path; those of keys and texts are None."""
    found: dict[str, copies.FileRecord | None] = dict.fromkeys(checksums.TEXTS)
    found |= {item.key.path: None for item in manifest.items if item.key}
    found |= {
        item.file.path: item.file for item in manifest.items if item.file
    }
    return found


def _size(member: Member, size: int) -> Finding | None:
    if member.size in (None, size):
        return None
    return Finding(
        member.path, f'It has {size:,} bytes instead of {member.size:,}.'
    )


def _unreadable(path: str, error: errors.TargetError) -> Finding:
    """Return why a file cannot be read, and what that proves."""
    cause = error.__cause__
    result = verification.Result.UNPROVED
    if isinstance(cause, FileNotFoundError):
        result = verification.Result.MISSING
    elif isinstance(cause, OSError) and cause.errno in _DAMAGE:
        result = verification.Result.DAMAGED
    return Finding(path, f'It cannot be read: {errors.root(error)}.', result)

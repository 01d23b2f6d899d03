# SPDX-License-Identifier: Apache-2.0
"""The files that a set has to have, and whether each is what it was."""

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

# What the system says of a file that is damaged itself. Anything else, such
# as a missing permission or a server that does not answer, is no damage.
_DAMAGE = frozenset(
    {
        errno.EBADMSG,
        errno.EEXIST,
        errno.EINVAL,
        errno.EIO,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENOTDIR,
        errno.ENXIO,
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a file of a set, in a sentence.

    :param digest: the sha512 that it has, where that is what is wrong.
    """

    path: str
    problem: str
    result: verification.Result = verification.Result.DAMAGED
    digest: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A file that has to be there.

    :param size: in bytes, None where the manifest does not have it.
    :param digest: the sha512 of the manifest, ``''`` where it has none.
    :param listed: the sha512 of the list of checksums, ``''`` where it has
        none, or there is no list.
    """

    path: str
    size: int | None = None
    digest: str = ''
    listed: str = ''


def all_of(
    manifest: manifests.Manifest, sums: Mapping[str, str]
) -> tuple[Member, ...]:
    """Return the files that have to be there, sorted by path.

    :param sums: the list of checksums.
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


def present(files: base.Files, member: Member) -> Finding | None:
    """Look whether a file is there with its size.

    :param files: of the set.
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


def unlisted(member: Member) -> Finding | None:
    """Compare what the manifest and the list of checksums say of a file."""
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
    """Hash a file, and compare the hash with what is written down.

    :param files: of the set.
    :raises Interrupted: the thread is to stop.
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
    wrong_ = layout.CHECKSUMS if found == member.digest else 'the manifest'
    return Finding(
        member.path,
        f'The manifest and {layout.CHECKSUMS} disagree on its hash. The file '
        f'has the one of {right}: {wrong_} has changed.',
    )


def foreign(files: base.Files, known: Mapping[str, object]) -> tuple[str, ...]:
    """List what is in a set and does not belong to it.

    :param known: the paths that do.
    :raises TargetError: the list would not be complete.
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
    """Give what must be there: records by path, None for keys and texts."""
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
    """Say why a file cannot be read, and what that means."""
    cause = error.__cause__
    result = verification.Result.UNPROVED
    if isinstance(cause, FileNotFoundError):
        result = verification.Result.MISSING
    elif isinstance(cause, OSError) and cause.errno in _DAMAGE:
        result = verification.Result.DAMAGED
    return Finding(path, f'It cannot be read: {errors.root(error)}.', result)


def of_entry(entry: manifests.Entry) -> tuple[Member, ...]:
    """Return the files of a resource, each once, by the manifest alone."""
    found: dict[str, Member] = {}
    if entry.key:
        found[entry.key.path] = Member(entry.key.path)
    if entry.file:
        found[entry.file.path] = Member(
            entry.file.path, entry.file.size, entry.file.digests['sha512']
        )
    return tuple(found.values())

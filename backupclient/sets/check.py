# SPDX-License-Identifier: Apache-2.0
"""Read a backup set back, and see whether it is still what it was."""

import dataclasses
import hashlib
import re

from backupclient import documents
from backupclient import errors
from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import manifest as manifest_
from backupclient.store import base

_LINE = re.compile(r'([0-9a-f]{128}) [ *](.+)')
_TEXTS = (layout.MANIFEST, layout.INSTRUCTIONS)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a file of a set, in a sentence."""

    path: str
    problem: str


def read(files: base.Files) -> manifest_.Manifest:
    """Read the manifest of a set.

    :param files: of the set.
    :raises DocumentError: when it is not one; also when it names a file that
        cannot be one of a set.
    """
    return documents.decode(
        _content(files, layout.MANIFEST),
        manifest_.Manifest,
        f'manifest {files.name}/{layout.MANIFEST}',
    )


def check(files: base.Files) -> tuple[Finding, ...]:
    """Compare all files of a set with what is written down of them.

    :param files: of the set.
    :returns: nothing when all is well.
    :raises DocumentError: when the manifest or the checksums are unusable.
    """
    records = _records(read(files))
    sums = _checksums(files)
    problems = (
        (path, _problem(files, path, records.get(path), sums.get(path)))
        for path in sorted({*records, *sums})
    )
    return tuple(Finding(path, text) for path, text in problems if text)


def _content(files: base.Files, path: str) -> bytes:
    """Read a text of a set."""
    try:
        return base.read_whole(files, path, documents.LARGEST + 1)
    except errors.TargetError as error:
        raise errors.DocumentError(
            f'{error} Look at the name and the permissions of the set.'
        ) from error


def _records(
    manifest: manifest_.Manifest,
) -> dict[str, copies.FileRecord | None]:
    """Give what must be there: records by path, None for keys and texts."""
    found: dict[str, copies.FileRecord | None] = dict.fromkeys(_TEXTS)
    found |= {item.key.path: None for item in manifest.items if item.key}
    found |= {
        item.file.path: item.file for item in manifest.items if item.file
    }
    return found


def _checksums(files: base.Files) -> dict[str, str]:
    """Read the checksums: digests by path."""
    found = {}
    what = f'list of checksums {files.name}/{layout.CHECKSUMS}'
    text = documents.text(_content(files, layout.CHECKSUMS), what)
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if not match or not _may_be_listed(match[2]):
            raise errors.DocumentError(
                f'The {what} has a line that it cannot have: '
                f'{line[:100]!r}. Use a good copy of the backup set.'
            )
        found[match[2]] = match[1]
    return found


def _may_be_listed(path: str) -> bool:
    return path in _TEXTS or layout.is_member(path)


def _problem(
    files: base.Files,
    path: str,
    known: copies.FileRecord | None,
    digest: str | None,
) -> str:
    """Say what is wrong with a file, ``''`` when nothing is."""
    if digest is None:
        return f'It is not listed in {layout.CHECKSUMS}.'
    if known and known.digests['sha512'] != digest:
        return f'The manifest and {layout.CHECKSUMS} disagree on its hash.'
    try:
        found = files.stat(path)
        if found is None:
            return 'It cannot be read: No such file or directory.'
        if known and known.size != found.size:
            return f'It has {found.size:,} bytes instead of {known.size:,}.'
        right = _sha512(files, path) == digest
    except errors.TargetError as error:
        return f'It cannot be read: {errors.root(error)}.'
    return '' if right else 'It has changed: its hash is another.'


def _sha512(files: base.Files, path: str) -> str:
    found = hashlib.sha512()
    with files.read(path) as stream:
        while block := stream.read(base.BLOCK):
            found.update(block)
    return found.hexdigest()

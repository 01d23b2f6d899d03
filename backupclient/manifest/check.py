# SPDX-License-Identifier: Apache-2.0
"""Read a backup set back, and see whether it is still what it was."""

import dataclasses
import hashlib
import os
import pathlib
import re

from backupclient import documents
from backupclient import errors
from backupclient.manifest import record
from backupclient.model import layout
from backupclient.model import outcome

_LINE = re.compile(r'([0-9a-f]{128}) [ *](.+)')
_TEXTS = (layout.MANIFEST, layout.INSTRUCTIONS)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a file of a set, in a sentence."""

    path: str
    problem: str


def read(folder: pathlib.Path) -> record.Manifest:
    """Read the manifest of a set.

    :raises DocumentError: when it is not one; also when it names a file that
        cannot be one of a set.
    """
    return documents.read(
        folder / layout.MANIFEST, record.Manifest, 'manifest'
    )


def check(folder: pathlib.Path) -> tuple[Finding, ...]:
    """Compare all files of a set with what is written down of them.

    :returns: nothing when all is well.
    :raises DocumentError: when the manifest or the checksums are unusable.
    """
    records = _records(read(folder))
    sums = _checksums(folder / layout.CHECKSUMS)
    problems = (
        (path, _problem(folder / path, records.get(path), sums.get(path)))
        for path in sorted({*records, *sums})
    )
    return tuple(Finding(path, text) for path, text in problems if text)


def _records(
    manifest: record.Manifest,
) -> dict[str, outcome.FileRecord | None]:
    """Give what must be there: records by path, None for keys and texts."""
    found: dict[str, outcome.FileRecord | None] = dict.fromkeys(_TEXTS)
    found |= {item.key.path: None for item in manifest.items if item.key}
    found |= {
        item.file.path: item.file for item in manifest.items if item.file
    }
    return found


def _checksums(path: pathlib.Path) -> dict[str, str]:
    """Read the checksums: digests by path."""
    found = {}
    for line in documents.read_text(path, 'list of checksums').splitlines():
        match = _LINE.fullmatch(line)
        if not match or not _may_be_listed(match[2]):
            raise errors.DocumentError(
                f'The list of checksums {path} has a line that it cannot '
                f'have: {line[:100]!r}. Use a good copy of the backup set.'
            )
        found[match[2]] = match[1]
    return found


def _may_be_listed(path: str) -> bool:
    return path in _TEXTS or layout.is_member(path)


def _problem(
    path: pathlib.Path, known: outcome.FileRecord | None, digest: str | None
) -> str:
    """Say what is wrong with a file, ``''`` when nothing is."""
    if digest is None:
        return f'It is not listed in {layout.CHECKSUMS}.'
    if known and known.digests['sha512'] != digest:
        return f'The manifest and {layout.CHECKSUMS} disagree on its hash.'
    if path.parent.is_symlink():
        return 'Its folder is a link.'
    try:
        with documents.open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            if known and known.size != size:
                return f'It has {size:,} bytes instead of {known.size:,}.'
            found = hashlib.file_digest(file, 'sha512').hexdigest()
    except OSError as error:
        return f'It cannot be read: {error.strerror}.'
    return '' if found == digest else 'It has changed: its hash is another.'

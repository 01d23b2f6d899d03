# SPDX-License-Identifier: Apache-2.0
"""Read a backup set back, and see whether it is still what it was."""

from collections.abc import Iterator
import dataclasses
import hashlib

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.sets import checksums
from backupclient.sets import set_files
from backupclient.store import base

Finding = set_files.Finding


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """A manifest as it was read.

    :param digest: the sha512 of its bytes.
    """

    manifest: manifests.Manifest
    digest: str


def load(files: base.Files) -> Loaded:
    """Read the manifest of a set, and hash it.

    :param files: of the set.
    :raises DocumentError: when it is not one; also when it names a file that
        cannot be one of a set.
    """
    content = text(files, layout.MANIFEST)
    return Loaded(decode(files, content), hashlib.sha512(content).hexdigest())


def decode(files: base.Files, content: bytes) -> manifests.Manifest:
    """Read the bytes of the manifest of a set.

    :raises DocumentError: it is not one.
    """
    return documents.decode(
        content,
        manifests.Manifest,
        f'manifest {files.name}/{layout.MANIFEST}',
    )


def read(files: base.Files) -> manifests.Manifest:
    """Read the manifest of a set, as :func:`load` does."""
    return load(files).manifest


def sums(files: base.Files) -> dict[str, str]:
    """Read the list of checksums of a set.

    :raises DocumentError: when it is not one.
    """
    what = f'list of checksums {files.name}/{layout.CHECKSUMS}'
    return checksums.parse(text(files, layout.CHECKSUMS), what)


def altered(files: base.Files, digest: str) -> str:
    """Say that a manifest is not the one that was written, ``''`` if it is.

    A hash beside the data proves nothing against who wrote both. It shows
    that one of them was changed.

    :param digest: the sha512 of the manifest.
    """
    try:
        known = sums(files).get(layout.MANIFEST)
    except errors.DocumentError as exc:
        return str(exc)
    if known == digest:
        return ''
    return (
        f'{files.name}/{layout.MANIFEST} is not the one that '
        f'{layout.CHECKSUMS} lists: somebody has changed it.'
    )


def check(files: base.Files) -> tuple[Finding, ...]:
    """Compare all files of a set with what is written down of them.

    :param files: of the set.
    :returns: nothing when all is well.
    :raises DocumentError: when the manifest or the checksums are unusable.
    """
    every = set_files.all_of(read(files), sums(files))
    return tuple(
        found
        for member in every
        if (found := next(_wrong(files, member), None))
    )


def _wrong(files: base.Files, member: set_files.Member) -> Iterator[Finding]:
    """Say what is wrong with a file, what is quickly seen first."""
    for found in (
        set_files.disagreement(member),
        set_files.absence(files, member),
    ):
        if found:
            yield found
    if found := set_files.changed(files, member):
        yield found


def text(files: base.Files, path: str) -> bytes:
    """Read a text of a set.

    :raises DocumentError: it cannot be read.
    """
    try:
        return base.read_whole(files, path, documents.LARGEST + 1)
    except errors.TargetError as error:
        raise errors.DocumentError(
            f'{error} Look at the name and the permissions of the set.'
        ) from error

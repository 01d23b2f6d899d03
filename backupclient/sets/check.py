# SPDX-License-Identifier: Apache-2.0
"""Read a backup set's texts, and compare its files with them."""

from collections.abc import Iterator
import dataclasses
import hashlib

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.sets import checksums
from backupclient.sets import lost
from backupclient.sets import set_files
from backupclient.store import base

Finding = set_files.Finding


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """A manifest and its hash.

    :param digest: the sha512 of the manifest's bytes.
    """

    manifest: manifests.Manifest
    digest: str


def load(files: base.Files) -> Loaded:
    """Read the manifest of a set, and hash it.

    :param files: the set's files.
    :raises DocumentError: if it is not a manifest, or names a file that a set
        cannot have.
    """
    content = text(files, layout.MANIFEST)
    return Loaded(decode(files, content), hashlib.sha512(content).hexdigest())


def decode(files: base.Files, content: bytes) -> manifests.Manifest:
    """Return the manifest of a set, decoded from its bytes.

    :raises DocumentError: if it is not a manifest.
    """
    return documents.decode(
        content,
        manifests.Manifest,
        f'manifest {files.name}/{layout.MANIFEST}',
    )


def read(files: base.Files) -> manifests.Manifest:
    """Return the manifest of a set; see :func:`load`."""
    return load(files).manifest


def sums(files: base.Files) -> dict[str, str]:
    """Return the checksums of a set: sha512 digests by path.

    :raises DocumentError: if ``SHA512SUMS`` is missing or not valid.
    """
    what = f'list of checksums {files.name}/{layout.CHECKSUMS}'
    return checksums.parse(text(files, layout.CHECKSUMS), what)


def altered(files: base.Files, digest: str) -> str:
    """Return why a manifest is not the one that was written, ``''`` if it is.

    An attacker who can write to the set can change the manifest and its
    checksum. The comparison finds a change of only one of them.

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
    """Compare all files of a set with its manifest and checksums.

    :param files: the set's files.
    :returns: the first problem of each bad file; empty if all are good.
    :raises DocumentError: if the manifest or the checksums are unusable.
    """
    every = set_files.all_of(read(files), sums(files))
    return tuple(
        found
        for member in every
        if (found := next(_wrong(files, member), None))
    )


def _wrong(files: base.Files, member: set_files.Member) -> Iterator[Finding]:
    """Yield the problems of a file; the slow check (hashing) comes last."""
    for found in (
        set_files.disagreement(member),
        set_files.absence(files, member),
    ):
        if found:
            yield found
    if found := set_files.changed(files, member):
        yield found


def text(files: base.Files, path: str) -> bytes:
    """Return the bytes of a text file of a set.

    :raises DocumentError: if it cannot be read.
    """
    try:
        return base.read_whole(files, path, documents.LARGEST + 1)
    except errors.TargetError as error:
        missing = isinstance(error.__cause__, FileNotFoundError)
        if (
            missing
            and path == layout.MANIFEST
            and (why := lost.message(files))
        ):
            raise errors.DocumentError(why) from error
        raise errors.DocumentError(
            f'{error} Look at the name and the permissions of the set.'
        ) from error

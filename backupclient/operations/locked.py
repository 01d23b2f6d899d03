# SPDX-License-Identifier: Apache-2.0
"""Find encrypted keys and secrets that no given private key opens.

A restore checks this before it creates anything.
"""

from collections.abc import Iterable, Iterator

from backupclient import errors
from backupclient.keys import identity
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.planner import backups
from backupclient.sets import libraries
from backupclient.sets import restorable
from backupclient.store import base
from backupclient.store import targets

_LARGEST = 1 << 20
"""The largest key or secret that is read, in bytes."""


def find(
    source: str, chosen: Iterable[backups.Choice], keys: identity.Identities
) -> dict[tuple[str, str], str]:
    """Try to open the encrypted files of the chosen backups.

    Their content is discarded.

    :param source: the target, ``''`` for backups in the cloud.
    :param keys: the private keys. Without any, nothing is tried.
    :returns: for each file that cannot be opened, the reason by its run and
        path.
    """
    if not (source and keys):
        return {}
    library = libraries.Library(targets.find(source))
    found: dict[tuple[str, str], str] = {}
    for one in chosen:
        place = library.find(one.run)
        if place is None:
            continue
        files = restorable.Restorable(library.store, place.folder)
        for path in _encrypted_paths(one.entry):
            if why := _why_not_opened(files, path, keys):
                found[one.run, path] = why
    return found


def _encrypted_paths(entry: manifests.Entry) -> Iterator[str]:
    """Yield the paths of the encrypted files of a resource."""
    for record in (entry.key, entry.file):
        if record and layout.is_sealed(record.path):
            yield record.path


def _why_not_opened(
    files: base.Files, path: str, keys: identity.Identities
) -> str:
    """Return why a file cannot be opened, ``''`` if it can."""
    try:
        data = base.read_whole(files, path, _LARGEST)
        keys.open(data, f'{files.name}/{path}')
    except errors.BackupError as exc:
        return str(exc)
    return ''

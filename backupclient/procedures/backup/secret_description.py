# SPDX-License-Identifier: Apache-2.0
"""A secret's metadata and ACL, which no list of secrets contains."""

from collections.abc import Callable
import dataclasses
from typing import TypeVar

from backupclient import errors
from backupclient.cloud import door
from backupclient.model import resources
from backupclient.procedures import interim

T = TypeVar('T')

_NO_METADATA = 'Its metadata are not in the backup'
_NO_ACL = (
    'Who may read it is not in the backup, and once restored it can be read '
    'by its whole project'
)


def describe(
    cloud: door.Cloud, secret: resources.Secret, made: interim.Backup
) -> interim.Backup:
    """Read the metadata and the ACL of a secret.

    A policy may allow the payload and forbid these two, and old releases have
    no metadata. Then the backup goes on without them, and a note says so.

    :returns: ``made``, with the described secret and the notes.
    """
    notes: list[str] = []
    id_, barbican = secret.id, cloud.barbican
    metadata = _or_note(lambda: barbican.metadata(id_), _NO_METADATA, notes)
    acl = _or_note(lambda: barbican.acl(id_), _NO_ACL, notes)
    return dataclasses.replace(
        made,
        described=dataclasses.replace(
            secret, metadata=metadata or {}, acl=acl
        ),
        notes=(*made.notes, *notes),
    )


def _or_note(
    read: Callable[[], T], consequence: str, notes: list[str]
) -> T | None:
    try:
        return read()
    except (errors.Forbidden, errors.NotFound) as exc:
        notes.append(f'{consequence}: {exc}.')
        return None

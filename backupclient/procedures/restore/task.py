# SPDX-License-Identifier: Apache-2.0
"""Access of the steps of a restore to their task and its files."""

from collections.abc import Mapping
from typing import TypeVar

from backupclient import errors
from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tags
from backupclient.procedures import interim
from backupclient.procedures import step
from backupclient.store import base

_Record = TypeVar('_Record', bound=resources.Record)
_New = TypeVar('_New', bound=restores.New)


def of(item: plans.Item) -> restores.Task:
    """Return the restore task of an item.

    :raises DocumentError: if the plan has none.
    """
    if item.restore is None:
        raise errors.DocumentError(
            f'The plan does not say how {item.resource.label} comes back. '
            'Make a new plan.'
        )
    return item.restore


def described(item: plans.Item, kind: type[_Record]) -> _Record:
    """Return the backed-up description of an item's resource.

    :param kind: the expected type of the description.
    :raises DocumentError: if the plan has none of that type.
    """
    if not isinstance(item.seen, kind):
        raise errors.DocumentError(
            f'The plan does not say what {item.resource.label} was like. '
            'Make a new plan.'
        )
    return item.seen


def new(item: plans.Item, kind: type[_New]) -> _New:
    """Return the description of the resource to make.

    :param kind: the expected type of the description.
    :raises DocumentError: if the plan has none of that type.
    """
    found = of(item).new
    if not isinstance(found, kind):
        raise errors.DocumentError(
            f'The plan does not say what {item.resource.label} is to be. '
            'Make a new plan.'
        )
    return found


def file(item: plans.Item) -> copies.FileRecord:
    """Return the record of the file with an item's data.

    :raises DocumentError: if the plan names no file.
    """
    found = of(item).source.file
    if found is None:
        raise errors.DocumentError(
            f'The plan names no file for {item.resource.label}. Make a new '
            'plan.'
        )
    return found


def files(work: step.Work, item: plans.Item) -> base.Files:
    """Return the files of the set that an item is restored from.

    :raises UsageError: if the run reads no sets.
    """
    if work.sets is None:
        raise errors.UsageError(
            f'Run {work.run} reads from no backup set. Start a new restore '
            'with --from.'
        )
    return work.sets(of(item).source.run)


def secret_bytes(work: step.Work, item: plans.Item, path: str) -> bytes:
    """Return a key or a secret of a set, decrypted if it is encrypted.

    :raises TargetError: if it cannot be read, or is too large for a secret.
    :raises BackupError: if no identity decrypts it.
    """
    found = files(work, item)
    data = base.read_whole(found, path, _LARGEST + 1)
    if len(data) > _LARGEST:
        raise errors.TargetError(
            f'{found.name}/{path} is too large for a key or a secret. '
            f'{found.instead}'
        )
    if not path.endswith('.age'):
        return data
    if work.identities is None:
        raise errors.UsageError(
            f'{found.name}/{path} is encrypted. Give the private key that '
            'opens it with --identity.'
        )
    return work.identities.open(data, f'{found.name}/{path}')


def own(old: Mapping[str, str]) -> dict[str, str]:
    """Return metadata without our tags.

    :param old: the backed-up metadata; an earlier run may have added tags.
    """
    ours = {tags.RUN, tags.SOURCE, tags.ROLE, tags.IMAGE}
    return {name: value for name, value in old.items() if name not in ours}


def restored_tags(
    step_: step.Step[interim.Restore], old: Mapping[str, str]
) -> dict[str, str]:
    """Return the metadata of a restored resource: its own, and our tags.

    :param old: the backed-up metadata; tags of an earlier run are left out.
    """
    return own(old) | step_.metadata(tags.Role.RESTORED)


_LARGEST = 1 << 20
"""The size limit of a key or a secret, in bytes. It is read into memory."""

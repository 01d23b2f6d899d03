# SPDX-License-Identifier: Apache-2.0
"""What the steps of a restore have in common: their task and its files."""

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
    """Give how an item comes back.

    :raises DocumentError: the plan does not say it.
    """
    if item.restore is None:
        raise errors.DocumentError(
            f'The plan does not say how {item.resource.label} comes back. '
            'Make a new plan.'
        )
    return item.restore


def described(item: plans.Item, kind: type[_Record]) -> _Record:
    """Give what a resource was like that comes back.

    :raises DocumentError: the plan does not say it.
    """
    if not isinstance(item.seen, kind):
        raise errors.DocumentError(
            f'The plan does not say what {item.resource.label} was like. '
            'Make a new plan.'
        )
    return item.seen


def new(item: plans.Item, kind: type[_New]) -> _New:
    """Give what is to be made.

    :raises DocumentError: the plan does not say it.
    """
    found = of(item).new
    if not isinstance(found, kind):
        raise errors.DocumentError(
            f'The plan does not say what {item.resource.label} is to be. '
            'Make a new plan.'
        )
    return found


def file(item: plans.Item) -> copies.FileRecord:
    """Give the file with the data of an item.

    :raises DocumentError: there is none.
    """
    found = of(item).source.file
    if found is None:
        raise errors.DocumentError(
            f'The plan names no file for {item.resource.label}. Make a new '
            'plan.'
        )
    return found


def files(work: step.Work, item: plans.Item) -> base.Files:
    """Give the files of the set that an item comes back from.

    :raises UsageError: the run reads no sets.
    """
    if work.sets is None:
        raise errors.UsageError(
            f'Run {work.run} reads from no backup set. Start a new restore '
            'with --from.'
        )
    return work.sets(of(item).source.run)


def secret_bytes(work: step.Work, item: plans.Item, path: str) -> bytes:
    """Read a key or a secret of a set, and open it if it is encrypted.

    :raises TargetError: it cannot be read, or is too large for a secret.
    :raises BackupError: no identity opens it.
    """
    found = files(work, item)
    data = base.read_whole(found, path, _LARGEST + 1)
    if len(data) > _LARGEST:
        raise errors.TargetError(
            f'{found.name}/{path} is too large for a key or a secret.'
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
    """Give the metadata of what comes back, without our marks.

    :param old: as they were; an earlier run may have marked them.
    """
    ours = {tags.RUN, tags.SOURCE, tags.ROLE, tags.IMAGE}
    return {name: value for name, value in old.items() if name not in ours}


def restored_tags(
    step_: step.Step[interim.Restore], old: Mapping[str, str]
) -> dict[str, str]:
    """Give the metadata of what was restored: its own, and our marks.

    :param old: as they were; what an earlier run had marked is left out.
    """
    return own(old) | step_.metadata(tags.Role.RESTORED)


_LARGEST = 1 << 20
"""The most bytes of a key or a secret that are read."""

# SPDX-License-Identifier: Apache-2.0
"""What TaskFlow wrote down of a flow, looked at before it is used.

TaskFlow takes it as it is, and writes where the ``uuid`` in a record says.
"""

from collections.abc import Collection
import dataclasses
import pathlib
from typing import Literal
import uuid as uuid_

from backupclient import documents
from backupclient import errors
from backupclient.procedures import step as step_

_WHAT = 'record of a step'


@dataclasses.dataclass(frozen=True, slots=True)
class _Flow:
    """What matters in the record of a flow, or of a book of flows."""

    uuid: uuid_.UUID
    state: Literal[
        'FAILURE',
        'PENDING',
        'RESUMING',
        'REVERTED',
        'RUNNING',
        'SUCCESS',
        'SUSPENDED',
        None,
    ] = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """What matters in the record of a step."""

    uuid: uuid_.UUID
    name: str
    state: Literal[
        'FAILURE',
        'PENDING',
        'REVERTED',
        'REVERTING',
        'REVERT_FAILURE',
        'RUNNING',
        'SUCCESS',
    ]
    intention: Literal['EXECUTE', 'REVERT']
    results: step_.Made | None = None

    def __post_init__(self) -> None:
        if self.state == 'SUCCESS' and self.results is None:
            raise ValueError('nothing is known of what it made')


@dataclasses.dataclass(frozen=True, slots=True)
class _StepFile:
    """The record of a step as it is in its file."""

    atom: _Step
    type: Literal['TASK_DETAIL']


def check(folder: pathlib.Path, names: Collection[str]) -> None:
    """Look at the records of a flow before they are used.

    :param names: of the flow's steps.
    :raises DocumentError: someone has edited them.
    """
    for path in (*folder.glob('*'), *folder.glob('*/*')):
        if path.is_symlink():
            raise _elsewhere(path)
    for path in folder.glob('*/*/metadata'):
        record: _Flow | _Step
        if path.parts[-3] == 'atom_details':
            record = documents.read(path, _StepFile, _WHAT).atom
        else:
            record = documents.read(path, _Flow, _WHAT)
        known = isinstance(record, _Flow) or record.name in names
        if str(record.uuid) != path.parent.name or not known:
            raise _elsewhere(path)


def _elsewhere(path: pathlib.Path) -> errors.DocumentError:
    return errors.DocumentError(f'The {_WHAT} {path} leads elsewhere.')

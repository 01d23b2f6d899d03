# SPDX-License-Identifier: Apache-2.0
"""Which backups there are: the rows of ``openstack backup history``."""

import dataclasses
import enum

from backupclient.model import verification


class State(enum.StrEnum):
    """How a run, or the backup of a resource, ended.

    ``incomplete`` is a run only: some of its backups are complete.
    """

    COMPLETE = 'complete'
    INCOMPLETE = 'incomplete'
    FAILED = 'failed'
    SKIPPED = 'skipped'
    UNFINISHED = 'unfinished'


SET = verification.SET
"""The kind of a row about a whole run: ``id`` is that of the run."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backup:
    """What a run made of a resource.

    :param captured_at: UTC, ISO 8601, ``''`` if there is no copy.
    :param time: by which it is sorted out: when it was captured, or else
        when the run began.
    :param size: in bytes, None when not known.
    :param place: ``cloud``, or the target.
    :param standing: what verifications have found.
    """

    run: str
    captured_at: str
    time: str
    kind: str
    name: str
    id: str
    procedure: str
    state: State
    size: int | None
    place: str
    standing: verification.Standing = dataclasses.field(
        default_factory=verification.Standing
    )
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """A run, as far as its place tells.

    :param started_at: UTC, ISO 8601; ``finished_at`` likewise, ``''`` for a
        run that is not finished.
    :param complete: how many resources are; ``failed`` and ``skipped``
        likewise; None when not known.
    :param size: of what is complete, in bytes.
    :param host: the name of the machine, ``''`` when not known.
    """

    run: str
    started_at: str
    finished_at: str
    state: State
    complete: int | None
    failed: int | None
    skipped: int | None
    size: int | None
    place: str
    host: str = ''

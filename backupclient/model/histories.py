# SPDX-License-Identifier: Apache-2.0
"""The rows of ``openstack backup history``: backups, or runs."""

import dataclasses
import enum

from backupclient.model import verification


class State(enum.StrEnum):
    """The state of a run, or of the backup of a resource.

    Only runs can be ``incomplete``: some of their backups are complete.
    """

    COMPLETE = 'complete'
    INCOMPLETE = 'incomplete'
    FAILED = 'failed'
    SKIPPED = 'skipped'
    UNFINISHED = 'unfinished'


SET = verification.SET
"""The kind of a row about a whole run; its ``id`` is the run's ID."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backup:
    """The backup of a resource in a run.

    :param captured_at: UTC, ISO 8601, ``''`` if there is no copy.
    :param time: the time for sorting and filters: when the data were captured,
        or else when the run began.
    :param size: in bytes, None if unknown.
    :param place: ``cloud``, or the target.
    :param standing: the combined result of all verifications.
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
    """A run, with the facts that its place has.

    :param started_at: UTC, ISO 8601; ``finished_at`` likewise, ``''`` for an
        unfinished run.
    :param state: the state of the whole run, while the counts are of the
        place: a run with a target may have more resources than the cloud has.
    :param complete: the number of complete resources; ``failed`` and
        ``skipped`` likewise; None if unknown.
    :param size: the total size of the complete resources, in bytes.
    :param host: the name of the machine, ``''`` if unknown.
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

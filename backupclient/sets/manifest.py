# SPDX-License-Identifier: Apache-2.0
"""What a backup set says of itself: the content of ``manifest.json``."""

from collections.abc import Iterable, Mapping
import dataclasses
import datetime
import enum
from importlib import metadata
from typing import Literal

from backupclient.model import inventory
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.model import request as request_
from backupclient.model import resources
from backupclient.model import wholes

FORMAT_VERSION = 1
PROGRAM = 'python-backupclient'


class State(enum.StrEnum):
    """Whether everything that was asked for is there."""

    COMPLETE = 'complete'
    INCOMPLETE = 'incomplete'


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One resource: what it was, and what became of it.

    ``server``, ``volume``, ``image`` and ``secret`` are as in the plan: one
    is set, and beside a server the image that holds, or held, its own disk.
    A secret has its metadata and its ACL as the run has read them. The other
    fields are those of the plan's item and of its outcome.

    :param size: of the data, in bytes, None when not known.
    :param notes: the plan's and the run's.
    """

    resource: resources.Resource
    procedure: plan_.Procedure
    state: outcome_.State
    reason: str = ''
    covered_by: str = ''
    group: str = ''
    consistency: plan_.Consistency = plan_.Consistency.NONE
    captured_at: str = ''
    size: int | None = None
    artifact: outcome_.Artifact | None = None
    file: outcome_.FileRecord | None = None
    key: outcome_.KeyRecord | None = None
    notes: tuple[str, ...] = ()
    server: resources.Server | None = None
    volume: resources.Volume | None = None
    image: resources.Image | None = None
    secret: resources.Secret | None = None

    @property
    def has_copy(self) -> bool:
        """True when there is something to restore."""
        return self.file is not None or self.artifact is not None

    @property
    def artifact_id(self) -> str:
        """The ID of what stays in the cloud, ``''`` for nothing."""
        return self.artifact.id if self.artifact else ''


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """A run and its result.

    :param created_at: UTC, ISO 8601; ``finished_at`` likewise.
    :param cautions: the plan's.
    """

    run: str
    created_at: str
    finished_at: str
    state: State
    identity: inventory.CloudIdentity
    request: request_.Request
    items: tuple[Entry, ...] = ()
    cautions: tuple[str, ...] = ()
    program: str = PROGRAM
    program_version: str = ''
    format: Literal['openstack-backup-set'] = 'openstack-backup-set'
    version: int = FORMAT_VERSION

    @property
    def is_of_use(self) -> bool:
        """True when something of it is complete, or nothing had to be."""
        return self.state is State.COMPLETE or any(
            item.state is outcome_.State.COMPLETE for item in self.items
        )

    def of_kind(self, kind: resources.Kind) -> tuple[Entry, ...]:
        """Give the entries of one kind, in their order."""
        return tuple(e for e in self.items if e.resource.kind is kind)


def build(
    plan: plan_.Plan,
    run: str,
    outcomes: Iterable[outcome_.Outcome],
    started: datetime.datetime,
    finished: datetime.datetime,
) -> Manifest:
    """Put a plan and its outcomes together.

    An item without an outcome was not reached, unless the plan had nothing
    to do for it.

    :param started: an aware time, as ``finished`` is.
    """
    by_resource = {outcome.resource: outcome for outcome in outcomes}
    by_id = {one.id: outcome for one, outcome in by_resource.items()}
    items = tuple(
        _entry(item, by_resource.get(item.resource) or _without(item, by_id))
        for item in plan.items
    )
    complete = not plan.gaps and all(
        e.state is outcome_.State.COMPLETE for e in items
    )
    return Manifest(
        run=run,
        created_at=_stamp(started),
        finished_at=_stamp(finished),
        state=State.COMPLETE if complete else State.INCOMPLETE,
        identity=plan.identity,
        request=plan.request,
        items=items,
        cautions=plan.cautions,
        program_version=_program_version(),
    )


def _entry(item: plan_.Item, outcome: outcome_.Outcome) -> Entry:
    return Entry(
        resource=item.resource,
        procedure=outcome.procedure,
        state=outcome.state,
        reason=outcome.reason,
        covered_by=item.covered_by,
        group=item.group,
        consistency=outcome.consistency,
        captured_at=outcome.captured_at,
        size=item.size if outcome.size is None else outcome.size,
        artifact=outcome.artifact,
        file=outcome.file,
        key=outcome.key,
        notes=tuple(dict.fromkeys((*item.notes, *outcome.notes))),
        server=item.server,
        volume=item.volume,
        image=outcome.image or item.image,
        secret=outcome.secret or item.secret,
    )


def _without(
    item: plan_.Item, others: Mapping[str, outcome_.Outcome]
) -> outcome_.Outcome:
    """Say what became of an item that nothing was done for."""
    state, reason = outcome_.State.SKIPPED, item.reason
    if item.covered_by:
        state, reason = wholes.state(item, others)
    elif item.possible:
        reason = 'The run ended before its turn came.'
    return outcome_.Outcome(item.resource, item.procedure, state, reason)


def _stamp(time: datetime.datetime) -> str:
    return time.astimezone(datetime.UTC).isoformat(timespec='seconds')


def _program_version() -> str:
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return 'unknown'

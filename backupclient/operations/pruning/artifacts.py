# SPDX-License-Identifier: Apache-2.0
"""Delete the artifacts of a resource in the cloud, the newest first."""

from collections.abc import Callable, Iterable, Iterator
import dataclasses

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.engine import faults
from backupclient.engine import lease_keeping
from backupclient.model import events
from backupclient.model import prunings
from backupclient.model import resources
from backupclient.planner import cloud_pruning
from backupclient.planner import retention
from backupclient.procedures import removal

_DELETABLE = frozenset({'available', 'error'})
"""The states in which Cinder deletes a backup."""


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """The parameters of a deletion.

    :param backups: all Cinder backups of the project.
    :param mark: called with the run before each of its artifacts is deleted,
        to mark its manifest.
    """

    cloud: door.Cloud
    clock: clocks.Clock
    reporter: events.Reporter
    backups: tuple[resources.CinderBackup, ...]
    mark: Callable[[str], None]

    @property
    def waiter(self) -> waiting.Waiter:
        """A waiter with the deadline for deletions."""
        return waiting.Waiter(self.clock, removal.DEADLINE)

    def needed_by(self, backup_id: str) -> frozenset[str]:
        """Return the IDs of the backups that this backup may build on."""
        links = [cloud_pruning.link(one) for one in self.backups]
        found = [one for one in links if one.id == backup_id]
        return frozenset().union(
            *(retention.foundations(one, links) for one in found)
        )


def by_resource(
    rows: Iterable[prunings.Row],
) -> list[list[prunings.Row]]:
    """Group rows by resource, the newest capture first.

    Resources without artifacts come last: their data are in other resources.
    """
    found: dict[tuple[bool, str, str], list[prunings.Row]] = {}
    for row in rows:
        key = (not row.artifact, row.kind, row.id)
        found.setdefault(key, []).append(row)
    return [
        sorted(found[key], key=lambda one: one.captured, reverse=True)
        for key in sorted(found, key=lambda one: one[0])
    ]


def delete(
    work: Work, held: lease_keeping.Lease, rows: list[prunings.Row]
) -> Iterator[tuple[prunings.Row, prunings.Row]]:
    """Delete the artifacts of one resource, the newest first.

    :param held: the lease of this call, which shows other runs that the
        resource is in use.
    :param rows: the rows of one resource, at least one.
    :returns: pairs of a row and the same row after the deletion. Rows that
        were not reached are left out.
    """
    claim = f'{rows[0].kind}/{rows[0].id}'
    try:
        held.claim(claim)
    except errors.Interrupted:
        return
    except errors.BackupError as exc:
        yield from ((row, _failed(row, str(exc))) for row in rows)
        return
    try:
        yield from _delete_all(work, rows)
    finally:
        held.release(claim)


def _delete_all(
    work: Work, rows: list[prunings.Row]
) -> Iterator[tuple[prunings.Row, prunings.Row]]:
    stays: dict[str, str] = {}
    for row in rows:
        if work.clock.stop.asked:
            return
        why = stays.get(row.artifact, '')
        if not why:
            try:
                with work.clock.stop.shielded():
                    _delete(work, row)
            except errors.LoginEnded:
                return
            except Exception as exc:
                # A failure only saves the backups that this one builds on.
                why = faults.said(exc, row.run, row.label)
        if why:
            yield row, _failed(row, why)
            for needed in work.needed_by(row.artifact):
                text = f'Backup {row.artifact} needs it and is still there.'
                stays[needed] = text
        else:
            yield (
                row,
                dataclasses.replace(row, action=prunings.Action.DELETED),
            )


def _delete(work: Work, row: prunings.Row) -> None:
    """Delete an artifact, unless it lacks the tags of its run.

    :raises BackupError: if the tags are missing, or the deletion fails.
    """
    work.mark(row.run)
    if not row.artifact:
        return
    work.reporter.say(f'delete {row.label}')
    if any(one.id == row.artifact for one in work.backups):
        _delete_backup(work, row)
    else:
        _delete_image(work, row)


def _delete_backup(work: Work, row: prunings.Row) -> None:
    cinder = work.cloud.cinder
    found = cinder.backup(row.artifact)
    if found is None:
        return
    _require_own(found, row)
    state = found.status.lower()
    if state not in _DELETABLE:
        raise errors.BackupError(
            f'Backup {found.id} is in the state "{found.status}". Try again '
            'later.'
        )
    cinder.delete_backup(found.id)
    work.waiter.until(
        {waiting.GONE},
        lambda: cinder.backup_state(found.id),
        f'Backup {found.id}',
        bad={'error_deleting'},
    )


def _delete_image(work: Work, row: prunings.Row) -> None:
    found = work.cloud.glance.image(row.artifact)
    if found is None:
        return
    _require_own(found, row)
    removal.Remover(work.cloud, work.waiter, owner=row.run).image(found.id)


def _require_own(
    found: resources.CinderBackup | resources.Image, row: prunings.Row
) -> None:
    """Raise BackupError if an artifact lacks the tags of its run."""
    source = resources.Resource(resources.Kind(row.kind), row.name, row.id)
    if not cloud_pruning.belongs(found, row.run, source):
        raise errors.BackupError(
            f'{found.id} does not carry the tags of run {row.run} any more, '
            'and is left alone. Delete it yourself if nobody needs it.'
        )


def _failed(row: prunings.Row, why: str) -> prunings.Row:
    return dataclasses.replace(
        row, action=prunings.Action.FAILED, reasons=(why,)
    )

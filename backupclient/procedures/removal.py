# SPDX-License-Identifier: Apache-2.0
"""Taking things away again: ask, wait until they are gone, ask again.

A deletion that was accepted is not done: a snapshot that is busy goes back
to ``available`` (``cinder/volume/manager.py:delete_snapshot``), and what is
still being made cannot be deleted yet.

What has neither tag nor name of the run is not deleted, whoever asks for it:
the IDs come from a journal, which someone may have edited.
"""

from collections.abc import Callable, Mapping
import dataclasses

from backupclient import errors
from backupclient.cloud import waiting
from backupclient.model import resources
from backupclient.model import tags
from backupclient.procedures import step

DEADLINE = 1800.0
"""Seconds; deletions are quick, or something is wrong."""

_DELETABLE = frozenset(
    {
        'available',
        'error',
        'error_restoring',
        'error_extending',
        'error_managing',
    }
)
_Thing = resources.Volume | resources.Snapshot | resources.CinderBackup
_IMAGE_GONE = frozenset({waiting.GONE, 'deleted', 'pending_delete'})


def afterwards(
    work: step.Work,
    made: step.Made,
    what: str,
    remove: Callable[[], None],
) -> step.Made:
    """Remove a temporary that did its service.

    The backup does not fail for it, and nobody's wish to stop leaves it
    half done; what stays is told.

    :raises DocumentError: it is no temporary of this program.
    :raises LoginEnded: a resume removes it.
    """
    with work.clock.shielded():
        try:
            remove()
        except (errors.DocumentError, errors.LoginEnded):
            raise
        except errors.BackupError as exc:
            return dataclasses.replace(
                made, notes=(*made.notes, left_over(what, exc))
            )
    return made


def left_over(what: str, exc: errors.BackupError) -> str:
    """Say that something temporary could not be taken away."""
    return f'The temporary {what} is still there, delete it: {exc}'


def volume(work: step.Work, volume_id: str) -> None:
    """Delete a volume and wait until it is gone."""
    cinder = work.cloud.cinder
    _remove(
        work,
        f'volume {volume_id}',
        lambda: cinder.volume(volume_id),
        lambda: cinder.delete_volume(volume_id),
    )


def snapshot(work: step.Work, snapshot_id: str) -> None:
    """Delete a snapshot and wait until it is gone."""
    cinder = work.cloud.cinder
    _remove(
        work,
        f'snapshot {snapshot_id}',
        lambda: cinder.snapshot(snapshot_id),
        lambda: cinder.delete_snapshot(snapshot_id),
    )


def backup(work: step.Work, backup_id: str) -> None:
    """Delete a backup and wait until it is gone."""
    cinder = work.cloud.cinder
    _remove(
        work,
        f'backup {backup_id}',
        lambda: cinder.backup(backup_id),
        lambda: cinder.delete_backup(backup_id),
    )


def image(work: step.Work, image_id: str) -> None:
    """Delete an image, in whatever state, and wait until it is gone."""
    glance = work.cloud.glance
    found = glance.image(image_id)
    if found is None:
        return
    require_ours(work, f'image {image_id}', found.name, found.properties)
    glance.delete(image_id)
    work.waiter.until(
        _IMAGE_GONE,
        lambda: glance.state(image_id),
        f'image {image_id}',
        timeout=DEADLINE,
    )


def _remove(
    work: step.Work,
    what: str,
    find: Callable[[], _Thing | None],
    delete: Callable[[], None],
) -> None:
    def ask_again() -> str:
        found = find()
        if found is None:
            return waiting.GONE
        require_ours(work, what, found.name, found.metadata)
        now = found.status.lower()
        if now in _DELETABLE:
            try:
                delete()
            except errors.CloudError as exc:
                # Refused for now: something that depends on it is not yet
                # gone. The deadline ends it.
                if exc.status not in (400, 409):
                    raise
        return now

    work.waiter.until(
        {waiting.GONE},
        ask_again,
        what,
        bad={'error_deleting'},
        timeout=DEADLINE,
    )


def require_ours(
    work: step.Work, what: str, name: str, metadata: Mapping[str, str]
) -> None:
    """Do nothing, unless a thing was made by something else.

    :param work: of a run, or without one: then any run will do.
    :raises DocumentError: then.
    """
    if not tags.made_by_us(name, metadata, work.run):
        raise errors.DocumentError(
            f'{what} was not made by this run, and is left alone: the journal '
            'of the run is not what this program wrote.'
        )

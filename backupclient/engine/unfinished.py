# SPDX-License-Identifier: Apache-2.0
"""Find runs of this machine: by ID, unfinished, or dead."""

from collections.abc import Iterator, Sequence
import contextlib
import logging
import os
import pathlib

from backupclient import errors
from backupclient.engine import journals
from backupclient.engine import life
from backupclient.model import inventories
from backupclient.model import tags

LOG = logging.getLogger(__name__)

_GIVEN_UP = 'given-up'


def find(
    run: str, identity: inventories.CloudIdentity, command: str = 'run'
) -> journals.Journal:
    """Return the journal of a run that can be resumed.

    :param run: a run's ID, or ``last`` for the newest unfinished run of this
        project that is not alive. Damaged journals are then skipped, and runs
        whose set a cleanup has deleted.
    :param command: the command that began the run: ``run`` or ``restore``.
    :raises UsageError: if there is no such run, or it cannot be resumed.
    :raises DocumentError: if its journal is damaged.
    """
    if run == 'last':
        return _newest(identity, command)
    journal = journals.of(run)
    if not tags.is_run_id(run) or not journal.folder.is_dir():
        known = ', '.join(path.name for path in _folders()[:5]) or 'none'
        raise errors.UsageError(
            f'There is no run "{run}" in {journals.home()}; the newest are: '
            f'{known}.'
        )
    if journal.has_ended:
        raise errors.UsageError(
            f'Run {run} has ended: there is nothing to resume. Start a new '
            'one.'
        )
    if _key(journal.run().plan.identity) != _key(identity):
        raise errors.UsageError(
            f'Run {run} belongs to another project or cloud: '
            f'{journal.run().plan.identity.project_name} at '
            f'{journal.run().plan.identity.auth_url}. Log in there.'
        )
    began = journal.run().plan.command
    if began == 'verify':
        raise errors.UsageError(
            f'Run {run} belongs to "openstack backup verify" and cannot be '
            f'resumed. "openstack backup cleanup --run {run}" deletes what it '
            'has left. Then verify again.'
        )
    if began != command:
        raise errors.UsageError(
            f'Run {run} was begun by "openstack backup {began}". Use '
            f'"openstack backup {began} --resume {run}".'
        )
    return journal


def give_up(run: str) -> None:
    """Record that the set of a dead run was deleted, so it cannot be resumed.

    Do nothing if the run has no journal here.
    """
    with contextlib.suppress(OSError):
        (journals.of(run).folder / _GIVEN_UP).touch(mode=0o600)


def servers_off_of(journal: journals.Journal) -> list[str]:
    """Return a sentence for each server that a run has left stopped."""
    return [
        f'Run {journal.folder.name} has stopped server {server_id}, which may '
        'still be off: "openstack backup run --resume '
        f'{journal.folder.name}" starts it, or "openstack server start '
        f'{server_id}".'
        for server_id in sorted(_stopped(journal))
    ]


def dead() -> Iterator[journals.Journal]:
    """Yield the journals of the dead runs of this machine, newest first.

    A run is dead if it has not ended and no process works on it.
    """
    try:
        folders = _folders()
    except errors.DocumentError:
        return
    for folder in folders:
        journal = journals.Journal(folder)
        # The folder may belong to another user and be unreadable.
        with contextlib.suppress(OSError):
            if not journal.has_ended and not _is_alive(folder.name):
                yield journal


def all_journals() -> Iterator[journals.Journal]:
    """Yield the journals of all runs of this machine, newest first."""
    with contextlib.suppress(errors.DocumentError):
        yield from map(journals.Journal, _folders())


def is_of(
    journal: journals.Journal, identity: inventories.CloudIdentity
) -> bool:
    """Return whether a run may belong to a project.

    A damaged journal names no project, so its run may belong to any.
    """
    try:
        return _key(journal.run().plan.identity) == _key(identity)
    except errors.DocumentError:
        return True


def _stopped(journal: journals.Journal) -> frozenset[str]:
    try:
        return journal.stopped()
    except errors.DocumentError:
        return frozenset()


def _newest(
    identity: inventories.CloudIdentity, command: str
) -> journals.Journal:
    for folder in _folders():
        journal = journals.Journal(folder)
        try:
            if journal.has_ended or _is_alive(folder.name):
                continue
            if (folder / _GIVEN_UP).exists():
                continue
            plan = journal.run().plan
            if _key(plan.identity) == _key(identity) and (
                plan.command == command
            ):
                return journal
        except (OSError, errors.DocumentError) as exc:
            LOG.warning('Passed over: %s', exc)
    raise errors.UsageError(
        f'There is no unfinished "backup {command}" of project '
        f'{identity.project_name} in {journals.home()}.'
    )


def _is_alive(run: str) -> bool:
    return journals.fate(run) is journals.Fate.ALIVE


def _folders() -> Sequence[pathlib.Path]:
    """Return the folders of all runs, the newest first.

    :raises DocumentError: if they cannot be listed.
    """
    try:
        names = os.listdir(journals.home())
    except FileNotFoundError:
        return ()
    except OSError as exc:
        raise errors.DocumentError(
            f'The journals in {journals.home()} cannot be read: '
            f'{exc.strerror}.'
        ) from exc
    runs = sorted(filter(tags.is_run_id, names), reverse=True)
    folders = [journals.home() / run for run in runs]
    return [folder for folder in folders if not life.is_errand(folder)]


def _key(identity: inventories.CloudIdentity) -> tuple[str, str, str]:
    return (identity.auth_url, identity.region, identity.project_id)

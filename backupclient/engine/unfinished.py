# SPDX-License-Identifier: Apache-2.0
"""Which run is meant: by its ID, or as the newest unfinished one."""

from collections.abc import Iterator, Sequence
import contextlib
import logging
import os
import pathlib

from backupclient import errors
from backupclient.engine import journal as journal_
from backupclient.model import inventory as inventory_
from backupclient.model import layout
from backupclient.model import tags

LOG = logging.getLogger(__name__)


def find(run: str, identity: inventory_.CloudIdentity) -> journal_.Journal:
    """Find the journal of a run that can be resumed.

    :param run: a run's ID, or ``last``: the newest unfinished one of this
        project of this cloud.
    :raises UsageError: there is none.
    :raises DocumentError: its journal is damaged. The newest one goes past
        these.
    """
    if run == 'last':
        return _newest(identity)
    journal = journal_.of(run)
    if not tags.is_run_id(run) or not journal.folder.is_dir():
        known = ', '.join(path.name for path in _folders()[:5]) or 'none'
        raise errors.UsageError(
            f'There is no run "{run}" in {journal_.home()}; the newest are: '
            f'{known}.'
        )
    if journal.has_ended:
        raise errors.UsageError(
            f'Run {run} has come to its end. Start a new one.'
        )
    if _key(journal.run().plan.identity) != _key(identity):
        raise errors.UsageError(
            f'Run {run} belongs to another project or cloud: '
            f'{journal.run().plan.identity.project_name} at '
            f'{journal.run().plan.identity.auth_url}.'
        )
    return journal


def servers_off(identity: inventory_.CloudIdentity) -> list[str]:
    """Say which servers dead runs of this machine have stopped.

    :param identity: only those of its project; and those of a damaged
        journal, which does not tell its own.
    """
    return [
        text
        for journal in _dead()
        if _is_of(journal, identity)
        for text in servers_off_of(journal)
    ]


def servers_off_of(journal: journal_.Journal) -> list[str]:
    """Say which servers a run has stopped and not started yet."""
    return [
        f'Run {journal.folder.name} has stopped server {server_id}, which may '
        'still be off: "openstack backup run --resume '
        f'{journal.folder.name}" starts it, or "openstack server start '
        f'{server_id}".'
        for server_id in sorted(_stopped(journal))
    ]


def sets_left(
    identity: inventory_.CloudIdentity, run: str | None = None
) -> list[str]:
    """Say which backup sets dead runs of this machine have not finished.

    :param identity: only those of its project.
    :param run: only that of this run; None for all.
    """
    return [
        f'Kept: {folder}, the unfinished backup set of run {name}. "openstack '
        f'backup run --resume {name}" finishes it. If you will not resume '
        'that run, delete the folder yourself: it may hold data and keys.'
        for journal in _dead()
        if (name := journal.folder.name) and run in (None, name)
        if (folder := _unfinished_set(journal, identity))
    ]


def _unfinished_set(
    journal: journal_.Journal, identity: inventory_.CloudIdentity
) -> pathlib.Path | None:
    try:
        plan = journal.run().plan
    except errors.DocumentError:
        return None
    if _key(plan.identity) != _key(identity) or not plan.request.target:
        return None
    name = journal.folder.name + layout.PARTIAL
    folder = pathlib.Path(plan.request.target) / name
    return folder if os.path.lexists(folder) else None


def _dead() -> Iterator[journal_.Journal]:
    try:
        folders = _folders()
    except errors.DocumentError:
        return
    for folder in folders:
        journal = journal_.Journal(folder)
        # One that is somebody else's cannot be looked into.
        with contextlib.suppress(OSError):
            if not journal.has_ended and not _is_alive(folder.name):
                yield journal


def _is_of(
    journal: journal_.Journal, identity: inventory_.CloudIdentity
) -> bool:
    try:
        return _key(journal.run().plan.identity) == _key(identity)
    except errors.DocumentError:
        return True


def _stopped(journal: journal_.Journal) -> frozenset[str]:
    try:
        return journal.stopped()
    except errors.DocumentError:
        return frozenset()


def _newest(identity: inventory_.CloudIdentity) -> journal_.Journal:
    for folder in _folders():
        journal = journal_.Journal(folder)
        try:
            if journal.has_ended or _is_alive(folder.name):
                continue
            if _key(journal.run().plan.identity) == _key(identity):
                return journal
        except (OSError, errors.DocumentError) as exc:
            LOG.warning('Passed over: %s', exc)
    raise errors.UsageError(
        f'There is no unfinished run of project {identity.project_name} in '
        f'{journal_.home()}.'
    )


def _is_alive(run: str) -> bool:
    return journal_.fate(run) is journal_.Fate.ALIVE


def _folders() -> Sequence[pathlib.Path]:
    """The folders of all runs, the newest first."""
    try:
        names = os.listdir(journal_.home())
    except FileNotFoundError:
        return ()
    except OSError as exc:
        raise errors.DocumentError(
            f'The journals in {journal_.home()} cannot be read: '
            f'{exc.strerror}.'
        ) from exc
    runs = sorted(filter(tags.is_run_id, names), reverse=True)
    return [journal_.home() / run for run in runs]


def _key(identity: inventory_.CloudIdentity) -> tuple[str, str, str]:
    return (identity.auth_url, identity.region, identity.project_id)

# SPDX-License-Identifier: Apache-2.0
"""Checks before a restore, into a cloud or to files."""

from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import contextlib

from backupclient import errors
from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import results
from backupclient.model import tags
from backupclient.planner import backups
from backupclient.sets import catalogue
from backupclient.sets import check
from backupclient.sets import claims
from backupclient.sets import libraries
from backupclient.store import base
from backupclient.store import targets


def require_target(source: str) -> None:
    """Raise UsageError if the target is the folder of a single set."""
    folder, _, name = source.rstrip('/').rpartition('/')
    if tags.is_run_id(name.removesuffix(layout.PARTIAL)):
        raise errors.UsageError(
            f'{source} is one backup set. Name the folder that it is in: '
            f'--from {folder} --run {name.removesuffix(layout.PARTIAL)}.'
        )


def require_any(chosen: Sequence[backups.Choice]) -> None:
    """Raise UsageError if there is nothing to restore."""
    if not chosen:
        raise errors.UsageError(
            'The chosen run has no resources: there is nothing to bring back. '
            'See with "openstack backup verify" whether it is damaged, or '
            'choose another one with --run.'
        )


def changed(
    library: libraries.Library, runs: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each manifest that does not match its checksum.

    :param runs: the runs whose finished sets are checked.
    """
    for found in (one for one in library.finished if one.run in runs):
        opened = library.open(found)
        if opened.manifest is None:
            continue
        files = catalogue.files(library.store, found)
        if why := check.altered(files, opened.digest):
            yield why


@contextlib.contextmanager
def claimed(
    store: base.Shelf, runs: Iterable[str], command: str
) -> Iterator[None]:
    """Claim the finished sets of some runs while they are read.

    Do nothing for backups in the cloud: the lease of a run protects them.

    :param command: the name of the command that reads the sets.
    :raises Busy: if one of the sets is being deleted.
    """
    if not isinstance(store, base.Store):
        yield
        return
    sets = [
        catalogue.Found(run, catalogue.State.FINISHED, run)
        for run in dict.fromkeys(runs)
    ]
    with claims.reading(store, sets, command):
        yield


@contextlib.contextmanager
def claimed_by(plan: plans.Plan) -> Iterator[None]:
    """Claim the sets that a plan restores from, while the plan is performed.

    :raises Busy: if one of the sets is being deleted.
    """
    if plan.restore is None or not plan.restore.source:
        yield
        return
    runs = [
        item.restore.source.run
        for item in plan.items
        if item.restore is not None
    ]
    store = targets.find(plan.restore.source)
    with claimed(store, runs, plan.command):
        yield


def changed_in(
    source: str, chosen: Sequence[backups.Choice]
) -> tuple[str, ...]:
    """Return a sentence for each chosen manifest not matching its checksum.

    :param source: the target, ``''`` for backups in the cloud.
    """
    if not source:
        return ()
    library = libraries.Library(targets.find(source))
    return tuple(changed(library, {one.run for one in chosen}))


def require_identities(
    plan: plans.Plan,
    outcomes: Mapping[int, results.Outcome],
    *,
    given: bool,
) -> None:
    """Raise UsageError if the rest of a restore needs a private key.

    :param outcomes: the outcomes so far, by item number; their items are done.
    :param given: True if the user named a private key.
    """
    for number, item in enumerate(plan.items):
        if given or item.restore is None or number in outcomes:
            continue
        source = item.restore.source
        for record in (source.file, source.key):
            if record is not None and record.path.endswith('.age'):
                raise errors.UsageError(
                    f'{item.resource.label} needs {record.path}, which is '
                    'encrypted. Name the private key that opens it with '
                    '--identity.'
                )

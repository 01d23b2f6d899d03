# SPDX-License-Identifier: Apache-2.0
"""Find backups in the cloud by the journals of this machine.

This serves for runs that could not store their manifest in the cloud.
"""

from collections.abc import Collection, Iterator
import contextlib
import datetime
import logging

from backupclient import errors
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.sets import build

LOG = logging.getLogger(__name__)


def of_project(
    identity: inventories.CloudIdentity, known: Collection[str] = ()
) -> Iterator[manifests.Manifest]:
    """Yield the manifests of the ended runs of a project, the newest first.

    Damaged journals are skipped.

    :param known: the IDs of runs to leave out.
    """
    for journal in unfinished.all_journals():
        if journal.folder.name in known:
            continue
        with contextlib.suppress(OSError):
            try:
                found = _manifest(journal, identity)
            except errors.DocumentError as exc:
                LOG.warning('Passed over: %s', exc)
                continue
            if found is not None:
                yield found


def unfinished_of(
    identity: inventories.CloudIdentity,
) -> Iterator[journals.Run]:
    """Yield the unfinished runs of a project, the newest first.

    Runs with a target are left out: the target has their unfinished set.
    """
    for journal in unfinished.all_journals():
        with contextlib.suppress(OSError, errors.DocumentError):
            if journal.has_ended or not unfinished.is_of(journal, identity):
                continue
            plan = journal.run().plan
            if plan.command == 'run' and not plan.request.target:
                yield journal.run()


def _manifest(
    journal: journals.Journal, identity: inventories.CloudIdentity
) -> manifests.Manifest | None:
    if not journal.has_ended or not unfinished.is_of(journal, identity):
        return None
    run = journal.run()
    if run.plan.restore is not None:
        return None
    began = datetime.datetime.fromisoformat(run.started_at)
    outcomes = journal.outcomes().values()
    return build.for_cloud(
        build.manifest(run.plan, run.run, outcomes, began, began)
    )

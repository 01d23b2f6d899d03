# SPDX-License-Identifier: Apache-2.0
"""The backups that runs of this machine left in the cloud, by their journals.

A run without a target has no set, so its journal says what there is.
"""

from collections.abc import Iterator
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
    identity: inventories.CloudIdentity,
) -> Iterator[manifests.Manifest]:
    """Give what the ended runs of a project have made, the newest first.

    A journal that is damaged is passed over.
    """
    for journal in unfinished.all_journals():
        with contextlib.suppress(OSError):
            try:
                found = _manifest(journal, identity)
            except errors.DocumentError as exc:
                LOG.warning('Passed over: %s', exc)
                continue
            if found is not None:
                yield found


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
    return build.manifest(run.plan, run.run, outcomes, began, began)

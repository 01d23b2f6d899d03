# SPDX-License-Identifier: Apache-2.0
"""Delete the journals of runs whose backups were deleted."""

from collections.abc import Collection, Iterator
import shutil

from backupclient import errors
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import inventories


def remove(
    oldest_kept: str, target: str, projects: Collection[inventories.Project]
) -> Iterator[str]:
    """Delete the journals of ended runs that are older than a kept run.

    :param oldest_kept: the ID of the oldest run whose backups are kept.
    :param target: the pruned target, ``''`` for the cloud.
    :param projects: the projects whose backups were pruned.
    :returns: a sentence for each journal that cannot be deleted.
    """
    for journal in unfinished.all_journals():
        if journal.folder.name >= oldest_kept:
            continue
        try:
            if _goes(journal, target, projects):
                with journal.locked():
                    shutil.rmtree(journal.folder)
        except (errors.DocumentError, errors.Busy):
            # The journal is damaged or in use: cleanup and resume report that.
            continue
        except (OSError, errors.TargetError) as exc:
            yield (
                f'The journal {journal.folder} cannot be deleted: '
                f'{errors.root(exc)}.'
            )


def _goes(
    journal: journals.Journal,
    target: str,
    projects: Collection[inventories.Project],
) -> bool:
    if not journal.has_ended:
        return False
    plan = journal.run().plan
    place = plan.request.target
    if plan.restore is not None:
        place = plan.restore.source
    return place == target and plan.identity.project in projects

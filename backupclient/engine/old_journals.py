# SPDX-License-Identifier: Apache-2.0
"""Deleting the journals of runs whose backups are gone."""

from collections.abc import Collection, Iterator
import shutil

from backupclient import errors
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import inventories


def remove(
    oldest_kept: str, target: str, projects: Collection[inventories.Project]
) -> Iterator[str]:
    """Delete the journals of ended runs that are older than what is kept.

    :param oldest_kept: the ID of a run.
    :param target: whose backups were pruned, ``''`` for the cloud.
    :param projects: whose backups were pruned.
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
            # Damaged, or in use after all: cleanup and resume tell of it.
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

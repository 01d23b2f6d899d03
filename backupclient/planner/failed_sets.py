# SPDX-License-Identifier: Apache-2.0
"""Deciding what ``prune`` does with sets without a complete backup. Pure.

The rules do not count them, because they are not backups. Such a set is
deleted when a backup from a newer run of its project is kept. Until then it
may show why there is no backup.
"""

from collections.abc import Iterable, Iterator
import dataclasses
import datetime

from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import prunings
from backupclient.model import stamps
from backupclient.model import tags
from backupclient.planner import backed_up
from backupclient.planner import pruning

NONE_NEWER = 'Nothing in it is complete, but no backup of a newer run is kept.'


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """A set in which nothing is complete.

    :param manifest: None if it cannot be used.
    :param problem: why the manifest cannot be used, in a sentence.
    :param size: the size of the set's files, in bytes.
    :param held: why the set must stay, in a sentence, for example because the
        run can be resumed; ``''`` for no such reason.
    """

    run: str
    manifest: manifests.Manifest | None
    problem: str = ''
    size: int = 0
    held: str = ''


def rows(
    failed: Iterable[Failed],
    place: str,
    newest_kept: dict[inventories.Project, str],
    wanted: pruning.Wanted,
    *,
    everything: bool,
) -> Iterator[prunings.Row]:
    """Yield a row for each of these sets.

    :param place: the place of the sets, for the rows.
    :param newest_kept: the newest run with a kept backup, by project.
    :param wanted: the selected resources.
    :param everything: all resources of the projects are selected.
    """
    projects = {project for project, _ in wanted}
    for one in failed:
        keep = one.held
        if one.manifest is None:
            keep = one.problem
        else:
            project = one.manifest.identity.project
            keys = {
                (project, backed_up.key(entry.resource))
                for entry in one.manifest.items
            }
            is_wanted = (
                project in projects
                if everything
                else bool(keys) and keys <= wanted
            )
            newer = newest_kept.get(project, '')
            if not is_wanted:
                keep = pruning.NOT_SELECTED
            elif not newer > one.run:
                keep = keep or NONE_NEWER
        yield _row(one, place, keep, newest_kept)


def _row(
    one: Failed,
    place: str,
    keep: str,
    newest_kept: dict[inventories.Project, str],
) -> prunings.Row:
    at = one.manifest and stamps.read(one.manifest.created_at)
    action, reasons = prunings.Action.KEEP, [keep]
    if one.manifest is None:
        reasons.append(pruning.UNUSABLE)
    elif not keep:
        newer = newest_kept[one.manifest.identity.project]
        action = prunings.Action.DELETE
        reasons = [
            'Nothing in it is complete, and a backup of the newer run '
            f'{newer} is kept.'
        ]
    return prunings.Row(
        run=one.run,
        captured=_text(at or tags.started(one.run)),
        kind=prunings.SET,
        name='',
        id=one.run,
        place=place,
        size=one.size,
        action=action,
        reasons=tuple(reasons),
    )


def _text(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).isoformat(timespec='seconds')

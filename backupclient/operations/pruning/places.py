# SPDX-License-Identifier: Apache-2.0
"""What all places of backups have in common for ``prune``."""

from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import datetime
from typing import Protocol

from backupclient import clocks
from backupclient.engine import old_journals
from backupclient.model import events
from backupclient.model import inventories
from backupclient.model import prunings
from backupclient.model import requests
from backupclient.planner import prunable
from backupclient.planner import retention
from backupclient.sets import libraries


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What a user asked for.

    :param request: only its selection is used.
    :param login: of which project the user's backups are.
    """

    rules: retention.Rules
    request: requests.Request = dataclasses.field(
        default_factory=requests.Request
    )
    login: prunable.Login = dataclasses.field(default_factory=prunable.Login)


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What is kept and deleted in a place.

    :param rows: the newest run first.
    :param place: for people.
    :param projects: by run, whose it is.
    :param digests: by run, the sha512 of the manifest that was read.
    :param notices: sentences on what the rows do not say.
    :param left: what earlier deletions have left that were interrupted; it is
        finished with the next deletion.
    """

    rows: tuple[prunings.Row, ...]
    place: str
    projects: Mapping[str, inventories.CloudIdentity] = dataclasses.field(
        default_factory=dict
    )
    digests: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notices: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def going(self) -> tuple[prunings.Row, ...]:
        """The rows of what is to be deleted."""
        return tuple(row for row in self.rows if row.goes)

    @property
    def project_names(self) -> tuple[str, ...]:
        """The names and IDs of the projects of what is to be deleted."""
        found = (self.projects[row.run] for row in self.going)
        return tuple(
            dict.fromkeys(
                f'{one.project_name} ({one.project_id})' for one in found
            )
        )

    def limited(self, agreed: 'Decision') -> 'Decision':
        """Leave to be deleted only what was in an earlier decision too.

        :param agreed: what a person has seen.
        """
        seen = {
            (row, agreed.digests.get(row.run))
            for row in agreed.rows
            if row.goes
        }
        return dataclasses.replace(
            self,
            rows=tuple(
                _later(row)
                if row.goes and (row, self.digests.get(row.run)) not in seen
                else row
                for row in self.rows
            ),
        )


def _later(row: prunings.Row) -> prunings.Row:
    return dataclasses.replace(
        row,
        action=prunings.Action.KEEP,
        reasons=('It was not in the list: call the command again.',),
    )


class Place(Protocol):
    """Where backups are: a target, or the cloud.

    :param clock: that a request to stop reaches.
    """

    clock: clocks.SystemClock

    def decide(self) -> Decision:
        """Read what there is now, and apply the rules.

        :raises BackupError: a list would not be complete, so nothing is
            decided.
        """

    def would_free(self, decision: Decision) -> str:
        """Say how much room is free when all that goes is gone.

        :returns: a sentence, ``''`` where the sizes of the rows tell.
        """

    def delete(
        self,
        decision: Decision,
        reporter: events.Reporter,
    ) -> Decision:
        """Delete what goes. One that cannot be deleted stops no other.

        :param decision: a fresh one.
        :returns: with what became of each. What still goes was not reached
            before a request to stop.
        """


def projects_of(
    library: libraries.Library,
) -> dict[str, inventories.CloudIdentity]:
    """Return the project of each run."""
    return {
        one.run: manifest.identity
        for one in library.closed
        if (manifest := library.open(one).manifest)
    }


def digests_of(library: libraries.Library) -> dict[str, str]:
    """Return the digests of the manifests that were read."""
    return {one.run: library.open(one).digest for one in library.closed}


def ended(
    rows: Iterable[prunings.Row],
    run: str,
    action: prunings.Action,
    reason: str = '',
) -> tuple[prunings.Row, ...]:
    """Note what became of a run of which all goes.

    :param rows: of all runs; those of others are as before.
    :param reason: replaces the reasons.
    """
    return tuple(
        dataclasses.replace(
            row, action=action, reasons=(reason,) if reason else ()
        )
        if row.run == run and row.goes
        else row
        for row in rows
    )


def forget_journals(
    projects: Mapping[str, inventories.CloudIdentity],
    rows: Iterable[prunings.Row],
    target: str,
) -> Iterator[str]:
    """Delete the journals of runs that are older than what is kept.

    :param projects: by run. Those of which nothing was deleted are left.
    :param target: that was pruned, ``''`` for the cloud.
    :returns: a sentence for each journal that cannot be deleted.
    """
    kept: dict[inventories.Project, str] = {}
    pruned = set()
    for row in rows:
        if row.run not in projects:
            continue
        project = projects[row.run].project
        if row.action is prunings.Action.DELETED:
            pruned.add(project)
        else:
            kept[project] = min(row.run, kept.get(project, row.run))
    for project in pruned & kept.keys():
        yield from old_journals.remove(kept[project], target, {project})


def utc_now() -> datetime.datetime:
    """Return the time by the clock of this machine."""
    return datetime.datetime.now(datetime.UTC)

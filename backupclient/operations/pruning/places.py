# SPDX-License-Identifier: Apache-2.0
"""The parts of ``prune`` that targets and the cloud share."""

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
    """The settings of a user.

    :param rules: the rules that decide which backups are kept.
    :param request: only its selection is used.
    :param login: the user's project, for targets that projects share.
    """

    rules: retention.Rules
    request: requests.Request = dataclasses.field(
        default_factory=requests.Request
    )
    login: prunable.Login = dataclasses.field(default_factory=prunable.Login)


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """Which backups are kept and deleted in a place.

    :param rows: one for each backup, the newest run first.
    :param place: the name of the place, for messages.
    :param projects: the project of each run.
    :param digests: the sha512 of each run's manifest as it was read.
    :param notices: sentences about problems that have no row.
    :param left: the sets whose deletion was interrupted. The next deletion
        finishes them.
    :param login: why the login has ended, ``''`` if it has not.
    """

    rows: tuple[prunings.Row, ...]
    place: str
    projects: Mapping[str, inventories.CloudIdentity] = dataclasses.field(
        default_factory=dict
    )
    digests: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notices: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    login: str = ''

    @property
    def going(self) -> tuple[prunings.Row, ...]:
        """The rows of the backups to delete."""
        return tuple(row for row in self.rows if row.goes)

    @property
    def project_names(self) -> tuple[str, ...]:
        """The names and IDs of the projects of the backups to delete."""
        found = (self.projects[row.run] for row in self.going)
        return tuple(
            dict.fromkeys(
                f'{one.project_name} ({one.project_id})' for one in found
            )
        )

    def limited(self, agreed: 'Decision') -> 'Decision':
        """Keep every backup that an earlier decision did not delete.

        :param agreed: the decision that a person has confirmed.
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
    """A place with backups: a target, or the cloud.

    :param clock: the clock that passes on requests to stop.
    """

    clock: clocks.SystemClock

    def decide(self) -> Decision:
        """Read the backups, and apply the rules.

        :raises BackupError: if a list would be incomplete.
        """

    def would_free(self, decision: Decision) -> str:
        """Return how much space the deletion will free.

        Call :meth:`decide` first.

        :returns: a sentence; ``''`` if it is the sum of the rows' sizes.
        """

    def delete(
        self,
        decision: Decision,
        reporter: events.Reporter,
    ) -> Decision:
        """Delete the selected backups; a failure does not stop the others.

        :param decision: a decision of the last :meth:`decide`.
        :returns: the decision with the action that was taken in each row.
            ``delete`` means that a request to stop came first.
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
    """Return the sha512 of each run's manifest, ``''`` if unusable."""
    return {one.run: library.open(one).digest for one in library.closed}


def ended(
    rows: Iterable[prunings.Row],
    run: str,
    action: prunings.Action,
    reason: str = '',
) -> tuple[prunings.Row, ...]:
    """Return the rows with a new action for all rows of a run to be deleted.

    :param rows: the rows of all runs; other rows stay as they are.
    :param reason: replaces the reasons; ``''`` for none.
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
    """Delete the journals of runs that are older than the oldest kept run.

    :param projects: the project of each run. Journals of a project stay if
        none of its backups was deleted, or none is kept.
    :param target: the pruned target, ``''`` for the cloud.
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
    """Return the time of this machine's clock in UTC."""
    return datetime.datetime.now(datetime.UTC)

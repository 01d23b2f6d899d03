# SPDX-License-Identifier: Apache-2.0
"""The backups that a restore can choose from: in a target, or in the cloud."""

import dataclasses

from backupclient import errors
from backupclient.model import manifests
from backupclient.model import restores
from backupclient.operations import cloud_place
from backupclient.operations import readable
from backupclient.operations import sessions
from backupclient.planner import backups
from backupclient.sets import libraries
from backupclient.store import place
from backupclient.store import targets


@dataclasses.dataclass(frozen=True, slots=True)
class Choosable:
    """The backups that a restore can choose from.

    :param manifests: the manifests of one project, the newest first.
    :param unread: a sentence for each unreadable manifest, since it may list a
        newer backup than the chosen ones.
    :param damaged: returns whether a verification found a backup damaged.
    """

    manifests: tuple[manifests.Manifest, ...]
    unread: tuple[str, ...]
    damaged: backups.Damaged


def read(session: sessions.Session, request: restores.Request) -> Choosable:
    """Read the manifests of one project, from a target or from the cloud.

    :raises UsageError: if there is no backup, or the set of the named run
        cannot be read.
    :raises TargetError: if the target cannot be read.
    """
    if not request.source:
        return _in_cloud(session, request)
    readable.require_target(request.source)
    library = libraries.Library(targets.find(request.source))
    opened = [library.open(each) for each in library.finished]
    found = tuple(one.manifest for one in opened if one.manifest is not None)
    unread = tuple(one.problem for one in opened if one.problem)
    if not found:
        why = ' '.join(unread or (place.OF_BACKUPS,))
        raise errors.UsageError(
            f'There is no backup in {request.source}. {why}'
        )
    for one in opened:
        if one.problem and one.found.run == request.run:
            raise errors.UsageError(one.problem)
    here = session.cloud.identity.project
    own = tuple(one for one in found if one.identity.project == here)
    # Projects can share a target: prefer that of the login, unless a run
    # is named.
    mine = own if own and not request.run else found
    return Choosable(
        backups.of_project(mine, request.run), unread, library.found_damaged
    )


def _in_cloud(
    session: sessions.Session, request: restores.Request
) -> Choosable:
    """Read the manifests of the backups that stay in the cloud."""
    library, troubles = cloud_place.what_is_known(session.cloud)
    opened = [library.open(each) for each in library.finished]
    found = tuple(one.manifest for one in opened if one.manifest is not None)
    unread = (*troubles, *(one.problem for one in opened if one.problem))
    if not found:
        why = (
            'No run has left backups of this project in the cloud. Name the '
            'target of backup sets with --from.'
        )
        raise errors.UsageError(' '.join((why, *unread)))
    return Choosable(
        backups.of_project(found, request.run), unread, library.found_damaged
    )

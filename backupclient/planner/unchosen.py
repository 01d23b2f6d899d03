# SPDX-License-Identifier: Apache-2.0
"""What a choice of backups leaves out, and what comes only with a server."""

from collections.abc import Iterable
import datetime

from backupclient.model import manifests
from backupclient.model import requests
from backupclient.planner import backed_up
from backupclient.planner import backups


def only_brought(
    known: Iterable[manifests.Manifest],
    request: requests.Request,
    run: str = '',
    at: datetime.datetime | None = None,
) -> dict[backed_up.Key, frozenset[backed_up.Key]]:
    """Return the resources that a request selects only with a server.

    The parameters are those of :func:`backups.choose`.

    :returns: the servers that bring each one.
    """
    every = backups.until(backups.newest_first(known), run, at)
    return backed_up.only_brought(backed_up.history(every), request)


def run_of_all(
    known: Iterable[manifests.Manifest],
    run: str = '',
    at: datetime.datetime | None = None,
) -> str:
    """Return the run whose resources ``--all`` means.

    The parameters are those of :func:`backups.choose`.
    """
    return backups.until(backups.newest_first(known), run, at)[0].run


def left_out(
    known: Iterable[manifests.Manifest],
    request: requests.Request,
    chosen: Iterable[backups.Choice],
) -> int:
    """Return how many resources only other runs have.

    :param chosen: the result of :func:`backups.choose` for a request that
        selects all resources of one run; for another request, nothing is left
        out.
    """
    if request.selects and not request.everything:
        return 0
    past = backed_up.history(backups.newest_first(known))
    there = {backed_up.key(one.entry.resource) for one in chosen}
    return sum(
        backed_up.is_complete(past[one].entry)
        for one in backed_up.selected(past, request)
        if one not in there
    )

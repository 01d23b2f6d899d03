# SPDX-License-Identifier: Apache-2.0
"""The consistency of a planned copy: it depends on stopped servers."""

from backupclient.model import plans
from backupclient.model import resources
from backupclient.planner.backup import rule
from backupclient.planner.backup import server_states as states


def of_server(case: rule.Case, server: resources.Server) -> plans.Consistency:
    """Return the consistency of a copy of one server's disks."""
    if server.status in plans.AT_REST or _is_stopped(case, server):
        return plans.Consistency.STOPPED
    return plans.Consistency.CRASH


def of_attached(case: rule.Case) -> plans.Consistency:
    """Return the consistency of a copy of an attached volume.

    It is STOPPED only if all servers of the volume are stopped.
    """
    each = {of_server(case, server) for server in _holders(case)}
    if each == {plans.Consistency.STOPPED}:
        return plans.Consistency.STOPPED
    return plans.Consistency.CRASH


def stops(case: rule.Case, consistency: plans.Consistency) -> tuple[str, ...]:
    """Return the IDs of the servers that are stopped for a capture.

    :param consistency: the copy's. If it is not STOPPED, no server is
        stopped: that would not make the copy better.
    """
    if consistency is not plans.Consistency.STOPPED:
        return ()
    return tuple(
        one.id for one in _holders(case) if one.status not in plans.AT_REST
    )


def notes(case: rule.Case) -> tuple[str, ...]:
    """Return why ``--stop-servers`` does not stop a server of a volume.

    For selected servers, the reason is in their own rows of the plan.
    """
    if not case.index.request.stop_servers:
        return ()
    return tuple(
        f'Its {server.resource.label}: {why}'
        for server in _holders(case)
        if server.resource not in case.selected
        and (why := _not_stopped(case, server))
    )


def _holders(case: rule.Case) -> tuple[resources.Server, ...]:
    """Return the servers that can write to the captured disk."""
    if case.resource.kind is resources.Kind.SERVER:
        return (case.index.servers[case.resource.id],)
    return case.index.servers_of.get(case.resource.id, ())


def _is_stopped(case: rule.Case, server: resources.Server) -> bool:
    """Return True if the run stops a running server for a case.

    Only the server that the case is captured with is stopped, and servers
    that are selected themselves. Sharing a volume with a selected server is
    no reason to stop a server that nobody named.
    """
    return (
        case.index.request.stop_servers
        and (server.id == case.group or server.resource in case.selected)
        and not states.not_stopped(case.index, server)
    )


def _not_stopped(case: rule.Case, server: resources.Server) -> str:
    if server.status in plans.AT_REST or server.id == case.group:
        return states.not_stopped(case.index, server)
    return 'It is not part of this plan, so --stop-servers does not stop it.'

# SPDX-License-Identifier: Apache-2.0
"""What a copy will be worth: whether its servers are stopped by then."""

from backupclient.model import plan
from backupclient.model import resources
from backupclient.planner import rule


def of_server(case: rule.Case, server: resources.Server) -> plan.Consistency:
    """Tell it for the disks of one server.

    Only the server that a case is captured with is ever stopped for it.
    """
    stopped = server.status in plan.AT_REST or (
        server.status == 'ACTIVE'
        and server.id == case.group
        and case.project.request.stop_servers
    )
    return plan.Consistency.STOPPED if stopped else plan.Consistency.CRASH


def of_attached(case: rule.Case) -> plan.Consistency:
    """Tell it for an attached volume: all its servers have to be stopped."""
    holders = case.project.servers_of.get(case.resource.id, ())
    each = {of_server(case, server) for server in holders}
    if each == {plan.Consistency.STOPPED}:
        return plan.Consistency.STOPPED
    return plan.Consistency.CRASH

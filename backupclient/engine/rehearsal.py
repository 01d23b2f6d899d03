# SPDX-License-Identifier: Apache-2.0
"""The order of the flows of a run with ``--parallel 1``."""

from collections.abc import Iterator

from backupclient.engine import messages
from backupclient.engine import schedules
from backupclient.model import graphs

_NEWS = {
    messages.Act.CLAIM: messages.News.CLAIMED,
    messages.Act.DO: messages.News.DONE,
}


def rehearse(graph: graphs.Graph) -> Iterator[graphs.Flow]:
    """Yield the flows of a graph in the order of a run without failures."""
    schedule = schedules.Schedule(graph, 1, {})
    actions = schedule.begin()
    while actions:
        action = actions.pop(0)
        if action.flow is not None:
            yield action.flow
        if action.act in _NEWS:
            event = messages.Event(_NEWS[action.act], action.group)
            actions += schedule.hear(event)

# SPDX-License-Identifier: Apache-2.0
"""Refusing servers without one of their disks, and disks without a server."""

from collections.abc import Collection, Iterable, Mapping
import dataclasses
from types import MappingProxyType

from backupclient.model import plans
from backupclient.model import tasks
from backupclient.planner import backed_up
from backupclient.planner.backup import rule

Brought = Mapping[backed_up.Key, Collection[backed_up.Key]]
"""Resources that are selected only with servers, and these servers."""


def refused(
    items: Iterable[plans.Item], brought: Brought = MappingProxyType({})
) -> list[plans.Item]:
    """Refuse each item that needs a resource which the plan does not make.

    If a server is refused, the resources that are selected only with it are
    refused, too: they would be left over, and made once more by the next try.

    To be called last, when every other refusal is known.

    :returns: all items, in their order.
    """
    planned = list(items)
    made = {item.resource.id: item for item in planned}
    planned = [_unless(item, made) for item in planned]
    made = {item.resource.id: item for item in planned}
    return [
        _with_servers(item, made, brought.get(backed_up.key(item.resource)))
        for item in planned
    ]


def _with_servers(
    item: plans.Item,
    made: Mapping[str, plans.Item],
    bringing: Collection[backed_up.Key] | None,
) -> plans.Item:
    """Refuse an item if every server that brings it is refused."""
    servers = [made[one.id] for one in bringing or () if one.id in made]
    if not item.restore or not servers or any(map(_comes, servers)):
        return item
    labels = ' and '.join(sorted(one.resource.label for one in servers))
    return dataclasses.replace(
        rule.refusal(
            item,
            f'It was selected with {labels}, which cannot be restored. Name '
            f'it with --{item.resource.kind} to restore it alone.',
        ),
        notes=item.notes,
        warnings=item.warnings,
    )


def _comes(server: plans.Item) -> bool:
    """Return whether a server will be there."""
    return bool(server.restore) or isinstance(server.task, tasks.Present)


def _unless(item: plans.Item, made: Mapping[str, plans.Item]) -> plans.Item:
    needs = item.restore.needs if item.restore else ()
    lacks = [why for id_ in needs if (why := _lack(made.get(id_), id_))]
    if not lacks:
        return item
    reason = f'{" ".join(lacks)} --without-servers restores the rest.'
    return dataclasses.replace(
        rule.refusal(item, reason), notes=item.notes, warnings=item.warnings
    )


def _lack(needed: plans.Item | None, id_: str) -> str:
    if needed is None:
        return f'It needs {id_}, which this restore does not include.'
    if needed.restore:
        return ''
    label = needed.resource.label
    if isinstance(needed.task, tasks.Present):
        return (
            f'It needs {label}, which exists already ({needed.task.id}). '
            'Nothing that exists is attached to a new server. Leave out '
            '--skip-existing to restore it once more.'
        )
    return f'It needs {label}, which cannot be restored.'

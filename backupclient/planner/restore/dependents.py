# SPDX-License-Identifier: Apache-2.0
"""Refusing servers if one of their disks is not restored."""

from collections.abc import Iterable, Mapping
import dataclasses

from backupclient.model import plans
from backupclient.model import tasks
from backupclient.planner.backup import rule


def refused(items: Iterable[plans.Item]) -> list[plans.Item]:
    """Refuse each item that needs a resource which the plan does not make.

    To be called last, when every other refusal is known.

    :returns: all items, in their order.
    """
    planned = list(items)
    made = {item.resource.id: item for item in planned}
    return [_unless(item, made) for item in planned]


def _unless(item: plans.Item, made: Mapping[str, plans.Item]) -> plans.Item:
    needs = item.restore.needs if item.restore else ()
    lacks = [why for id_ in needs if (why := _lack(made.get(id_), id_))]
    if not lacks:
        return item
    reason = (
        f'{" ".join(lacks)} Or leave the servers out with --without-servers.'
    )
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

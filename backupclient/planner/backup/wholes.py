# SPDX-License-Identifier: Apache-2.0
"""Refusing resources whose data are in others that cannot be backed up."""

from collections.abc import Iterable, Sequence
import dataclasses

from backupclient.model import plans
from backupclient.model import resources
from backupclient.planner.backup import rule


def of_their_parts(items: Iterable[plans.Item]) -> list[plans.Item]:
    """Refuse each item of which a part cannot be backed up.

    To be called last, when every other refusal is known.

    :returns: all items, in their order.
    """
    planned = list(items)
    refused = {
        item.resource.id: item.resource
        for item in planned
        if not item.possible
    }
    return [
        _unless(item, [refused[id_] for id_ in item.parts if id_ in refused])
        for item in planned
    ]


def _unless(
    item: plans.Item, refused: Sequence[resources.Resource]
) -> plans.Item:
    if not refused:
        return item
    labels = ', '.join(one.label for one in refused)
    reason = f'{item.reason} Cannot be backed up: {labels}.'
    return dataclasses.replace(rule.refusal(item, reason), notes=item.notes)

# SPDX-License-Identifier: Apache-2.0
"""The protocol for planning the backup of one kind of resources."""

from collections.abc import Iterable
import dataclasses
from typing import Protocol

from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tasks
from backupclient.planner.backup import indexes


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A selected resource, and the facts that its rule needs.

    :param group: as in ``plans.Item``.
    :param selected: all resources that the request selects.
    """

    index: indexes.Index
    resource: resources.Resource
    group: str
    selected: frozenset[resources.Resource]


class Rule(Protocol):
    """The planning of one kind of resources. Modules implement it.

    ``NEEDS_TARGET``: the kind can be backed up to files only.
    """

    KIND: resources.Kind
    NEEDS_TARGET: bool

    def named(self, request: requests.Request) -> tuple[str, ...]:
        """Return the names and IDs by which the user selected this kind."""

    def known(
        self, inventory: inventories.Inventory
    ) -> Iterable[resources.Resource]:
        """Return all resources that a name may mean."""

    def of_tenant(self, index: indexes.Index) -> Iterable[resources.Resource]:
        """Return the resources that ``--all`` selects."""

    def item(self, case: Case) -> plans.Item:
        """Return the item: its procedure, or the reason why it has none."""


def unless(obstacle: str, item: plans.Item) -> plans.Item:
    """Return the item, or its refusal if there is an obstacle.

    :param obstacle: the reason in a sentence, ``''`` for no obstacle.
    """
    return refusal(item, obstacle) if obstacle else item


def refusal(item: plans.Item, reason: str) -> plans.Item:
    """Return the item without a procedure, and with the reason for that."""
    return dataclasses.replace(
        item,
        task=tasks.Nothing(),
        reason=reason,
        consistency=plans.Consistency.NONE,
        result='',
        notes=(),
        warnings=(),
    )


def without_data(
    item: plans.Item,
    reason: str,
    covered_by: str,
    parts: Iterable[str] = (),
) -> plans.Item:
    """Return the item of a resource whose data are in other resources.

    :param covered_by: the other resources, in words.
    :param parts: the IDs of the other resources.
    """
    return dataclasses.replace(
        refusal(item, reason), task=tasks.Covered(covered_by, tuple(parts))
    )


def with_fallback(item: plans.Item, other: plans.Item) -> plans.Item:
    """Return the item with a fallback for when no backup service answers.

    A tenant cannot find out in advance whether a backup service is running.

    :param other: the fallback. If it is not possible, the item gets a note
        with the reason instead.
    """
    task = item.task
    if not isinstance(task, plans.VolumeBackup):
        return item
    fallback = other if other.possible else None
    item = dataclasses.replace(
        item, task=dataclasses.replace(task, fallback=fallback)
    )
    if fallback:
        return item
    note = (
        f'There is no other way if no backup service answers: {other.reason}'
    )
    return dataclasses.replace(item, notes=(*item.notes, note))

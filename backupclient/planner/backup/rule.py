# SPDX-License-Identifier: Apache-2.0
"""What a kind of resources has to tell so that it can be planned."""

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
    """A selected resource, with what its rule may look at.

    :param group: as in ``plans.Item``.
    :param selected: everything that the request selects.
    """

    index: indexes.Index
    resource: resources.Resource
    group: str
    selected: frozenset[resources.Resource]


class Rule(Protocol):
    """A kind of resources; each module that implements it is one kind.

    ``NEEDS_TARGET``: the kind can be backed up to files only.
    """

    KIND: resources.Kind
    NEEDS_TARGET: bool

    def named(self, request: requests.Request) -> tuple[str, ...]:
        """Give what the user typed to select resources of this kind."""

    def known(
        self, inventory: inventories.Inventory
    ) -> Iterable[resources.Resource]:
        """Give everything that a name may mean."""

    def of_tenant(self, index: indexes.Index) -> Iterable[resources.Resource]:
        """Give what ``--all`` means."""

    def item(self, case: Case) -> plans.Item:
        """Choose the procedure, or say why there is none."""


def unless(obstacle: str, item: plans.Item) -> plans.Item:
    """Give the item, or in its place the one that says what is in the way.

    :param obstacle: in a sentence, ``''`` when there is none.
    """
    return refusal(item, obstacle) if obstacle else item


def refusal(item: plans.Item, reason: str) -> plans.Item:
    """Give the item that says why there is no procedure."""
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
    """Give the item of a resource that has no data of its own.

    :param covered_by: what holds the data, in words.
    :param parts: the IDs of the resources that hold them.
    """
    return dataclasses.replace(
        refusal(item, reason), task=tasks.Covered(covered_by, tuple(parts))
    )


def with_fallback(item: plans.Item, other: plans.Item) -> plans.Item:
    """Give the item with what to do if no backup service answers.

    No cloud tells a tenant beforehand whether one runs.

    :param other: if it is not possible either, the item says why.
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

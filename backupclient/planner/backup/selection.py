# SPDX-License-Identifier: Apache-2.0
"""Which resources a request means, in the order of the plan.

The selectors add up, and ``--exclude`` wins over all of them. An excluded
server brings no volumes, so these stay only when something else selects them,
and it is never stopped.
"""

from collections.abc import Iterator, Sequence
import dataclasses

from backupclient import errors
from backupclient.model import resources
from backupclient.planner import naming
from backupclient.planner.backup import indexes
from backupclient.planner.backup import matching
from backupclient.planner.backup import rule
from backupclient.planner.backup import unread


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """What a request means.

    :param waiting: what ``--all`` would mean too if there were a target.
    """

    cases: tuple[rule.Case, ...]
    waiting: frozenset[resources.Resource]


def select(index: indexes.Index, rules: Sequence[rule.Rule]) -> Selection:
    """Find what the request selects, each resource once.

    :param rules: of all kinds, in the order of the plan.
    :raises UsageError: when a name fits nothing or more than one, when
        ``--match`` fits nothing, and for a named resource that needs a target.
    :raises CloudError: what a name could mean was not read.
    """
    known = [
        resource for each in rules for resource in each.known(index.inventory)
    ]
    excluded = set(_all_excluded(index, known))
    said = _named(index, rules, known) | matching.matched(index)
    said -= excluded
    own = _everything(index, rules) - excluded
    waiting = _waiting(index, rules, own)
    selected = said | (_brought(index, said) - excluded) | (own - waiting)
    return Selection(
        _cases(index, rules, frozenset(selected), frozenset(excluded)),
        frozenset(waiting),
    )


def _all_excluded(
    index: indexes.Index, known: list[resources.Resource]
) -> Iterator[resources.Resource]:
    """Find what is excluded; of a kind that was not read there is nothing."""
    for text in index.request.exclude:
        if text.partition('/')[0] not in index.inventory.unread:
            yield _excluded(index, text, known)


def _excluded(
    index: indexes.Index, text: str, known: list[resources.Resource]
) -> resources.Resource:
    kind, _, name = text.partition('/')
    if kind not in list(resources.Kind) or not name:
        raise errors.UsageError(
            f'--exclude wants KIND/NAME-OR-ID, not "{text}". '
            f'The kinds are: {", ".join(resources.Kind)}.'
        )
    return naming.find(resources.Kind(kind), name, known, index.details)


def _named(
    index: indexes.Index,
    rules: Sequence[rule.Rule],
    known: list[resources.Resource],
) -> set[resources.Resource]:
    found = set()
    for each in rules:
        for text in each.named(index.request):
            unread.require_read(index.inventory, each.KIND)
            resource = naming.find(each.KIND, text, known, index.details)
            if each.NEEDS_TARGET and not index.request.target:
                raise errors.UsageError(
                    f'The {resource.label} is already in the cloud, and can '
                    'only be backed up to files: say where with --to.'
                )
            found.add(resource)
    return found


def _everything(
    index: indexes.Index, rules: Sequence[rule.Rule]
) -> set[resources.Resource]:
    if not index.request.everything:
        return set()
    return {one for each in rules for one in each.of_tenant(index)}


def _waiting(
    index: indexes.Index,
    rules: Sequence[rule.Rule],
    own: set[resources.Resource],
) -> set[resources.Resource]:
    if index.request.target:
        return set()
    kinds = {each.KIND for each in rules if each.NEEDS_TARGET}
    return {resource for resource in own if resource.kind in kinds}


def _brought(
    index: indexes.Index, said: set[resources.Resource]
) -> set[resources.Resource]:
    """Find the volumes of the servers."""
    return {
        index.volumes[volume_id].resource
        for resource in said
        if resource.kind is resources.Kind.SERVER
        for volume_id in index.volumes_of[resource.id]
        if volume_id in index.volumes
    }


def _cases(
    index: indexes.Index,
    rules: Sequence[rule.Rule],
    selected: frozenset[resources.Resource],
    excluded: frozenset[resources.Resource],
) -> tuple[rule.Case, ...]:
    cases = [
        rule.Case(
            index,
            resource,
            _group(index, resource, selected, excluded),
            selected,
        )
        for resource in selected
    ]
    order = [each.KIND for each in rules]
    return tuple(sorted(cases, key=lambda case: _position(case, order)))


def _group(
    index: indexes.Index,
    resource: resources.Resource,
    selected: frozenset[resources.Resource],
    excluded: frozenset[resources.Resource],
) -> str:
    """Give the ID of the server that a resource is captured with."""
    if resource.kind is resources.Kind.SERVER:
        return resource.id
    if resource.kind is not resources.Kind.VOLUME:
        return ''
    holders = [one.resource for one in index.servers_of.get(resource.id, ())]
    together = [one for one in holders if one in selected]
    together += [one for one in holders if one not in excluded]
    return together[0].id if together else ''


def _position(
    case: rule.Case, order: list[resources.Kind]
) -> tuple[bool, str, str, int, int, str, str]:
    """Sort by server and its order of disks, then what is on its own."""
    resource = case.resource
    server = case.index.servers.get(case.group)
    disks = server.volume_ids if server else ()
    return (
        server is None,
        server.name if server else '',
        case.group,
        order.index(resource.kind),
        disks.index(resource.id) if resource.id in disks else len(disks),
        resource.name,
        resource.id,
    )

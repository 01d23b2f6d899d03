# SPDX-License-Identifier: Apache-2.0
"""Find the resources that a request selects, in the order of the plan.

The selectors add up, and ``--exclude`` wins over all of them. An excluded
server is never stopped, and brings no volumes: a volume of it is selected only
by its own name, by ``--match`` or by ``--all``.
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
    """The resources that a request selects.

    :param without_target: resources that ``--all`` would select too if the
        request had a target.
    """

    cases: tuple[rule.Case, ...]
    without_target: frozenset[resources.Resource]


def select(index: indexes.Index, rules: Sequence[rule.Rule]) -> Selection:
    """Find the resources that the request selects, each once.

    :param rules: one for each kind, in the order of the plan.
    :raises UsageError: if a name, also of ``--exclude``, fits no resource or
        several, ``--match`` fits nothing, or a named resource needs a target.
    :raises CloudError: if a kind that a name or ``--match`` refers to could
        not be read.
    """
    known = [
        resource for each in rules for resource in each.known(index.inventory)
    ]
    excluded = set(_all_excluded(index, known))
    asked = _named(index, rules, known) | matching.matched(index)
    asked -= excluded
    # With --all, the volumes of the servers are there by themselves.
    of_all = _of_tenant(index, rules) - excluded
    without_target = _without_target(index, rules, of_all)
    volumes = _volumes_of_servers(index, asked) - excluded
    selected = asked | volumes | (of_all - without_target)
    return Selection(
        _cases(index, rules, frozenset(selected), frozenset(excluded)),
        frozenset(without_target),
    )


def _all_excluded(
    index: indexes.Index, known: list[resources.Resource]
) -> Iterator[resources.Resource]:
    """Find the excluded resources.

    A kind that could not be read is passed over: nothing of it is planned.
    """
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


def _of_tenant(
    index: indexes.Index, rules: Sequence[rule.Rule]
) -> set[resources.Resource]:
    if not index.request.everything:
        return set()
    return {one for each in rules for one in each.of_tenant(index)}


def _without_target(
    index: indexes.Index,
    rules: Sequence[rule.Rule],
    of_all: set[resources.Resource],
) -> set[resources.Resource]:
    if index.request.target:
        return set()
    kinds = {each.KIND for each in rules if each.NEEDS_TARGET}
    return {resource for resource in of_all if resource.kind in kinds}


def _volumes_of_servers(
    index: indexes.Index, asked: set[resources.Resource]
) -> set[resources.Resource]:
    """Return the volumes of the servers among what was asked for."""
    return {
        index.volumes[volume_id].resource
        for resource in asked
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
    """Return the ID of the server whose disks are captured together with it.

    A volume belongs to a selected server that holds it, else to any that is
    not excluded: so a plan's volumes of one server stand together, and the
    server can be stopped for them. ``''`` stands for none.
    """
    if resource.kind is resources.Kind.SERVER:
        return resource.id
    if resource.kind is not resources.Kind.VOLUME:
        return ''
    holders = [one.resource for one in index.servers_of.get(resource.id, ())]
    candidates = [one for one in holders if one in selected]
    candidates += [one for one in holders if one not in excluded]
    return candidates[0].id if candidates else ''


def _position(
    case: rule.Case, order: list[resources.Kind]
) -> tuple[bool, str, str, int, int, str, str]:
    """Return the key that sorts by server, and a server before its disks.

    Disks stand in the order of their devices; resources without a server are
    last.
    """
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

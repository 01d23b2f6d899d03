# SPDX-License-Identifier: Apache-2.0
"""``--match``: servers and volumes by their metadata and tags."""

from collections.abc import Collection

from backupclient import errors
from backupclient.model import resources
from backupclient.planner.backup import project as project_
from backupclient.planner.backup import unread
from backupclient.planner.backup import volumes

_KEYS_SHOWN = 10


def matched(project: project_.Project) -> set[resources.Resource]:
    """Find the tenant's servers and volumes that all of ``--match`` fit.

    A server's tag ``env=prod`` counts as the metadata ``env`` = ``prod``, a
    tag without ``=`` as a key.

    :raises UsageError: when there are none.
    :raises CloudError: when there are none, and not all could be read.
    """
    wanted = project.request.match
    if not wanted:
        return set()
    labels = _labels(project)
    found = {
        resource
        for resource, pairs in labels.items()
        if all(_fits(pairs, key, value) for key, value in wanted)
    }
    if not found:
        unread.require_read(
            project.inventory, resources.Kind.SERVER, resources.Kind.VOLUME
        )
        raise errors.UsageError(_nothing(wanted, labels.values()))
    return found


def _labels(
    project: project_.Project,
) -> dict[resources.Resource, set[tuple[str, str]]]:
    labels = {
        server.resource: {*server.metadata.items(), *map(_pair, server.tags)}
        for server in project.inventory.servers
    }
    for resource in volumes.of_tenant(project):
        labels[resource] = set(project.volumes[resource.id].metadata.items())
    return labels


def _pair(tag: str) -> tuple[str, str]:
    key, _, value = tag.partition('=')
    return key, value


def _fits(pairs: set[tuple[str, str]], key: str, value: str | None) -> bool:
    if value is None:
        return any(key == known for known, _ in pairs)
    return (key, value) in pairs


def _nothing(
    wanted: Collection[tuple[str, str | None]],
    labels: Collection[set[tuple[str, str]]],
) -> str:
    said = ' and '.join(
        key if value is None else f'{key}={value}' for key, value in wanted
    )
    keys = sorted({key for pairs in labels for key, _ in pairs})
    there = ', '.join(keys[:_KEYS_SHOWN]) or 'none'
    return f'No server or volume fits --match {said}. Keys in use: {there}.'

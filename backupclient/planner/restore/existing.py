# SPDX-License-Identifier: Apache-2.0
"""Resources that exist already: for ``--skip-existing``, and for names."""

from collections.abc import Iterable, Mapping

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import tags
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene


def item(case: scene.Case) -> plans.Item | None:
    """Return the item of a resource that ``--skip-existing`` skips.

    :returns: None if the restore of the resource has to be planned.
    """
    if not case.request.skip_existing:
        return None
    kind = case.resource.kind
    unread = case.scene.inventory.unread.get(kind)
    if unread:
        return rule.blank(
            case,
            f'Whether it exists already is not known: {unread} Leave out '
            '--skip-existing to restore it in any case.',
        )
    # Prefer the old resource itself to resources restored from it.
    for one in sorted(
        there(case.scene, kind), key=lambda one: one.id != case.resource.id
    ):
        how = _how(case.resource, one)
        if how:
            return rule.blank(case, how, one.id)
    return None


def there(
    scene_: scene.Scene, kind: resources.Kind
) -> Iterable[
    resources.Server | resources.Volume | resources.Image | resources.Secret
]:
    """Return all resources of a kind that the project has."""
    match kind:
        case resources.Kind.SERVER:
            return scene_.inventory.servers
        case resources.Kind.VOLUME:
            return scene_.inventory.volumes
        case resources.Kind.IMAGE:
            return scene_.inventory.images
        case resources.Kind.SECRET:
            return scene_.inventory.secrets


def _how(
    old: resources.Resource,
    one: resources.Server
    | resources.Volume
    | resources.Image
    | resources.Secret,
) -> str:
    """Return in which form the old resource exists, ``''`` if it does not.

    :param one: a resource of the same kind in the project.
    """
    if one.id == old.id:
        return 'It still exists, under the same ID.'
    found = _metadata(one)
    if found.get(tags.ROLE) == tags.Role.RESTORED and (
        found.get(tags.SOURCE) == f'{old.kind}/{old.id}'
    ):
        return f'It exists already: {one.id} was restored from a backup.'
    return ''


def _metadata(
    one: resources.Server
    | resources.Volume
    | resources.Image
    | resources.Secret,
) -> Mapping[str, str]:
    if isinstance(one, resources.Image):
        return tags.own(one.id, one.name, one.properties)
    return one.metadata

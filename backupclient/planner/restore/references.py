# SPDX-License-Identifier: Apache-2.0
"""Properties that name another image, or a certificate, by its ID.

If the named resource is restored in the same run, the property gets the new
ID. If it still exists, the old ID stays. Otherwise the property is left out:
Nova could not build a server from the image.
"""

from collections.abc import Iterable, Iterator, Mapping

from backupclient.model import manifests
from backupclient.model import properties
from backupclient.model import resources
from backupclient.planner.restore import scene


def kept(
    case: scene.Case, found: Mapping[str, str], *, signed: bool = False
) -> dict[str, str]:
    """Return the owner's properties, without those that name a missing ID.

    :param found: the properties as backed up.
    :param signed: the new image has the bytes that were signed.
    """
    gone = set(_dangling(case, found))
    owned = properties.owned(found)
    if signed and properties.CERTIFICATE not in gone:
        owned |= properties.signature(found)
    return {name: owned[name] for name in owned if name not in gone}


def waited_for(
    case: scene.Case, found: Mapping[str, str], *, signed: bool = False
) -> tuple[str, ...]:
    """Return the old IDs of the resources that must be restored first."""
    named = properties.references(found)
    if not signed:
        named.pop(properties.CERTIFICATE, None)
    ids = (id_ for name, id_ in named.items() if _is_restored(case, name, id_))
    return tuple(dict.fromkeys(ids))


def warnings(
    case: scene.Case, found: Mapping[str, str], *, signed: bool = False
) -> Iterator[str]:
    """Yield a warning for each property that is left out."""
    for name in _dangling(case, found):
        if name != properties.CERTIFICATE:
            yield (
                f'The image that its {name} names is not here: the property '
                'is left out.'
            )
        elif signed:
            yield (
                'The certificate of its signature is not here: the new image '
                'is not signed. Restore the secret together with it.'
            )


def images_of(choices: Iterable[scene.Choice]) -> frozenset[str]:
    """Return the IDs of all images that the backups' properties name."""
    return frozenset(
        id_
        for one in choices
        for found in _said(one.entry)
        for name, id_ in properties.references(found).items()
        if name != properties.CERTIFICATE
    )


def _said(entry: manifests.Entry) -> Iterator[Mapping[str, str]]:
    if entry.image:
        yield entry.image.properties
    if entry.volume:
        yield entry.volume.image_metadata
    if entry.server:
        yield entry.server.image_properties


def _dangling(case: scene.Case, found: Mapping[str, str]) -> list[str]:
    return [
        name
        for name, id_ in properties.references(found).items()
        if not (_is_restored(case, name, id_) or _is_here(case, name, id_))
    ]


def _is_restored(case: scene.Case, name: str, id_: str) -> bool:
    """Return whether the named resource is restored in the same run.

    An image that names further images does not count: in a manipulated set,
    two images could wait for each other.
    """
    if name == properties.CERTIFICATE:
        return case.scene.chosen(resources.Kind.SECRET, id_) is not None
    choice = case.scene.chosen(resources.Kind.IMAGE, id_)
    image = choice.entry.image if choice else None
    return image is not None and not properties.references(image.properties)


def _is_here(case: scene.Case, name: str, id_: str) -> bool:
    there = case.scene.inventory
    if name == properties.CERTIFICATE:
        return any(one.id == id_ for one in there.secrets)
    return any(one.id == id_ for one in there.images)

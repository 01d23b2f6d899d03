# SPDX-License-Identifier: Apache-2.0
"""The rule for images: they are uploaded, private, with their own properties.

Longest names of properties and their values are Glance's matter: it refuses
what it does not take, and the run says so.
"""

from collections.abc import Iterator, Mapping
import dataclasses

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner import services
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene
from backupclient.planner.restore import sources

KIND = resources.Kind.IMAGE

# Glance's default (image_size_cap). No user can read what a cloud has set.
_USUAL_LIMIT = 1 << 40
_OTHER_IMAGES = ('kernel_id', 'ramdisk_id')


def item(case: scene.Case) -> plans.Item:
    """Plan the upload of an image."""
    image = case.entry.image
    lack = sources.unusable(case, image)
    if image is None or lack:
        return rule.blank(case, lack)
    source = sources.find(case)
    file = source.value.file
    encrypted = sources.is_encrypted(case.entry)
    wanted = plans.Item(
        resource=case.resource,
        procedure=plans.Procedure.IMAGE_UPLOAD,
        reason=f'Its file of run {case.choice.run} is uploaded as it is.',
        result='image, private',
        size=file.size if file else image.size,
        notes=tuple(_notes(case, image, encrypted=encrypted)),
        warnings=tuple(warnings(case, image, file.size if file else 0)),
        image=as_new(case, image),
        restore=restores.Task(
            source.value, names.restored(image.name, case.request.suffix)
        ),
    )
    return rule.decided(
        case,
        wanted,
        rule.Answer(0, services.missing(case.scene.inventory, 'image')),
        source,
        rule.Answer(0, _no_file(source)),
        rule.Answer(0, _key(case, source) if encrypted else ''),
    )


def as_new(case: scene.Case, image: resources.Image) -> resources.Image:
    """Return an image without what belonged to the old one.

    :returns: private, and with the properties that no service steers by. A
        kernel or a ramdisk is an image of its own, and stays only where that
        is there.
    """
    gone = set(_dangling(case, image))
    owned = properties.owned(image.properties)
    return dataclasses.replace(
        image,
        visibility='private',
        properties={k: v for k, v in owned.items() if k not in gone},
    )


def warnings(
    case: scene.Case, image: resources.Image, size: int
) -> Iterator[str]:
    """Tell what will not be as it was.

    :param size: of the file, in bytes.
    """
    for name in _dangling(case, image):
        yield (
            f'The image that its {name} names is not here: the property is '
            'left out.'
        )
    yield from too_large(size)


def too_large(size: int) -> Iterator[str]:
    """Warn of an upload that most clouds refuse.

    :param size: in bytes.
    """
    if size > _USUAL_LIMIT:
        yield (
            'Glance takes images of up to 1 TiB unless the cloud sets another '
            'limit: ask its operator before you start.'
        )


def _dangling(case: scene.Case, image: resources.Image) -> list[str]:
    there = {one.id for one in case.scene.inventory.images}
    found: Mapping[str, str] = image.properties
    return [
        name
        for name in _OTHER_IMAGES
        if found.get(name) and found[name] not in there
    ]


def _no_file(source: rule.Answer[restores.Source]) -> str:
    """Refuse an image whose copy is an artifact: no backup makes one."""
    if source.obstacle or source.value.file:
        return ''
    return 'Images are restored from files only.'


def _key(case: scene.Case, source: rule.Answer[restores.Source]) -> str:
    if source.obstacle:
        return ''
    missing = services.missing(case.scene.inventory, 'key-manager')
    return sources.opened(case) or missing


def _notes(
    case: scene.Case, image: resources.Image, *, encrypted: bool
) -> Iterator[str]:
    if image.visibility != 'private':
        yield f'It was {image.visibility}: the new image is private.'
    if encrypted:
        yield (
            'Its data stay encrypted. Their key is stored as a new secret, '
            'which the image needs: do not delete it.'
        )

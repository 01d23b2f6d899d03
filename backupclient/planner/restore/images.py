# SPDX-License-Identifier: Apache-2.0
"""The rule for images: they are uploaded, private, with their own properties.

The length of properties is not checked here: Glance refuses a property that
is too long, and the run reports that.
"""

from collections.abc import Iterator
import dataclasses

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner import services
from backupclient.planner.restore import references
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene
from backupclient.planner.restore import sources

KIND = resources.Kind.IMAGE

# Glance's default of image_size_cap. Users cannot read a cloud's value.
_USUAL_LIMIT = 1 << 40


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
        reason=f'Its file of run {case.choice.run} is uploaded as it is.',
        result='image, private',
        size=file.size if file else image.size,
        notes=tuple(_notes(case, image, encrypted=encrypted)),
        warnings=(
            *references.warnings(case, image.properties, signed=True),
            *_left_out(image),
            *too_large(file.size if file else 0),
        ),
        seen=as_new(case, image, signed=True),
        task=restores.Task(
            source.value,
            names.restored(image.name, case.request.suffix),
            restores.NewImage(),
            after=references.waited_for(case, image.properties, signed=True),
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


def as_new(
    case: scene.Case, image: resources.Image, *, signed: bool = False
) -> resources.Image:
    """Return the description of the new image, made from the old one's.

    :param signed: the new image has the same bytes as the old one, so that
        its signature stays valid.
    :returns: a private image, without the properties and tags that services
        set or depend on.
    """
    return dataclasses.replace(
        image,
        visibility='private',
        tags=properties.own_tags(image.tags),
        properties=references.kept(case, image.properties, signed=signed),
    )


def too_large(size: int) -> Iterator[str]:
    """Yield a warning if most clouds refuse an upload of that size.

    :param size: the size in bytes.
    """
    if size > _USUAL_LIMIT:
        yield (
            'Glance takes images of up to 1 TiB unless the cloud sets another '
            'limit: ask its operator before you start.'
        )


def _left_out(image: resources.Image) -> Iterator[str]:
    """Yield a warning if tags are left out.

    It has only their number: the tags themselves may be anything.
    """
    count = len(image.tags) - len(properties.own_tags(image.tags))
    if count:
        yield (
            f'{count} of its tags are left out: services go by them, or '
            'Glance takes no such tags.'
        )


def _no_file(source: rule.Answer[restores.Source]) -> str:
    """Return why an image without a file is refused, else ``''``.

    No backup of an image has another copy than a file.
    """
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
    # An image is "shared" unless somebody has said otherwise.
    if image.visibility not in ('private', 'shared'):
        yield f'It was {image.visibility}: the new image is private.'
    if encrypted:
        yield (
            'Its data stay encrypted. Their key is stored as a new secret, '
            'which the image needs: do not delete it.'
        )

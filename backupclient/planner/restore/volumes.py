# SPDX-License-Identifier: Apache-2.0
"""The rule for volumes: made from an image or from a Cinder backup."""

from collections.abc import Iterator
import dataclasses

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner import services
from backupclient.planner.restore import artifacts
from backupclient.planner.restore import images
from backupclient.planner.restore import references
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene
from backupclient.planner.restore import sources
from backupclient.planner.restore import volume_types
from backupclient.planner.restore import volume_ways
from backupclient.planner.restore import zones

KIND = resources.Kind.VOLUME

_HEADER = 16 << 20
"""The size of the largest LUKS header that services write (LUKS 2)."""


def item(case: scene.Case) -> plans.Item:
    """Plan a new volume."""
    volume = case.entry.volume
    lack = sources.unusable(case, volume)
    if volume is None or lack:
        return rule.blank(case, lack)
    source = sources.find(case)
    type_ = volume_types.find(case, volume.type_name)
    offers = case.scene.offers
    zone = zones.find(
        case,
        volume.availability_zone,
        offers.zones,
        offers.why_unread('zones'),
    )
    way = volume_ways.choose(case, volume, source.value, type_.value)
    new = _new(case, volume, source.value, way.value)
    new = dataclasses.replace(new, type_name=type_.value.name, zone=zone.value)
    wanted = plans.Item(
        resource=case.resource,
        reason=way.value.reason,
        result=_result(new),
        size=_size_of(case, source.value) or volume.size,
        notes=tuple(_notes(case, volume, new)),
        warnings=(
            *references.warnings(case, volume.image_metadata),
            *images.too_large(new.bytes or 0),
        ),
        seen=as_new(case, volume),
        task=restores.Task(
            source.value,
            names.restored(volume.name, case.request.suffix),
            new,
            after=references.waited_for(case, volume.image_metadata),
        ),
    )
    if source.obstacle:
        # Without a source, obstacles and warnings of the way don't matter.
        way = rule.Answer(way.value)
    return rule.decided(
        case, wanted, _services(case, source.value), source, type_, zone, way
    )


def as_new(case: scene.Case, volume: resources.Volume) -> resources.Volume:
    """Return the description of the new volume, made from the old one's.

    :returns: a volume with only those image properties that no service sets
        by itself, and with the minimum sizes that a server needs.
    """
    found = volume.image_metadata
    needed = {k: found[k] for k in ('min_disk', 'min_ram') if k in found}
    return dataclasses.replace(
        volume,
        image_metadata=references.kept(case, found) | needed,
        metadata=properties.of_volume(volume.metadata),
        read_only=volume.read_only or properties.read_only(volume.metadata),
    )


def _new(
    case: scene.Case,
    volume: resources.Volume,
    source: restores.Source,
    way: volume_ways.Chosen,
) -> restores.NewVolume:
    """Return the new volume, as large as the data and the image need."""
    bytes_ = _size_of(case, source)
    content = bytes_ or 0
    if way.way is restores.Way.OPENED:
        # The file's LUKS header is not copied: the new volume gets its own,
        # which does not count in its size.
        content = max(0, content - _HEADER)
        bytes_ = None
    size = max(
        1,
        volume.size_gib,
        properties.min_disk(volume.image_metadata),
        -(-content // resources.GIB),
    )
    if way.way is restores.Way.BACKUP:
        size, bytes_ = _of_backup(case, source, size), None
    return restores.NewVolume(
        size_gib=size, way=way.way, bytes=bytes_, encrypted=way.encrypted
    )


def _of_backup(
    case: scene.Case, source: restores.Source, size_gib: int
) -> int:
    """Return the size in GiB: Cinder requires at least the backup's size."""
    id_ = source.artifact.id if source.artifact else ''
    found = artifacts.backup(case, id_)
    return max(size_gib, found.size_gib) if found else size_gib


def _size_of(case: scene.Case, source: restores.Source) -> int | None:
    """Return the size in bytes of the image that the volume is made from.

    :returns: None if it is not known, as for a Cinder backup.
    """
    if source.artifact and source.artifact.kind == artifacts.IMAGE:
        found = artifacts.image(case, source.artifact.id)
        return found.size if found else None
    return source.file.size if source.file else None


def _procedure(source: restores.Source) -> plans.Procedure:
    if source.artifact is None:
        return plans.Procedure.VOLUME_FROM_IMAGE
    return artifacts.procedure(source.artifact)


def _services(case: scene.Case, source: restores.Source) -> rule.Answer[None]:
    needed = ['block-storage']
    if _procedure(source) is plans.Procedure.VOLUME_FROM_IMAGE:
        needed.append('image')
    return rule.Answer(None, services.missing(case.scene.inventory, *needed))


def _result(new: restores.NewVolume) -> str:
    type_ = f' of the type "{new.type_name}"' if new.type_name else ''
    return f'volume, {new.size_gib} GiB{type_}'


def _notes(
    case: scene.Case, volume: resources.Volume, new: restores.NewVolume
) -> Iterator[str]:
    if new.size_gib > volume.size_gib:
        yield (
            f'It grows from {volume.size_gib} to {new.size_gib} GiB: '
            f'{_why_larger(volume, new)}.'
        )
    if new.bytes is not None and new.bytes < volume.size:
        yield (
            f'Its file has {new.bytes:,} bytes: the rest of the volume is '
            'empty.'
        )
    if volume.multiattach:
        yield 'Its volume type decides whether several servers can attach it.'


def _why_larger(volume: resources.Volume, new: restores.NewVolume) -> str:
    if new.size_gib == properties.min_disk(volume.image_metadata):
        return 'its image requires that'
    if new.way is restores.Way.WITH_KEY:
        return 'its file also has the header of the encryption'
    return 'its data need that'

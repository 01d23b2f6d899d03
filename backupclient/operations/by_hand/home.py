# SPDX-License-Identifier: Apache-2.0
"""Plan the restore of a set into the project that it came from.

The page may be needed years later, so the project is not read. Instead, the
plan assumes a project that offers everything that the resources of the set
used: their volume types, flavors, networks, zones and key pairs.
"""

from collections.abc import Iterable, Iterator
import datetime

from backupclient.model import ids
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import names
from backupclient.model import on_offer
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import stamps
from backupclient.planner import backups
from backupclient.planner import restore
from backupclient.planner.restore import artifacts

_SERVICES = frozenset({'block-storage', 'compute', 'image', 'key-manager'})
_ANY_TARGET = '/'
"""The target of the request. It is never read; any target means that the
backups have files."""


def plan(manifest: manifests.Manifest) -> plans.Plan:
    """Plan the restore of all complete resources of a set.

    Incomplete resources are left out: a server is restored without a volume
    that has no complete copy.

    :returns: the plan; all new names end with the placeholder
        ``names.SUFFIX``.
    :raises ValueError: if the manifest was written or changed by hand.
    """
    return restore.plan(
        restores.Request(
            requests.Request(everything=True), _ANY_TARGET, suffix=names.SUFFIX
        ),
        [
            choice
            for entry in manifest.items
            if (choice := backups.Choice(manifest.run, entry)).complete
        ],
        _inventory(manifest),
        _offers(manifest.items),
        origin=manifest.identity,
        identities=True,
        now=stamps.read(manifest.finished_at) or _EPOCH,
    )


def _inventory(manifest: manifests.Manifest) -> inventories.Inventory:
    """Return an inventory with the artifacts of the set, and their keys."""
    items = manifest.items
    return inventories.Inventory(
        manifest.identity,
        services=_SERVICES,
        images=(*_kept_images(items), *_boot_images(items)),
        backups=tuple(_backups(items)),
        secrets=tuple(
            resources.Secret(one.artifact.key_id, '', 'ACTIVE')
            for one in items
            if one.artifact and one.artifact.key_id
        ),
    )


def _kept_images(
    items: Iterable[manifests.Entry],
) -> Iterator[resources.Image]:
    for one in items:
        if one.artifact and one.artifact.kind == artifacts.IMAGE:
            yield resources.Image(
                id=one.artifact.id,
                name=one.artifact.name,
                status='active',
                owner='',
                size=one.size,
                properties={'cinder_encryption_key_id': one.artifact.key_id},
            )


def _boot_images(
    items: Iterable[manifests.Entry],
) -> Iterator[resources.Image]:
    """Yield the kernels and ramdisks that images name."""
    for one in items:
        for name in ('kernel_id', 'ramdisk_id'):
            found = one.image.properties.get(name, '') if one.image else ''
            if ids.is_id(found):
                yield resources.Image(
                    id=found, name='', status='active', owner=''
                )


def _backups(
    items: Iterable[manifests.Entry],
) -> Iterator[resources.CinderBackup]:
    for one in items:
        if one.artifact and one.artifact.kind == artifacts.BACKUP:
            yield resources.CinderBackup(
                id=one.artifact.id,
                name=one.artifact.name,
                status='available',
                volume_id=one.resource.id,
                size_gib=one.volume.size_gib if one.volume else 0,
                key_id=one.artifact.key_id,
            )


def _offers(items: Iterable[manifests.Entry]) -> on_offer.Offers:
    volumes = [one.volume for one in items if one.volume]
    servers = [one.server for one in items if one.server]
    return on_offer.Offers(
        volume_types=tuple(_types(volumes)),
        zones=frozenset(one.availability_zone for one in volumes),
        flavors=tuple(
            # A size that fits every image: the servers ran on these flavors.
            on_offer.Flavor(name, name, _LARGE, _LARGE, 0)
            for name in sorted({one.flavor_name for one in servers})
        ),
        server_zones=frozenset(one.availability_zone for one in servers),
        key_pairs=frozenset(one.key_name for one in servers),
        networks=_named(
            each.network for one in servers for each in one.addresses
        ),
        security_groups=_named(
            each for one in servers for each in one.security_groups
        ),
    )


def _types(
    volumes: Iterable[resources.Volume],
) -> Iterator[on_offer.VolumeType]:
    """Yield the volume types, with their encryption as far as it is known."""
    encrypted = {one.type_name for one in volumes if one.encrypted}
    ids_ = {one.type_name: one.type_id for one in volumes}
    for name in sorted(ids_):
        yield on_offer.VolumeType(ids_[name], name, name in encrypted or None)


def _named(found: Iterable[str]) -> tuple[on_offer.Named, ...]:
    """Return offers whose names serve as IDs in commands."""
    return tuple(on_offer.Named(name, name) for name in sorted({*found}))


_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)
_LARGE = 1 << 40

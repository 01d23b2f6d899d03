# SPDX-License-Identifier: Apache-2.0
"""The rule for servers: built when all their disks are restored."""

from collections.abc import Mapping
import dataclasses

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import root_disk
from backupclient.planner import services
from backupclient.planner.restore import disks
from backupclient.planner.restore import flavors
from backupclient.planner.restore import images
from backupclient.planner.restore import networks
from backupclient.planner.restore import references
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene
from backupclient.planner.restore import server_notes
from backupclient.planner.restore import sources
from backupclient.planner.restore import zones

KIND = resources.Kind.SERVER


def item(case: scene.Case) -> plans.Item:
    """Plan a new server."""
    server = case.entry.server
    lack = sources.unusable(case, server)
    if server is None or lack:
        return rule.blank(case, lack)
    image = root_image(case, server)
    root = _root_properties(case, server)
    source = _source(case)
    found_disks = disks.find(case, server)
    flavor = flavors.find(
        case, server, _needs(case, server, found_disks.value)
    )
    networks_ = networks.find(case, server)
    groups = networks.security_groups(case, server)
    if not networks_.value:
        # Security groups belong to ports, and the server gets no port.
        groups = rule.Answer(())
    key_name = networks.key_pair(case, server)
    zone = _zone(case, server)
    new = restores.NewServer(
        flavor_id=flavor.value.id,
        flavor_name=flavor.value.name,
        vcpus=flavor.value.vcpus,
        ram_mib=flavor.value.ram_mib,
        boot_volume=found_disks.value.boot_volume,
        boot_image=found_disks.value.boot_image,
        disks=found_disks.value.others,
        networks=networks_.value,
        security_groups=groups.value,
        key_name=key_name.value,
        zone=zone.value,
    )
    file = source.value.file
    wanted = plans.Item(
        resource=case.resource,
        reason=_reason(new),
        result=f'server of the flavor "{new.flavor_name}"',
        size=file.size if file else image.size if image else 0,
        notes=tuple(server_notes.notes(case, server, new)),
        warnings=(
            *references.warnings(case, root),
            *server_notes.warnings(case, server),
        ),
        seen=server,
        task=restores.Task(
            source.value,
            names.restored(server.name, case.request.suffix)
            or f'restored-{server.id}',
            new,
            needs=found_disks.value.needs,
            after=references.waited_for(case, root),
            own_disk=image,
        ),
    )
    missing = services.missing(case.scene.inventory, *_services(case))
    return rule.decided(
        case,
        wanted,
        rule.Answer(0, missing),
        source,
        rule.Answer(0, _encrypted(case)),
        found_disks,
        flavor,
        networks_,
        groups,
        key_name,
        zone,
    )


def root_image(
    case: scene.Case, server: resources.Server
) -> resources.Image | None:
    """Return the image of the server's own disk, None if it has no copy."""
    if not case.entry.has_copy:
        return None
    found = images.as_new(case, root_disk.image(case.entry, server))
    return dataclasses.replace(found, tags=(), protected=False, hidden=False)


def _root_properties(
    case: scene.Case, server: resources.Server
) -> Mapping[str, str]:
    """Return the backed-up properties of the image of its own disk."""
    if not case.entry.has_copy:
        return {}
    return root_disk.image(case.entry, server).properties


def _source(case: scene.Case) -> rule.Answer[restores.Source]:
    if case.entry.has_copy:
        return sources.find(case)
    return rule.Answer(sources.without_data(case))


def _encrypted(case: scene.Case) -> str:
    """Return why an encrypted image is refused, else ``''``."""
    if case.entry.has_copy and sources.is_encrypted(case.entry):
        return 'The image of its own disk is encrypted: Nova refuses that.'
    return ''


def _needs(
    case: scene.Case, server: resources.Server, found_disks: disks.Disks
) -> flavors.Needs:
    """Return the minimum size of the flavor, for the image or the volume."""
    image = root_image(case, server)
    if found_disks.boot_image:
        choice = case.scene.chosen(
            resources.Kind.IMAGE, found_disks.boot_image
        )
        image = choice.entry.image if choice else None
    if image:
        disk_gib = max(image.min_disk, server.disk_gib)
        return flavors.Needs(disk_gib, image.min_ram)
    choice = case.scene.chosen(resources.Kind.VOLUME, found_disks.boot_volume)
    volume = choice.entry.volume if choice else None
    said = volume.image_metadata if volume else {}
    return flavors.Needs(None, properties.min_ram(said))


def _zone(case: scene.Case, server: resources.Server) -> rule.Answer[str]:
    offers = case.scene.offers
    return zones.find(
        case,
        server.availability_zone,
        offers.server_zones,
        offers.why_unread('server_zones'),
    )


def _services(case: scene.Case) -> tuple[str, ...]:
    return ('compute', 'image') if case.entry.has_copy else ('compute',)


def _reason(new: restores.NewServer) -> str:
    if new.boot_volume:
        return 'Nova builds it upon its restored volume.'
    if new.boot_image:
        return 'Nova builds it from the restored image that has its disk.'
    return 'Nova builds it from an image of its own disk.'

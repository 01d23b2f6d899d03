# SPDX-License-Identifier: Apache-2.0
"""Flavors: the one with the old name, or the smallest that fits."""

from collections.abc import Sequence
import dataclasses

from backupclient.model import on_offer
from backupclient.model import resources
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene

_NONE = on_offer.Flavor('', '', 0, 0, 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """The minimum size of a flavor. With a smaller one, the server would fail.

    :param disk_gib: the size of the server's own disk, None if it boots from
        a volume.
    :param ram_mib: the minimum memory of its image.
    """

    disk_gib: int | None
    ram_mib: int = 0


def find(
    case: scene.Case, server: resources.Server, needs: Needs
) -> rule.Answer[on_offer.Flavor]:
    """Return the flavor of the new server.

    It is the one that the user asked for, else one with the old name, else
    the smallest one that is large enough.
    """
    there = case.scene.offers.flavors
    old = server.flavor_name
    if there is None:
        why = case.scene.offers.why_unread('flavors')
        return rule.Answer(_NONE, f'The flavors here cannot be read. {why}')
    if old in case.request.flavors:
        return _mapped(old, case.request.flavors[old], there, needs)
    same = _named(old, there)
    if same and not _too_small(same, needs):
        return rule.Answer(same)
    return _smallest(server, there, needs, same)


def _named(
    name: str, there: Sequence[on_offer.Flavor]
) -> on_offer.Flavor | None:
    """Return the flavor with a name, or with an ID."""
    return next(
        (one for one in there if name and one.name == name),
        next((one for one in there if name and one.id == name), None),
    )


def _mapped(
    old: str, new: str, there: Sequence[on_offer.Flavor], needs: Needs
) -> rule.Answer[on_offer.Flavor]:
    asked = f'--flavor {old}={new}'
    found = _named(new, there)
    if found is None:
        names = ', '.join(sorted(one.name for one in there)) or 'none'
        return rule.Answer(
            _NONE,
            f'There is no flavor "{new}" here, which {asked} asks for. There '
            f'are: {names}.',
        )
    small = _too_small(found, needs)
    lack = f'The flavor of {asked} is too small: {small}.' if small else ''
    return rule.Answer(found, lack)


def _too_small(flavor: on_offer.Flavor, needs: Needs) -> str:
    """Return what a flavor has too little of, ``''`` if it is large enough.

    With a root disk of 0 GiB, the disk is as large as the image.
    """
    if flavor.ram_mib < needs.ram_mib:
        return f'{flavor.ram_mib} of {needs.ram_mib} MiB of memory'
    if needs.disk_gib and 0 < flavor.disk_gib < needs.disk_gib:
        return f'{flavor.disk_gib} of {needs.disk_gib} GiB of disk'
    return ''


def _smallest(
    server: resources.Server,
    there: Sequence[on_offer.Flavor],
    needs: Needs,
    same: on_offer.Flavor | None,
) -> rule.Answer[on_offer.Flavor]:
    fitting = [one for one in there if _fits(one, server, needs)]
    option = f'--flavor {server.flavor_name or "OLD"}=NEW'
    was = f'"{server.flavor_name}"'
    lack = f'There is no flavor {was} here'
    if not server.flavor_name:
        lack = 'The name of its flavor is not known'
    elif same:
        lack = f'The flavor {was} is too small here: {_too_small(same, needs)}'
    if not fitting or not server.vcpus:
        why = 'and none that fits' if server.vcpus else 'and no size is known'
        return rule.Answer(_NONE, f'{lack}, {why}: choose with {option}.')
    chosen = min(fitting, key=lambda one: _size(one, server))
    note = (
        f'{lack}: the new server has "{chosen.name}" ({_told(chosen)}), the '
        f'smallest that fits. You can choose with {option}.'
    )
    return rule.Answer(chosen, warnings=(note,))


def _fits(
    flavor: on_offer.Flavor, server: resources.Server, needs: Needs
) -> bool:
    """Return whether a flavor is at least as large as the server was.

    A root disk of 0 GiB does not fit an image: by Nova's default policy, only
    administrators may build such servers.
    """
    return (
        flavor.vcpus >= server.vcpus
        and flavor.ram_mib >= max(server.ram_mib, needs.ram_mib)
        and (
            needs.disk_gib is None or flavor.disk_gib >= max(1, needs.disk_gib)
        )
    )


def _size(
    flavor: on_offer.Flavor, server: resources.Server
) -> tuple[object, ...]:
    """Return a sort key: the smallest flavor first.

    Flavors without the ephemeral or swap disk that the server had are last.
    """
    lacks = (flavor.ephemeral_gib < server.ephemeral_gib) + (
        flavor.swap_mib < server.swap_mib
    )
    return (
        lacks,
        flavor.ephemeral_gib,
        flavor.swap_mib,
        flavor.ram_mib,
        flavor.vcpus,
        flavor.disk_gib,
        flavor.name,
        flavor.id,
    )


def _told(flavor: on_offer.Flavor) -> str:
    return f'{flavor.vcpus} VCPUs, {flavor.ram_mib} MiB, {flavor.disk_gib} GiB'

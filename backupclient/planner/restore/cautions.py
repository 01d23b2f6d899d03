# SPDX-License-Identifier: Apache-2.0
"""What a person should know before a restore.

Each caution is a function that returns a sentence, or ``''``.
"""

from collections.abc import Iterator, Sequence

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner import login
from backupclient.planner.restore import cost
from backupclient.planner.restore import existing
from backupclient.planner.restore import scene

_MIB = 1 << 20
_UNREAD_QUOTA = 'Whether the quotas have room shows in the run.'


def of(scene_: scene.Scene, items: Sequence[plans.Item]) -> tuple[str, ...]:
    """Return the cautions about the plan as a whole."""
    done = [one for one in items if one.restore]
    found = (
        _nothing_selected(items),
        _cost(done),
        login.caution(
            scene_.inventory.login,
            cost.moved(done),
            'openstack backup restore --resume',
        )
        if done
        else '',
        _elsewhere(scene_),
        _authorship(done),
        _unread_quota(scene_),
        _image_sizes(scene_, done),
        _names(scene_, done),
        _runs_again(done),
        _lost(done),
        _without_encryption(done),
        _without_servers(scene_),
        *_unused(scene_),
    )
    return tuple(caution for caution in found if caution)


def _unused(scene_: scene.Scene) -> Iterator[str]:
    """Yield a sentence for each option that no chosen resource uses."""
    asked = scene_.request
    servers = _servers(scene_)
    volumes = _volumes(scene_)
    zones = {one.availability_zone for one in volumes}
    zones |= {one.availability_zone for one in servers}
    by_name = {old: new for old, new in asked.networks.items() if old}
    networks = {it.network for one in servers for it in one.addresses}
    for option, wanted, there in (
        ('--volume-type', asked.volume_types, {v.type_name for v in volumes}),
        ('--flavor', asked.flavors, {s.flavor_name for s in servers}),
        ('--availability-zone', asked.zones, zones),
        ('--network', by_name, networks),
    ):
        for old in sorted(wanted.keys() - there):
            yield (
                f'{option} "{old}"="{wanted[old]}" changes nothing: none of '
                f'the resources to restore had "{old}".'
            )
    for option, name in (
        ('--network', asked.networks.get('')),
        ('--key-pair', asked.key_pair),
    ):
        if name and not servers:
            yield f'{option} "{name}" changes nothing: no server is restored.'


def _volumes(scene_: scene.Scene) -> list[resources.Volume]:
    """Return the records of the volumes to restore."""
    chosen = scene_.choices[resources.Kind.VOLUME].values()
    return [one.entry.volume for one in chosen if one.entry.volume]


def _servers(scene_: scene.Scene) -> list[resources.Server]:
    """Return the records of the servers to restore."""
    if scene_.request.without_servers:
        return []
    chosen = scene_.choices[resources.Kind.SERVER].values()
    return [one.entry.server for one in chosen if one.entry.server]


def _nothing_selected(items: Sequence[plans.Item]) -> str:
    return '' if items else 'Nothing is selected: there is nothing to do.'


def _cost(done: Sequence[plans.Item]) -> str:
    made = cost.made(done)
    return f'The restore makes in your project: {made}.' if made else ''


def _elsewhere(scene_: scene.Scene) -> str:
    if scene_.at_home:
        return ''
    home = scene_.origin
    return (
        f'The backups are of another project: "{home.project_name}" '
        f'({home.project_id}) at {home.auth_url}. Networks and key pairs are '
        'used only as --network and --key-pair say, and security groups not '
        'at all.'
    )


def _authorship(done: Sequence[plans.Item]) -> str:
    if not any(one.restore and one.restore.source.file for one in done):
        return ''
    return (
        'The hashes in a backup set show damage, but do not prove who wrote '
        'the set: restore only sets from places that you trust.'
    )


def _unread_quota(scene_: scene.Scene) -> str:
    unread = scene_.inventory.unread
    kinds = ('quota', 'server-quota', 'image-quota')
    whys = [unread[kind].rstrip('.') for kind in kinds if kind in unread]
    return f'{". ".join(whys)}. {_UNREAD_QUOTA}' if whys else ''


def _image_sizes(scene_: scene.Scene, done: Sequence[plans.Item]) -> str:
    """Return a sentence if the images exceed Glance's quota.

    It is no refusal: before an upload, Glance only checks whether the quota
    is exhausted, and not the size (``glance/quota/keystone.py``).
    """
    quota = scene_.inventory.quotas.get('image_size_total')
    images = resources.Kind.IMAGE
    needed = sum(one.size or 0 for one in done if one.resource.kind is images)
    between = [one.size or 0 for one in done if _goes_over_image(one)]
    mib = -(-(needed + max(between, default=0)) // _MIB)
    if quota is None or quota.free is None or mib <= quota.free:
        return ''
    return (
        f'The quota for images may have no room: image_size_total: {mib} MiB '
        f'needed, {quota.free} MiB free. Delete images, or ask for more.'
    )


def _goes_over_image(item: plans.Item) -> bool:
    """Return whether the file becomes an image before the resource is made."""
    file = item.restore and item.restore.source.file
    return bool(file) and item.resource.kind in (
        resources.Kind.VOLUME,
        resources.Kind.SERVER,
    )


def _names(scene_: scene.Scene, done: Sequence[plans.Item]) -> str:
    """Return a sentence if new names exist already: commands then need IDs."""
    known = {
        (kind, one.name)
        for kind in resources.Kind
        for one in existing.there(scene_, kind)
    }
    count = sum(
        bool(one.restore and one.restore.name)
        and (one.resource.kind, one.restore.name) in known
        for one in done
        if one.restore
    )
    if not count:
        return ''
    return (
        f'New names that exist here already: {count}. Afterwards commands '
        'need IDs to tell old and new apart. --suffix gives the new resources '
        'other names.'
    )


def _runs_again(done: Sequence[plans.Item]) -> str:
    if not any(one.server for one in done):
        return ''
    return (
        'A restored server starts at once. It runs its cloud-init, cron jobs '
        'and cluster software again, beside the old server if that still '
        'runs.'
    )


def _lost(done: Sequence[plans.Item]) -> str:
    if not any(one.server for one in done):
        return ''
    return (
        'What does not come back with servers: fixed and floating addresses, '
        'user data, the contents of ephemeral and swap disks, the state of a '
        'virtual TPM.'
    )


def _without_encryption(done: Sequence[plans.Item]) -> str:
    count = sum(
        bool(
            isinstance(new, restores.NewVolume)
            and new.way is restores.Way.OPENED
            and not new.encrypted
        )
        for new in (one.restore.new for one in done if one.restore)
    )
    if not count:
        return ''
    return (
        f'Encrypted volumes that may be unencrypted afterwards, as --decrypt '
        f'allows: {count}.'
    )


def _without_servers(scene_: scene.Scene) -> str:
    left_out = len(scene_.choices[resources.Kind.SERVER])
    if not (scene_.request.without_servers and left_out):
        return ''
    return (
        f'Servers left out for --without-servers: {left_out}, with their own '
        'disks.'
    )

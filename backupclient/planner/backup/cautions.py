# SPDX-License-Identifier: Apache-2.0
"""What a person should know before the run: the guide's cautions, and more.

Each caution is a function that returns a sentence, or ``''``.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from backupclient.model import addresses
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner import login
from backupclient.planner.backup import cost

_PLAINTEXT = {
    addresses.Scheme.FOLDER: (
        'Keys and secrets are written in plaintext: whoever can read the '
        'backup set has them. --encrypt-to protects them.'
    ),
    addresses.Scheme.RCLONE: (
        'Keys and secrets are written in plaintext: whoever can read the '
        'backup set has them, and so has the operator of that storage, '
        'unless the remote encrypts (type crypt). --encrypt-to protects them.'
    ),
    addresses.Scheme.RESTIC: (
        'Keys and secrets are encrypted by restic alone: whoever has the '
        'password of the repository has them.'
    ),
}
_BY_IMAGE = frozenset(
    {
        plans.Procedure.SERVER_IMAGE,
        plans.Procedure.SNAPSHOT_IMAGE,
        plans.Procedure.VOLUME_IMAGE,
    }
)


def of(
    request: requests.Request,
    items: Sequence[plans.Item],
    waiting: Collection[resources.Resource],
    user_login: inventories.Login,
) -> tuple[str, ...]:
    """Return the cautions about the plan as a whole.

    :param waiting: the resources that ``--all`` leaves out because they can
        be backed up only to files, and the request has no target.
    :param user_login: how long the user's login lasts.
    """
    done = [one for one in items if one.procedure is not plans.Procedure.NONE]
    found = (
        _nothing_selected(items),
        login.caution(
            user_login, cost.moved(done), 'openstack backup run --resume'
        )
        if done
        else '',
        _needs_target(waiting),
        _keys_need_target(request),
        _crash_consistent(done),
        _raw_luks(done),
        _plaintext(request, done),
        _backups_stay(done),
        _no_service(done),
        _images_stay(done),
        _always_full(request, done),
        _only_disks(items),
        _unknown_size(done),
    )
    return tuple(caution for caution in found if caution)


def _nothing_selected(items: Sequence[plans.Item]) -> str:
    return '' if items else 'Nothing is selected: there is nothing to do.'


def _needs_target(waiting: Collection[resources.Resource]) -> str:
    if not waiting:
        return ''
    kinds = Counter(resource.kind for resource in waiting)
    counts = ' and '.join(
        f'{count} {kind}{"s" if count > 1 else ""}'
        for kind, count in sorted(kinds.items())
    )
    return (
        f'Not in this plan: {counts}. Only files can be backups of these: say '
        'where with --to.'
    )


def _keys_need_target(request: requests.Request) -> str:
    if request.target or not (request.recipients or request.plaintext_keys):
        return ''
    return 'No key is exported: that goes to files, so say where with --to.'


def _crash_consistent(done: Sequence[plans.Item]) -> str:
    crash = plans.Consistency.CRASH
    count = sum(item.consistency is crash for item in done)
    if not count:
        return ''
    return (
        f'Captured while in use: {count}. Such a copy is what a power cut '
        'would leave: crash-consistent, but not app-consistent. For more '
        'than that, stop what writes to the disks.'
    )


def _raw_luks(done: Sequence[plans.Item]) -> str:
    images = (item for item in done if item.procedure in _BY_IMAGE)
    if not any(item.encrypted for item in images):
        return ''
    return (
        'Images of encrypted volumes hold the raw LUKS blocks: '
        'without their keys they are useless.'
    )


def _plaintext(request: requests.Request, done: Sequence[plans.Item]) -> str:
    exported = (
        item.encrypted or (item.secret and item.secret.content_type)
        for item in done
        if item.to_file
    )
    if request.recipients or not any(exported):
        return ''
    return _PLAINTEXT[addresses.parse(request.target).scheme]


def _backups_stay(done: Sequence[plans.Item]) -> str:
    backup = plans.Procedure.VOLUME_BACKUP
    if all(item.procedure is not backup for item in done):
        return ''
    return (
        'Cinder backups cannot leave the cloud, and are lost with it: '
        '--to without --volume-method backup makes copies outside.'
    )


def _no_service(done: Sequence[plans.Item]) -> str:
    if not any(item.fallback for item in done):
        return ''
    return (
        'Whether a backup service answers shows with the first volume: '
        'if none does, images are made instead.'
    )


def _images_stay(done: Sequence[plans.Item]) -> str:
    in_cloud = (item for item in done if not item.to_file)
    if all(item.procedure not in _BY_IMAGE for item in in_cloud):
        return ''
    return (
        'Images that stay in the cloud are lost with it: --to brings them out.'
    )


def _always_full(request: requests.Request, done: Sequence[plans.Item]) -> str:
    images = (item for item in done if item.procedure in _BY_IMAGE)
    asked = request.chain is requests.Chain.INCREMENTAL
    if not asked or not any(item.volume for item in images):
        return ''
    return 'Images are always full: --incremental changes nothing for them.'


def _only_disks(items: Sequence[plans.Item]) -> str:
    if not any(item.server for item in items):
        return ''
    return (
        'Of servers only the disks are backed up: '
        'no networks, ports, security groups or flavors.'
    )


def _unknown_size(done: Sequence[plans.Item]) -> str:
    count = sum(item.size is None and not item.secret for item in done)
    if not count:
        return ''
    return f'Of unknown size, and not in the sums: {count}.'

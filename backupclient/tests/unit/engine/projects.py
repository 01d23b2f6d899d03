# SPDX-License-Identifier: Apache-2.0
"""Plans of projects of any size, for the schedule."""

import random

from backupclient.model import inventories
from backupclient.model import needs
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.tests.unit import items

HERE = inventories.CloudIdentity('https://cloud', 'one', 'p', 'web', 'alice')
SIZES = (1, 2, 5, 10, 20, 50, 80, 100, 200, 500)
TYPES = ('fast', 'slow', 'ssd')
_Kind, _Procedure = resources.Kind, plans.Procedure


def volume(id_, procedure, *servers, size=1, type_name='fast', **fields):
    """Give the item of a volume."""
    record = resources.Volume(
        id_,
        f'name of {id_}',
        'in-use' if servers else 'available',
        size,
        type_name=type_name,
        attachments=tuple(
            resources.Attachment(each, '/dev/vdb') for each in servers
        ),
    )
    return items.item(
        record.resource, procedure, 'because', volume=record, **fields
    )


def server(id_, procedure=_Procedure.SERVER_IMAGE, **fields):
    """Give the item of a server."""
    record = resources.Server(id_, f'name of {id_}', 'ACTIVE')
    return items.item(
        record.resource,
        procedure,
        'because',
        server=record,
        group=id_,
        **fields,
    )


def image(id_):
    """Give the item of an image."""
    record = resources.Image(id_, f'name of {id_}', 'active', 'p')
    return items.item(
        record.resource,
        _Procedure.IMAGE_DOWNLOAD,
        'because',
        image=record,
        to_file=True,
    )


def secret(id_):
    """Give the item of a secret."""
    record = resources.Secret(
        id_, f'name of {id_}', 'ACTIVE', content_type='text/plain'
    )
    return items.item(
        record.resource,
        _Procedure.SECRET_DOWNLOAD,
        'because',
        secret=record,
        to_file=True,
    )


def plan_of(*items, stop_servers=False):
    """Give a plan."""
    asked = requests.Request(everything=True, stop_servers=stop_servers)
    return plans.Plan(HERE, asked, items)


def random_plan(count, seed=0, *, stopped=0.05, backups=0.3, whole=0.05):
    """Give the plan of a project with so many resources.

    :param stopped: of so many of them a stopped server is the start.
    :param backups: so many volumes have a Cinder backup, with a fall-back.
    :param whole: so many are servers without a disk of their own.
    """
    dice = random.Random(seed)
    items = []
    while len(items) < count:
        number = len(items)
        if dice.random() < stopped:
            items += _server_with_disks(dice, number, backups, off=True)
        elif dice.random() < whole:
            items += _server_with_disks(dice, number, backups, off=False)
        else:
            items.append(_single(dice, number, backups))
    return plan_of(*items[:count], stop_servers=True)


def _single(dice, number, backups):
    kind = dice.random()
    if kind < 0.15:
        return image(f'image-{number}')
    if kind < 0.25:
        return secret(f'secret-{number}')
    if kind < 0.35:
        return server(f'server-{number}', to_file=True)
    servers = (f'elsewhere-{number}',) if dice.random() < 0.7 else ()
    return _volume(dice, f'volume-{number}', servers, backups)


def _volume(dice, id_, servers, backups, **fields):
    shape = {'size': dice.choice(SIZES), 'type_name': dice.choice(TYPES)}
    copy = _Procedure.SNAPSHOT_IMAGE if servers else _Procedure.VOLUME_IMAGE
    item = volume(id_, copy, *servers, to_file=True, **shape, **fields)
    if dice.random() >= backups:
        return item
    return volume(
        id_,
        _Procedure.VOLUME_BACKUP,
        *servers,
        fallback=item,
        **shape,
        **fields,
    )


def _server_with_disks(dice, number, backups, *, off):
    id_ = f'server-{number}'
    consistency = plans.Consistency.STOPPED if off else plans.Consistency.CRASH
    own = dice.random() < 0.6
    disks = [
        f'volume-{number}-{disk}'
        for disk in range(dice.choice((1, 1, 2, 3, 5)))
    ]
    yield server(
        id_,
        _Procedure.SERVER_IMAGE if own else _Procedure.NONE,
        covered_by='' if own else 'its volumes',
        consistency=consistency if own else plans.Consistency.NONE,
        to_file=own,
        parts=() if own else tuple(disks),
    )
    for disk in disks:
        yield _volume(
            dice,
            disk,
            (id_,),
            backups,
            group=id_,
            consistency=consistency,
        )


def quotas(planned, room=1.0):
    """Give quotas in which each item fits alone, and not many together.

    :param room: so much of the largest need of an item is free.
    """
    largest, kept = {}, {}
    for item in planned.items:
        for name, amount in needs.artifacts(item).items():
            kept[name] = kept.get(name, 0) + amount
        for each in (item, item.fallback):
            for name, amount in (
                needs.temporaries(each).items() if each else ()
            ):
                largest[name] = max(largest.get(name, 0), amount)
    return {
        name: int(largest.get(name, 0) * room) + kept.get(name, 0)
        for name in largest.keys() | kept.keys()
    }

# SPDX-License-Identifier: Apache-2.0
"""Decrypting data while they are uploaded to the cloud."""

from collections.abc import Iterator
import functools

from backupclient import errors
from backupclient.keys.luks import facts
from backupclient.keys.luks import opening
from backupclient.model import plans
from backupclient.model import restores
from backupclient.procedures import step
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task
from backupclient.store import base

PLAIN = 'plain.raw'
"""The file with the decrypted data in a restore by hand."""

_LUKS_2 = 2


def opened(
    work: step.Work, item: plans.Item, size: int, stream: base.Stream
) -> Iterator[bytes]:
    """Yield the first plain bytes of an item's encrypted data.

    The file is read to its end even if fewer bytes are wanted, so that the
    reader's hash covers all of it.

    :param size: the number of plain bytes.
    :param stream: the encrypted data of the file.
    :raises BackupError: if the key does not open the data, or if the data
        have fewer plain bytes.
    """
    left = size
    opener = _opener(work, item)
    while block := stream.read(base.BLOCK):
        plain = opener.feed(block)[:left]
        left -= len(plain)
        if plain:
            yield plain
    opener.end()
    if left:
        raise errors.TransferError(
            f'{task.file(item).path} has {left:,} bytes less than it says. '
            f'{task.files(work, item).instead}'
        )


def plain_size(work: step.Work, item: plans.Item) -> int:
    """Return the number of plain bytes of an item's encrypted data.

    The number is in the header of the file, and not in the plan. It is less
    than the file's size, because the header is part of the file. It is at
    most the size of the new volume.
    """
    file, new = task.file(item), task.of(item).new
    image = functools.partial(task.files(work, item).read, file.path)
    size = facts.plain_size(image, file.size)
    if isinstance(new, restores.NewVolume):
        return min(size, new.size_gib << 30)
    return size


def commands(item: plans.Item) -> list[str]:
    """Return the commands that decrypt the data into the file ``PLAIN``.

    They use ``qemu-img``, or for LUKS 2, which ``qemu-img`` cannot open,
    ``cryptsetup`` with ``sudo``.
    """
    key, path = task.of(item).source.key, task.file(item).path
    passphrase = f'{shell.content(key.path if key else "")} |'
    if key and key.luks == _LUKS_2:
        name = shell.word(f'restore-{item.resource.id}')
        return [
            shell.command(
                passphrase,
                'sudo cryptsetup open --type luks --readonly --key-file - '
                f'{shell.word(path)} {name}',
            ),
            f'sudo cat /dev/mapper/{name} |\n'
            f'    (umask 077; cp --sparse=always /dev/stdin {PLAIN})',
            f'sudo cryptsetup close {name}',
        ]
    disk = f'driver=luks,key-secret=key,file.filename={path}'
    convert = shell.command(
        passphrase,
        '(umask 077; qemu-img convert -O raw',
        '--object secret,id=key,format=raw,file=/dev/stdin',
        f'--image-opts {shell.word(disk)} {PLAIN})',
    )
    return [convert]


def _opener(work: step.Work, item: plans.Item) -> opening.Opener:
    key = task.of(item).source.key
    if key is None:
        raise errors.DocumentError(
            f'The plan names no key for {item.resource.label}. Make a new '
            'plan.'
        )
    passphrase = task.secret_bytes(work, item, key.path)
    found, path = task.files(work, item), task.file(item).path
    image = functools.partial(found.read, path)
    return opening.unlock(image, (passphrase,))

# SPDX-License-Identifier: Apache-2.0
"""Opening encrypted data on their way into the cloud."""

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
"""The file with decrypted data, for those who do it by hand."""

_LUKS_2 = 2


def opened(
    work: step.Work, item: plans.Item, size: int, stream: base.Stream
) -> Iterator[bytes]:
    """Give the plain bytes of encrypted data, as many as are wanted.

    The file is read to its end, also where the volume ends before it, so
    that all of it is hashed.

    :param size: in bytes.
    :raises BackupError: the key does not open the data, or they are shorter
        than the volume.
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
            'Restore this resource from another backup.'
        )


def plain_size(work: step.Work, item: plans.Item) -> int:
    """Return how many bytes of an encrypted volume there are in plain.

    Only the header of the file tells: no plan has it. A volume whose header
    is within its size has less than that, and one that had to grow has more.
    """
    file, new = task.file(item), task.of(item).new
    image = functools.partial(task.files(work, item).read, file.path)
    size = facts.plain_size(image, file.size)
    if isinstance(new, restores.NewVolume):
        return min(size, new.size_gib << 30)
    return size


def commands(item: plans.Item) -> list[str]:
    """Give the commands that decrypt the data into the file ``PLAIN``.

    ``qemu-img`` cannot open LUKS 2, and ``cryptsetup`` needs to be root.
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

# SPDX-License-Identifier: Apache-2.0
"""Opening encrypted data on their way into the cloud."""

from collections.abc import Iterator
import functools
import shlex

from backupclient import errors
from backupclient.keys.luks import facts
from backupclient.keys.luks import opening
from backupclient.model import plans
from backupclient.procedures import step
from backupclient.procedures.restore import task
from backupclient.store import base


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
    file, volume = task.file(item), task.of(item).volume
    image = functools.partial(task.files(work, item).read, file.path)
    size = facts.plain_size(image, file.size)
    return min(size, volume.size_gib << 30) if volume else size


def commands(item: plans.Item) -> list[str]:
    """Give the commands that decrypt the data into the file ``PLAIN``."""
    key = task.of(item).source.key
    found, file = task.plain(key.path if key else 'KEY')
    disk = f'driver=luks,key-secret=key,file.filename={task.file(item).path}'
    return [
        *found,
        f'qemu-img convert -O raw --object secret,id=key,file={file} '
        f'--image-opts {shlex.quote(disk)} PLAIN',
    ]


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

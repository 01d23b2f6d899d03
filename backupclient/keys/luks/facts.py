# SPDX-License-Identifier: Apache-2.0
"""What a LUKS header says without any key."""

from backupclient.keys.luks import luks1
from backupclient.keys.luks import proof
from backupclient.keys.luks import untrusted


def version(image: untrusted.Image) -> int:
    """Return the version of LUKS of a disk image, 0 without a known header.

    :param image: opens the disk image at an offset.
    :raises BackupError: when the image cannot be read, as it says.
    """
    try:
        header = proof.header(untrusted.Source(image))
    except untrusted.NotCheckable:
        return 0
    return 1 if header.keyslots is luks1.keyslots else 2


def plain_size(image: untrusted.Image, size: int) -> int:
    """Return how large the disk is that a disk image holds, in bytes.

    :param image: opens the disk image at an offset.
    :param size: of the image, in bytes; all of it without a known header.
    :raises BackupError: when the image cannot be read, as it says.
    """
    source = untrusted.Source(image)
    try:
        payload = proof.header(source).payload(source)
    except untrusted.NotCheckable:
        return size
    left = max(0, size - payload.offset)
    return left if payload.size is None else min(left, payload.size)

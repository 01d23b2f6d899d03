# SPDX-License-Identifier: Apache-2.0
"""Facts in a LUKS header that can be read without a key."""

from backupclient.keys.luks import luks1
from backupclient.keys.luks import proof
from backupclient.keys.luks import untrusted


def version(image: untrusted.Image) -> int:
    """Return the LUKS version of a disk image, 0 without a supported header.

    :param image: opens the disk image at an offset.
    :raises BackupError: if ``image`` fails to read.
    """
    try:
        header = proof.header(untrusted.Source(image))
    except untrusted.NotCheckable:
        return 0
    return 1 if header.keyslots is luks1.keyslots else 2


def plain_size(image: untrusted.Image, size: int) -> int:
    """Return the size in bytes of the decrypted disk in a disk image.

    :param image: opens the disk image at an offset.
    :param size: the size of the image in bytes, which is returned if there is
        no supported header.
    :raises BackupError: if ``image`` fails to read.
    """
    source = untrusted.Source(image)
    try:
        payload = proof.header(source).payload(source)
    except untrusted.NotCheckable:
        return size
    left = max(0, size - payload.offset)
    return left if payload.size is None else min(left, payload.size)

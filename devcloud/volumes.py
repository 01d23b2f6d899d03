# SPDX-License-Identifier: Apache-2.0
"""Write and read the bytes of a volume behind cinder's back, in Ceph.

This is how a test knows for sure what is in a volume.  For an encrypted one
these are the bytes of its LUKS container.
"""

from __future__ import annotations

import os

from devcloud import settings
from devcloud.commands import run


def _image(volume_id: str) -> str:
    return f'rbd:{settings.POOL}/volume-{volume_id}:conf={settings.CEPH_CONF}'


def write(
    volume_id: str, path: str | os.PathLike[str], mib: int | None = None
) -> None:
    """Write a file to the beginning of a blank volume.

    :param mib: the size that its image in Ceph gets first. Cinder's smallest
        volume has 1 GiB and it knows nothing of that; what it copies is then
        quick to copy.
    """
    if mib is not None:
        words = ['qemu-img', 'resize', '-q', '-f', 'raw', '--shrink']
        run([*words, _image(volume_id), f'{mib}M'])
    run(
        [
            'qemu-img',
            'convert',
            '-n',
            '--target-is-zero',
            '-f',
            'raw',
            '-O',
            'raw',
            path,
            _image(volume_id),
        ]
    )


def read(volume_id: str, path: str | os.PathLike[str]) -> None:
    """Write all bytes of a volume to a file, which becomes sparse."""
    run(
        [
            'qemu-img',
            'convert',
            '-f',
            'raw',
            '-O',
            'raw',
            _image(volume_id),
            path,
        ]
    )

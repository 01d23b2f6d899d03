# SPDX-License-Identifier: Apache-2.0
"""Check the header of a qcow2 file before any other tool opens the file.

A qcow2 file can name other files, and tools then open these too. So a forged
file could copy a file of this machine into the disk. The format is described
in QEMU's ``docs/interop/qcow2.txt``.
"""

import struct

from backupclient.store import base

_HEADER = struct.Struct('>4sIQIIQIIQQIIQ')
_INCOMPATIBLE = struct.Struct('>Q')
_MAGIC = b'QFI\xfb'
_EXTERNAL_DATA = 1 << 2


def obstacle(stream: base.Stream) -> str:
    """Return why a file must not be passed to a tool.

    :param stream: the file, from its start.
    :returns: a sentence, ``''`` if the file names no other file.
    :raises TargetError: if it cannot be read.
    """
    head = stream.read(_HEADER.size + _INCOMPATIBLE.size)
    if len(head) < _HEADER.size or not head.startswith(_MAGIC):
        return 'It does not begin as a qcow2 image does.'
    _, version, backing, backing_size, *_ = _HEADER.unpack_from(head)
    if version not in (2, 3):
        return f'It is qcow2 of the version {version}, which is not known.'
    if backing or backing_size:
        return (
            'It builds on another file (a backing file), which no backup has.'
        )
    if version == 3:
        if len(head) < _HEADER.size + _INCOMPATIBLE.size:
            return 'It ends within its header.'
        (features,) = _INCOMPATIBLE.unpack_from(head, _HEADER.size)
        if features & _EXTERNAL_DATA:
            return (
                'Its data are in another file (an external data file), which '
                'no backup has.'
            )
    return ''


def is_encrypted(stream: base.Stream) -> bool:
    """Return whether the data in a qcow2 file are encrypted.

    :param stream: the file, from its start.
    """
    head = stream.read(_HEADER.size)
    return len(head) == _HEADER.size and bool(_HEADER.unpack(head)[6])

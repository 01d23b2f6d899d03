# SPDX-License-Identifier: Apache-2.0
"""Pipes and streams between this program and a called program."""

import contextlib
import fcntl
import os
import socket

_BUFFER = 1 << 20
_STREAM = 1 << 18
"""The buffer of a feeding socket. The system allocates twice as many bytes.

That must be less than ``restic.streams.FIRST``: a program that has taken these
first bytes is then known to read its stdin.
"""


def pipe(
    reads: contextlib.ExitStack, writes: contextlib.ExitStack
) -> tuple[int, int]:
    """Open a pipe.

    :param reads: the stack that closes the reading end.
    :param writes: the stack that closes the writing end.
    :returns: the descriptors of the reading and of the writing end.
    """
    reading, writing = os.pipe()
    reads.callback(os.close, reading)
    writes.callback(os.close, writing)
    return reading, writing


def widen(file: int) -> None:
    """Enlarge the buffer of a pipe if the system allows it."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, _BUFFER)


def stream(
    theirs: contextlib.ExitStack, ours: contextlib.ExitStack
) -> tuple[socket.socket, socket.socket]:
    """Open a stream.

    :param theirs: the stack that closes the reading end.
    :param ours: the stack that closes the feeding end.
    :returns: the reading and the feeding end, which does not block.
    """
    reading, feeding = socket.socketpair()
    theirs.enter_context(reading)
    ours.enter_context(feeding)
    feeding.setblocking(False)
    feeding.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _STREAM)
    return reading, feeding

# SPDX-License-Identifier: Apache-2.0
"""Pipes and streams between this program and one that it calls."""

import contextlib
import fcntl
import os
import socket

_BUFFER = 1 << 20
_STREAM = 1 << 18
"""The system takes twice as many bytes: fewer than are sent again."""


def pipe(
    reads: contextlib.ExitStack, writes: contextlib.ExitStack
) -> tuple[int, int]:
    """Open a pipe; each end is closed by a stack of its own."""
    reading, writing = os.pipe()
    reads.callback(os.close, reading)
    writes.callback(os.close, writing)
    return reading, writing


def widen(file: int) -> None:
    """Let more bytes wait in a pipe, as far as the system allows it."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, _BUFFER)


def stream(
    theirs: contextlib.ExitStack, ours: contextlib.ExitStack
) -> tuple[socket.socket, socket.socket]:
    """Open a stream: the end that is read, and the one that is fed."""
    reading, feeding = socket.socketpair()
    theirs.enter_context(reading)
    ours.enter_context(feeding)
    feeding.setblocking(False)
    feeding.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _STREAM)
    return reading, feeding

# SPDX-License-Identifier: Apache-2.0
"""The standard streams of a command, which may be gone or go away.

A backup does not end because its terminal was closed, or because nobody
reads its table.
"""

from collections.abc import Iterator
import contextlib
import os
import sys
from typing import Any, TextIO, cast


class Stream:
    """A text stream; what cannot be written to it is dropped.

    :param failure: why something was dropped, ``''`` if nothing was.
    :param unwanted: its reader has closed it, as ``head`` does.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure = ''
        self.unwanted = False

    def write(self, text: str) -> int:
        """Write a text; what its encoding lacks becomes escapes."""
        with self._tried():
            try:
                self._stream.write(text)
            except UnicodeEncodeError as exc:
                known = text.encode(exc.encoding, 'backslashreplace')
                self._stream.write(known.decode(exc.encoding))
        return len(text)

    def flush(self) -> None:
        """Write what waits in the buffer."""
        with self._tried():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _tried(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if not self.failure:
                self.unwanted = isinstance(exc, BrokenPipeError)
            self.failure = self.failure or exc.strerror or str(exc)
            self._drop()

    def _drop(self) -> None:
        """Lead to nowhere what is in the buffer, and what is to come.

        Else Python tries again when it ends, and ends with 120.
        """
        with (
            contextlib.suppress(OSError),
            open(os.devnull, 'wb') as nowhere,
        ):
            os.dup2(nowhere.fileno(), self._stream.fileno())


@contextlib.contextmanager
def lasting(app: Any) -> Iterator[Stream]:
    """While this lasts, writing to stdout and stderr does not fail.

    :param app: cliff's, which has the stdout for tables.
    :returns: this stdout.
    """
    with open(os.devnull, 'w', encoding='utf-8') as nowhere:
        outer = app.stdout, sys.stdout, sys.stderr
        stdout = Stream(app.stdout or nowhere)
        stderr = Stream(sys.stderr or nowhere)
        app.stdout, sys.stderr = stdout, cast(TextIO, stderr)
        # cliff asks it whether it is a terminal.
        sys.stdout = sys.stdout or nowhere
        try:
            yield stdout
        finally:
            stdout.flush()
            stderr.flush()
            app.stdout, sys.stdout, sys.stderr = outer


@contextlib.contextmanager
def on_stderr(app: Any) -> Iterator[None]:
    """While this lasts, what goes to stdout goes to stderr.

    Formatters also ask stdout whether it is a terminal.

    :param app: cliff's, which has the stdout for tables.
    """
    before = app.stdout
    app.stdout = sys.stderr
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        app.stdout = before

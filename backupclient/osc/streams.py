# SPDX-License-Identifier: Apache-2.0
"""Standard streams that may be closed while a command runs.

A backup must not fail because its terminal was closed, or because the reader
of its table has exited.
"""

from collections.abc import Iterator
import contextlib
import os
import sys
from typing import Any, TextIO, cast


class Stream:
    """A text stream that drops text instead of failing.

    :param failure: why text was dropped, ``''`` if none was.
    :param unwanted: True if the reader has closed its end, as ``head`` does.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure = ''
        self.unwanted = False

    def write(self, text: str) -> int:
        """Write a text; characters that the encoding lacks become escapes."""
        with self._tried():
            try:
                self._stream.write(text)
            except UnicodeEncodeError as exc:
                known = text.encode(exc.encoding, 'backslashreplace')
                self._stream.write(known.decode(exc.encoding))
        return len(text)

    def flush(self) -> None:
        """Write the text in the buffer."""
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
        """Redirect the stream to the null device, with the text in the buffer.

        Otherwise Python tries to flush it at exit, and exits with code 120.
        """
        with (
            contextlib.suppress(OSError),
            open(os.devnull, 'wb') as nowhere,
        ):
            os.dup2(nowhere.fileno(), self._stream.fileno())


@contextlib.contextmanager
def lasting(app: Any) -> Iterator[Stream]:
    """Make stdout and stderr streams that drop text instead of failing.

    :param app: the application of cliff, whose ``stdout`` is for tables.
    :returns: the new ``stdout`` of the application.
    """
    with (
        open(os.devnull, 'w', encoding='utf-8') as nowhere,
        _closed() as closed,
    ):
        outer = app.stdout, sys.stdout, sys.stderr
        stdout = Stream(app.stdout or closed)
        stderr = Stream(sys.stderr or nowhere)
        app.stdout, sys.stderr = stdout, cast(TextIO, stderr)
        # Not None: cliff calls its "isatty".
        sys.stdout = sys.stdout or nowhere
        try:
            yield stdout
        finally:
            stdout.flush()
            stderr.flush()
            app.stdout, sys.stdout, sys.stderr = outer


def _closed() -> TextIO:
    """Return a stream that fails as a descriptor that is closed."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    return open(descriptor, 'w', encoding='utf-8')


@contextlib.contextmanager
def on_stderr(app: Any) -> Iterator[None]:
    """Redirect stdout to stderr.

    ``sys.stdout`` too, since formatters ask it whether it is a terminal.

    :param app: the application of cliff, whose ``stdout`` is for tables.
    """
    before = app.stdout
    app.stdout = sys.stderr
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        app.stdout = before

# SPDX-License-Identifier: Apache-2.0
"""Running a program: starting, feeding, reading and ending it.

The program is started by a guard, see
:mod:`backupclient.store.programs.guard`. Its stdin is a stream that only
:meth:`Child.end_stream` ends. Secrets are passed only in its environment:
everyone on the machine can read its arguments.
"""

from collections.abc import Mapping, Sequence
import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from typing import Self

from backupclient import errors
from backupclient.store import streams
from backupclient.store.programs import ending
from backupclient.store.programs import environment
from backupclient.store.programs import guard
from backupclient.store.programs import pipes
from backupclient.store.programs import starting
from backupclient.store.programs import tail

# Bytes of collected stdout (lists of many files), bytes of kept stderr, and
# characters of stderr in messages.
_MOST = 256 << 20
_TAIL = 16 << 10
_QUOTED = 600
# The code of a program whose guard was killed: its own code is not known.
_LOST = -signal.SIGKILL.value


class Child:
    """A program that runs. Used by one thread at a time.

    When its context ends, a program that still runs is ended, together with
    all processes that it has started.

    :param command: the path of the program and its arguments, without secrets.
    :param variables: its complete environment, which may have secrets.
    :param fed: its stdin is a stream; otherwise its stdin is empty.
    :param is_read: the caller reads its stdout with :meth:`read_into`;
        otherwise its stdout is collected.
    :raises TargetError: if it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        how: starting.How,
        *,
        fed: bool = False,
        is_read: bool = False,
    ) -> None:
        self._how = how
        self._ended: ending.Ended | None = None
        self._heard = b''
        self._stream: socket.socket | None = None
        stdin: socket.socket | None = None
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            if fed:
                stdin, self._stream = pipes.stream(theirs, ours)
            control, self._control = pipes.pipe(theirs, ours)
            self._report, report = pipes.pipe(ours, theirs)
            self._stdout, stdout = pipes.pipe(ours, theirs)
            self._stderr, stderr = pipes.pipe(ours, theirs)
            held = self._stream.fileno() if self._stream else guard.NO_STREAM
            # The called program inherits the reading ends of its own output.
            # So it can report its interruption even if this program is dead;
            # with a broken pipe, it would leave its lock behind.
            heard = [self._stderr] if is_read else [self._stderr, self._stdout]
            self._guard = starting.guarded(
                [control, report, held],
                heard,
                how,
                command,
                env=dict(variables),
                stdin=stdin or subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
            self._open = ours.pop_all()
        if is_read:
            pipes.widen(self._stdout)
        self._said = tail.Tail(self._stderr, _TAIL)
        self._out = None if is_read else tail.Tail(self._stdout, _MOST)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def send(self, block: streams.Block) -> None:
        """Write the next bytes to the program's stdin.

        :raises ProgramFailed: if the program has ended.
        :raises ProgramSilent: if it has read nothing for too long.
        """
        view = memoryview(block)
        while view:
            ready = self._poll({self._feed.fileno(): select.POLLOUT})
            if self._report in ready:
                # It ended before the stream, so it cannot have read all.
                raise self._failure()
            try:
                view = view[self._feed.send(view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._failure() from None

    def end_stream(self) -> None:
        """End the stream. To be called only if it is complete and valid."""
        with contextlib.suppress(OSError):
            self._feed.shutdown(socket.SHUT_WR)

    def read_into(self, buffer: bytearray | memoryview) -> int:
        """Read from the program's stdout until the buffer is full.

        :returns: the number of bytes, less than fit only at the end of the
            output; then the program has ended with success.
        :raises ProgramFailed: if it has failed, so that output is missing.
        :raises ProgramSilent: if it has written nothing for too long.
        """
        view, count = memoryview(buffer), 0
        while count < len(view) and self._ended is None:
            self._poll({self._stdout: select.POLLIN}, ended_is_news=False)
            more = os.readv(self._stdout, [view[count:]])
            if not more:
                self.require_done()
                break
            count += more
        return count

    def require_done(self, limit: float | None = None) -> ending.Ended:
        """Wait until the program has ended with success.

        :param limit: in seconds, None for the usual patience.
        :raises ProgramFailed: if its exit code is not 0.
        :raises ProgramSilent: if it has not ended within the limit.
        :raises TargetError: if its output is too long. A list without its
            beginning could pass for a shorter one.
        """
        ended = self.wait(self._how.patience if limit is None else limit)
        if ended.code:
            raise ending.ProgramFailed(self._how.name, ended)
        if not ended.whole:
            raise errors.TargetError(
                f'{self._how.name} has written more than {_MOST >> 20} MiB, '
                'the most that is read.'
            )
        return ended

    def wait(self, limit: float) -> ending.Ended:
        """Wait until the program has ended, with any exit code.

        :param limit: seconds until the program is ended by force.
        :raises ProgramSilent: if it had to be ended.
        """
        if self._ended is None and not self._await_end(limit):
            self.stop()
            raise ending.ProgramSilent(
                f'{self._how.name} did not come to its end within '
                f'{limit:g} s and was ended{self._quoted()}'
            )
        if self._ended is None:
            self._ended = self._gather()
        return self._ended

    def stop(self) -> None:
        """End the program: interrupt it first, so that it removes its lock.

        Do nothing if it has ended.
        """
        if self._ended is None:
            with contextlib.suppress(OSError):
                os.write(self._control, b'.')
            self._await_end(self._how.grace + 5)
            self._ended = self._gather()

    def _failure(self) -> ending.ProgramFailed:
        ended = self.wait(self._how.grace)
        return ending.ProgramFailed(self._how.name, ended)

    @property
    def _feed(self) -> socket.socket:
        if self._stream is None:
            raise ValueError('the program is not fed')
        return self._stream

    def _poll(
        self, wanted: dict[int, int], *, ended_is_news: bool = True
    ) -> set[int]:
        """Return the descriptors that are ready, after a wait if needed.

        :param wanted: the events to wait for, by the descriptor.
        :param ended_is_news: the end of the program ends the wait, too.
        :raises ProgramSilent: if none is ready for too long.
        """
        poll = select.poll()
        for file, events in wanted.items():
            poll.register(file, events)
        if ended_is_news:
            poll.register(self._report, select.POLLIN)
        while ready := {f for f, _ in poll.poll(self._how.patience * 1000)}:
            if self._report not in ready or self._has_report():
                return ready
        self.stop()
        raise ending.ProgramSilent(
            f'{self._how.name} did nothing for '
            f'{self._how.patience:g} s and was ended'
            f'{self._quoted()}'
        )

    def _has_report(self) -> bool:
        """Read from the report; return whether the program has ended."""
        heard = os.read(self._report, 4096)
        self._heard += heard
        return not heard or b'ended' in self._heard

    def _await_end(self, limit: float) -> bool:
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        deadline = time.monotonic() + limit
        while (left := deadline - time.monotonic()) > 0:
            if poll.poll(left * 1000) and self._has_report():
                return True
        return False

    def _gather(self) -> ending.Ended:
        """Close all descriptors and return how the program ended."""
        try:
            self._guard.wait(self._how.grace + 10)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        while not self._has_report():
            pass  # The pipe may have several parts of the report.
        code = self._code()
        out = self._out.end() if self._out else b''
        whole = self._out is None or self._out.is_whole
        said = environment.quotable(self._said.end(), self._how.secrets)
        self._open.close()
        return ending.Ended(code, out, said, whole)

    def _code(self) -> int:
        """Return the exit code that the guard has reported."""
        words = dict(line.split() for line in self._heard.splitlines())
        if b'ended' in words:
            return int(words[b'ended'])
        if b'started' in words:
            # The guard was killed and cannot end the program any more.
            with contextlib.suppress(OSError):
                os.killpg(int(words[b'started']), signal.SIGINT)
        return _LOST

    def _quoted(self) -> str:
        said = self._ended.said if self._ended else ''
        return f': {said[-_QUOTED:]}' if said else '.'


def run(
    command: Sequence[str],
    variables: Mapping[str, str],
    how: starting.How,
    limit: float,
) -> ending.Ended:
    """Run a program to its end.

    :param limit: the seconds that it may take.
    :returns: its exit code, 0, and its output.
    :raises ProgramFailed: if its exit code is not 0.
    :raises ProgramSilent: if it has not ended within the limit.
    """
    with Child(command, variables, how) as child:
        return child.require_done(limit)

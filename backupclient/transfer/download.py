# SPDX-License-Identifier: Apache-2.0
"""One download: bytes in, a checked file out.

A broken stream is continued where it ended: by a range where the service
does ranges, else by reading over what is there already. The data do not
change meanwhile, and the hash is of the whole.
"""

import contextlib
import dataclasses
import logging

from backupclient import clocks
from backupclient import errors
from backupclient import pauses
from backupclient.store import base
from backupclient.transfer import comparison
from backupclient.transfer import sources
from backupclient.transfer import zeros

LOG = logging.getLogger(__name__)

_PATIENCE = 300.0
"""Seconds for which a stream may bring nothing before the download fails."""

# Glance's answers: 400 where the store has no ranges (RBD, Swift, S3), 416
# behind the end, 500 for an image without a size.
_NO_RANGES = {400, 416, 500}


def download(
    source: sources.Source,
    files: base.Files,
    path: str,
    expected: comparison.Expected,
    *,
    clock: clocks.Clock,
    progress: comparison.Progress,
) -> comparison.Proved:
    """Bring a stream into a file that is there only when all is right.

    A file that is there already is checked and left as it is. In a store that
    cannot continue, one that is not the right one is begun anew: a kill may
    have left the beginning of it. What an earlier
    try has left is continued where a hash can prove the whole; should that
    fail, once more from the start. A stream that cannot be brought to its end
    leaves what came of it: continue it, or delete the file.

    :param files: where the file goes.
    :param path: of the file.
    :param progress: hears, for each block, the bytes so far and of how many.
    :raises TransferError: the stream broke too often, or is not as expected.
    :raises TargetError: the file cannot be written, or has other content.
    :raises CloudError: the service refused.
    :raises Interrupted: the run was asked to stop.
    """
    found = files.stat(path)
    if found is not None:
        try:
            return _check_present(files, found, expected, clock, progress)
        except comparison.Mismatch as error:
            if files.can.continuing:
                raise _something_else(files, path, error) from error
        # A kill has left the beginning of it.
        files.delete(path)
    job = _Job(source, files, path, expected, clock, progress)
    try:
        return job.bring(anew=not expected.digest[0])
    except _Stale:
        return job.bring(anew=True)


def _check_present(
    files: base.Files,
    found: base.Entry,
    expected: comparison.Expected,
    clock: clocks.Clock,
    progress: comparison.Progress,
) -> comparison.Proved:
    """Prove a file that is there.

    :raises Mismatch: it is not the one that was expected.
    """
    if expected.size not in (None, found.size):
        raise comparison.Mismatch(
            f'it has {found.size:,} bytes instead of {expected.size:,}'
        )
    with (
        files.read(found.path) as stream,
        contextlib.closing(comparison.Tally(expected, progress)) as tally,
    ):
        while block := stream.read(base.BLOCK):
            clock.stop.check()
            tally.add(block)
        return tally.prove()


def _something_else(
    files: base.Files, path: str, error: comparison.Mismatch
) -> errors.TargetError:
    return errors.TargetError(
        f'{files.name}/{path} is there already and is something else: '
        f'{error}. Move it away and try again.'
    )


class _Stale(Exception):
    """What an earlier try has left cannot be continued."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """One file to bring, as often as it takes."""

    source: sources.Source
    files: base.Files
    path: str
    expected: comparison.Expected
    clock: clocks.Clock
    progress: comparison.Progress

    def bring(self, *, anew: bool) -> comparison.Proved:
        """Bring the file.

        :param anew: else go on with what an earlier try has left.
        :raises _Stale: that is not a part of the right file.
        """
        size = self.expected.size
        with self.files.write(self.path, size, anew=anew) as writer:
            try:
                proved = self._fill(writer)
            except comparison.Mismatch as error:
                if writer.kept:
                    raise _Stale from error
                writer.abort()
                raise self._thrown_away(error) from error
            writer.commit()
        return proved

    def _fill(self, writer: base.Writer) -> comparison.Proved:
        with contextlib.closing(
            comparison.Tally(self.expected, self.progress)
        ) as tally:
            for block in writer.earlier():
                self.clock.stop.check()
                tally.add(block)
            sink = zeros.Sink(writer, holes=self.files.can.holes)
            _Stream(self.source, self.path, sink, tally, self.clock).fetch()
            return tally.prove()

    def _thrown_away(self, error: comparison.Mismatch) -> errors.TransferError:
        return errors.TransferError(
            f'The download of {self.path} was thrown away: {error}. Try '
            'again; if it fails again, the data in the cloud are damaged.'
        )


class _Stream:
    """The rest of a stream, over as many answers as it takes."""

    def __init__(
        self,
        source: sources.Source,
        path: str,
        sink: zeros.Sink,
        tally: comparison.Tally,
        clock: clocks.Clock,
    ) -> None:
        self._source = source
        self._path = path
        self._sink = sink
        self._tally = tally
        self._clock = clock
        self._ranges = True

    def fetch(self) -> None:
        """Read until everything is there.

        :raises TransferError: when try after try brings nothing.
        """
        longer = pauses.growing()
        brought = self._clock.monotonic()
        while self._tally.missing != 0:
            before = self._tally.done
            try:
                self._read(before if self._ranges else 0)
                return
            except errors.CloudError as error:
                if self._ranges and before and error.status in _NO_RANGES:
                    self._ranges = False
                    continue
                if not error.passes:
                    raise
                now = self._clock.monotonic()
                if self._tally.done > before:
                    longer, brought = pauses.growing(), now
                elif now - brought >= _PATIENCE:
                    raise self._gave_up(error) from error
                pause = next(longer)
                LOG.info('%s Next try in %g s', error, pause)
            self._clock.sleep(pause)

    def _read(self, offset: int) -> None:
        """Read one answer to its end and keep what is new in it."""
        with self._source.open(offset) as opened:
            if opened.start > offset:
                raise errors.CloudError(
                    f'Bytes from {offset:,} on were asked for, those from '
                    f'{opened.start:,} on came.',
                    416,
                )
            known = self._tally.done - opened.start
            while block := opened.read(base.BLOCK):
                self._clock.stop.check()
                if fresh := block[known:]:
                    self._keep(fresh)
                known = max(0, known - len(block))
        if self._tally.missing:
            raise errors.AnswerLost('The answer ended early.')

    def _keep(self, block: bytes) -> None:
        offset = self._tally.done
        self._tally.add(block)
        self._sink.write(offset, block)

    def _gave_up(self, error: errors.CloudError) -> errors.TransferError:
        return errors.TransferError(
            f'The download of {self._path} stopped at byte '
            f'{self._tally.done:,} and for {_PATIENCE / 60:g} minutes no try '
            f'brought more: {error} Try again when the connection holds.'
        )

# SPDX-License-Identifier: Apache-2.0
"""Download a stream into a checked file.

A broken stream is continued where it ended: with a range request if the
service supports it, else by skipping the bytes that were already stored. This
is safe: images do not change, and the hash covers the whole file.
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
"""Seconds without a new byte after which the download fails."""

# Glance's answers to a range: 400 if the store has no ranges (RBD, Swift, S3),
# 416 behind the end, 500 for an image without a size.
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
    """Download a stream into a file that appears only if it is complete.

    An existing file is checked and kept if it is right. A wrong file is an
    error in a store that can continue files. In other stores it may be the
    beginning of a killed download, so it is downloaded again.

    A partial file of an earlier try is continued if there is a hash to check
    the whole. If that check fails, the download starts again from the first
    byte. If the stream fails, the partial file stays: call again to continue,
    or delete it.

    :param files: the store's files.
    :param path: the path of the new file.
    :param progress: called for each block with the bytes so far and in total.
    :returns: the file's size and hashes.
    :raises TransferError: if the stream stalled or is not as expected.
    :raises TargetError: if the file cannot be written, or has other content.
    :raises CloudError: if the service refused.
    :raises Interrupted: if the run was asked to stop.
    """
    found = files.stat(path)
    if found is not None:
        try:
            return _check_present(files, found, expected, clock, progress)
        except comparison.Mismatch as error:
            if files.can.continuing:
                raise _something_else(files, path, error) from error
        # Probably the beginning of a download that was killed.
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
    """Hash an existing file and return its facts.

    :raises Mismatch: if it is not as expected.
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
    """The partial file of an earlier try is not a part of the right file."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """The download of one file."""

    source: sources.Source
    files: base.Files
    path: str
    expected: comparison.Expected
    clock: clocks.Clock
    progress: comparison.Progress

    def bring(self, *, anew: bool) -> comparison.Proved:
        """Download the file.

        :param anew: whether to ignore a partial file of an earlier try.
        :raises _Stale: if that partial file turns out to be wrong.
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
    """The rest of a stream, read in one or more responses."""

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
        """Read until the stream is complete.

        :raises TransferError: if no try brought a byte for 5 minutes.
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
        """Read one response to its end, and store its new bytes."""
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

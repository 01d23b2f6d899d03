# SPDX-License-Identifier: Apache-2.0
"""One download: bytes in, a checked file out.

A broken stream is continued where it ended: by a range where the service
does ranges, else by reading over what is there already. The data do not
change meanwhile, and the hash is of the whole.
"""

from collections.abc import Iterable
import contextlib
import os
import pathlib

from backupclient import clock as clock_
from backupclient import errors
from backupclient import pauses
from backupclient.transfer import part as part_
from backupclient.transfer import proof
from backupclient.transfer import source as source_

_PATIENCE = 300.0
"""Seconds for which a stream may bring nothing before the download fails."""

# Glance's answers: 400 where the store has no ranges (RBD, Swift, S3), 416
# behind the end, 500 for an image without a size.
_NO_RANGES = {400, 416, 500}


def download(
    source: source_.Source,
    destination: pathlib.Path,
    expected: proof.Expected,
    *,
    clock: clock_.Clock,
    progress: proof.Progress,
) -> proof.Proved:
    """Bring a stream into a file that gets its name when all is right.

    What is there already under the final name is checked and left as it is.
    A part file of an earlier try is continued where a hash can prove the
    whole; should that fail, once more from the start. The part file stays
    when the stream cannot be brought to its end: continue it, or
    :func:`~backupclient.transfer.part.discard` it.

    :param destination: the final path, in a folder that is there.
    :param progress: hears, for each block, the bytes so far and of how many.
    :raises TransferError: the stream broke too often, or is not as expected.
    :raises TargetError: the file cannot be written, or has other content.
    :raises CloudError: the service refused.
    :raises Interrupted: the run was asked to stop.
    """
    if os.path.lexists(destination):
        return _check_present(destination, expected, clock, progress)
    with part_.opened(destination) as part:
        if not expected.digest[0]:
            part.clear()
        try:
            proved = _fill(part, source, expected, clock, progress)
        except proof.Mismatch as error:
            part_.discard(destination)
            raise errors.TransferError(
                f'The download of {destination.name} was thrown away: '
                f'{error}. Try again; if it fails again, the data in the '
                'cloud are damaged.'
            ) from error
        part.finish(proved.size)
    return proved


def _check_present(
    destination: pathlib.Path,
    expected: proof.Expected,
    clock: clock_.Clock,
    progress: proof.Progress,
) -> proof.Proved:
    try:
        with (
            part_.finished(destination) as blocks,
            contextlib.closing(proof.Tally(expected, progress)) as tally,
        ):
            _add(blocks, tally, clock)
            return tally.prove()
    except proof.Mismatch as error:
        raise errors.TargetError(
            f'{destination} is there already and is something else: {error}. '
            'Move it away and try again.'
        ) from error


def _fill(
    part: part_.Part,
    source: source_.Source,
    expected: proof.Expected,
    clock: clock_.Clock,
    progress: proof.Progress,
) -> proof.Proved:
    if part.length:
        with contextlib.suppress(proof.Mismatch):
            return _complete(part, source, expected, clock, progress)
        part.clear()
    return _complete(part, source, expected, clock, progress)


def _complete(
    part: part_.Part,
    source: source_.Source,
    expected: proof.Expected,
    clock: clock_.Clock,
    progress: proof.Progress,
) -> proof.Proved:
    with contextlib.closing(proof.Tally(expected, progress)) as tally:
        _add(part.blocks(), tally, clock)
        _Stream(source, part, tally, clock).fetch()
        return tally.prove()


def _add(
    blocks: Iterable[bytes], tally: proof.Tally, clock: clock_.Clock
) -> None:
    for block in blocks:
        clock.check()
        tally.add(block)


class _Stream:
    """The rest of a stream, over as many answers as it takes."""

    def __init__(
        self,
        source: source_.Source,
        part: part_.Part,
        tally: proof.Tally,
        clock: clock_.Clock,
    ) -> None:
        self._source = source
        self._part = part
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
            self._clock.sleep(next(longer))

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
            while block := opened.read(part_.BLOCK):
                self._clock.check()
                if fresh := block[known:]:
                    self._keep(fresh)
                known = max(0, known - len(block))
        if self._tally.missing:
            raise errors.AnswerLost('The answer ended early.')

    def _keep(self, block: bytes) -> None:
        offset = self._tally.done
        self._tally.add(block)
        self._part.write(offset, block)

    def _gave_up(self, error: errors.CloudError) -> errors.TransferError:
        return errors.TransferError(
            f'The download of {self._part.destination.name} stopped at byte '
            f'{self._tally.done:,} and for {_PATIENCE / 60:g} minutes no try '
            f'brought more: {error} Try again when the connection holds.'
        )

# SPDX-License-Identifier: Apache-2.0
"""Compare the bytes of a stream with their expected size and hash."""

from collections.abc import Callable, Mapping
import dataclasses

from backupclient.transfer import hasher

Progress = Callable[[int, int | None], None]


class Mismatch(Exception):
    """The bytes differ from the expected ones; the text says how."""


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """The expected size and hash of a stream, by the cloud or a manifest.

    :param size: in bytes, None if unknown.
    :param algorithm: Glance's ``os_hash_algo``, or ``''``.
    :param value: Glance's ``os_hash_value``, hexadecimal, or ``''``.
    :param md5: Glance's ``checksum``, hexadecimal, or ``''``.
    :param said_by: where these values are from, for a message.
    """

    size: int | None = None
    algorithm: str = ''
    value: str = ''
    md5: str = ''
    said_by: str = 'the cloud'

    @property
    def digest(self) -> tuple[str, str]:
        """The best available algorithm and its value, two ``''`` for none."""
        algorithm = self.algorithm.lower()
        if self.value and hasher.supported(algorithm):
            return algorithm, self.value.lower()
        return ('md5', self.md5.lower()) if self.md5 else ('', '')


@dataclasses.dataclass(frozen=True, slots=True)
class Proved:
    """The facts of a stream that was as expected.

    :param size: in bytes.
    :param digests: hexadecimal, by algorithm; always with ``sha512``.
    :param verified: what was compared: an algorithm's name, else ``size``,
        else ``''`` if nothing was known.
    """

    size: int
    digests: Mapping[str, str]
    verified: str


class Tally:
    """Counts and hashes the bytes of one stream.

    :param progress: called for each block with the bytes so far and in total
        (None if unknown).
    """

    def __init__(
        self,
        expected: Expected,
        progress: Progress,
    ) -> None:
        self._expected = expected
        self._progress = progress
        self._hasher = hasher.Hasher(
            {'sha512', expected.digest[0] or 'sha512'}
        )
        self.done = 0

    @property
    def missing(self) -> int | None:
        """The number of missing bytes, None if the size is unknown."""
        size = self._expected.size
        return None if size is None else size - self.done

    def add(self, block: bytes) -> None:
        """Count and hash the next block.

        :raises Mismatch: if the stream is longer than expected.
        """
        if self.missing is not None and len(block) > self.missing:
            raise Mismatch(
                f'more than the expected {self._expected.size:,} bytes came'
            )
        self._hasher.update(block)
        self.done += len(block)
        self._progress(self.done, self._expected.size)

    def prove(self) -> Proved:
        """Compare the stream with the expected values after its last block.

        :raises Mismatch: if they differ.
        """
        if self.missing:
            raise Mismatch(
                f'{self.done:,} bytes came instead of {self._expected.size:,}'
            )
        digests = self._hasher.digests()
        algorithm, value = self._expected.digest
        if algorithm and digests[algorithm] != value:
            raise Mismatch(
                f'the {algorithm} of the bytes begins with '
                f'{_beginning(digests[algorithm])}, not with '
                f'{_beginning(value)}, as {self._expected.said_by} says'
            )
        counted = '' if self.missing is None else 'size'
        return Proved(self.done, digests, algorithm or counted)

    def close(self) -> None:
        """End the hashing thread, at any time."""
        self._hasher.close()


def _beginning(digest: str) -> str:
    """Return the first digits of a hash; they show that two hashes differ."""
    return digest[:12]

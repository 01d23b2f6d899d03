# SPDX-License-Identifier: Apache-2.0
"""What was expected, what came, and whether they are the same."""

from collections.abc import Callable, Mapping
import dataclasses

from backupclient.transfer import hasher

Progress = Callable[[int, int | None], None]


class Mismatch(Exception):
    """The bytes are not the expected ones; the text says in what."""


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """What the cloud or a manifest says of the bytes, as far as it does.

    :param size: in bytes, None when not known.
    :param algorithm: Glance's ``os_hash_algo``, or ``''``.
    :param value: Glance's ``os_hash_value``, hexadecimal, or ``''``.
    :param md5: Glance's ``checksum``, hexadecimal, or ``''``.
    :param said_by: who says it, for a message.
    """

    size: int | None = None
    algorithm: str = ''
    value: str = ''
    md5: str = ''
    said_by: str = 'the cloud'

    @property
    def digest(self) -> tuple[str, str]:
        """The best algorithm and its value, ``''`` for none."""
        algorithm = self.algorithm.lower()
        if self.value and hasher.supported(algorithm):
            return algorithm, self.value.lower()
        return ('md5', self.md5.lower()) if self.md5 else ('', '')


@dataclasses.dataclass(frozen=True, slots=True)
class Proved:
    """A stream that was as expected.

    :param size: in bytes.
    :param digests: hexadecimal, by algorithm; ``sha512`` is always there.
    :param verified: what was compared: an algorithm, else ``size``, else
        ``''``: the cloud said nothing.
    """

    size: int
    digests: Mapping[str, str]
    verified: str


class Tally:
    """Counts and hashes the bytes of one stream.

    :param progress: hears, for each block, the bytes so far and of how many
        (None: not known).
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
        """How many bytes are still to come, None when not known."""
        size = self._expected.size
        return None if size is None else size - self.done

    def add(self, block: bytes) -> None:
        """Take the next block.

        :raises Mismatch: when the stream is longer than expected.
        """
        if self.missing is not None and len(block) > self.missing:
            raise Mismatch(
                f'more than the expected {self._expected.size:,} bytes came'
            )
        self._hasher.update(block)
        self.done += len(block)
        self._progress(self.done, self._expected.size)

    def prove(self) -> Proved:
        """Compare what came with what was expected.

        :raises Mismatch: when they differ.
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
        """End the hashing, done or not."""
        self._hasher.close()


def _beginning(digest: str) -> str:
    """Return the first digits of a hash: enough to see that two differ."""
    return digest[:12]

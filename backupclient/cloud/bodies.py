# SPDX-License-Identifier: Apache-2.0
"""The interface of data that are uploaded to the cloud."""

from collections.abc import Iterator
from typing import Protocol


class Body(Protocol):
    """The body of an upload: blocks whose total length is known before."""

    def __len__(self) -> int:
        """Return the length in bytes."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks; each call starts from the first block."""

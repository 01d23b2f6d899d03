# SPDX-License-Identifier: Apache-2.0
"""Data on their way into the cloud."""

from collections.abc import Iterator
from typing import Protocol


class Body(Protocol):
    """Data to be sent: as long as it says, in blocks."""

    def __len__(self) -> int:
        """Give the length in bytes."""

    def __iter__(self) -> Iterator[bytes]:
        """Give the blocks, from the first one on."""

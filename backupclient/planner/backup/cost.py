# SPDX-License-Identifier: Apache-2.0
"""The amount of data that a plan moves."""

from collections.abc import Iterable

from backupclient.model import plans


def moved(items: Iterable[plans.Item]) -> int:
    """Return the number of bytes that the services and the program move.

    Data that go into an image and from there into a file count twice. For a
    server's disk and for an incremental backup, the number is an upper limit.
    """
    return sum(_times(item) * (item.size or 0) for item in items)


def _times(item: plans.Item) -> int:
    if item.procedure is plans.Procedure.NONE:
        return 0
    once = item.procedure is plans.Procedure.IMAGE_DOWNLOAD or not item.to_file
    return 1 if once else 2


def to_files(items: Iterable[plans.Item]) -> int:
    """Return the number of bytes that the target must have room for."""
    return sum(item.size or 0 for item in items if item.to_file)

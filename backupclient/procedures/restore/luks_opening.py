# SPDX-License-Identifier: Apache-2.0
"""Opening encrypted data on their way into the cloud."""

from collections.abc import Iterator

from backupclient import errors
from backupclient.model import plan as plan_
from backupclient.procedures import step
from backupclient.store import base


def opened(
    work: step.Work, item: plan_.Item, size: int, stream: base.Stream
) -> Iterator[bytes]:
    """Give the plain bytes of encrypted data.

    :param size: of the plain data, in bytes.
    :raises BackupError: the key does not open the data.
    """
    raise errors.BackupError('not yet')
    yield b''

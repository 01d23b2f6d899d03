# SPDX-License-Identifier: Apache-2.0
"""The tasks that back a resource up, or the reasons to do nothing.

Each class has only the parameters of its procedure. The tasks of restores are
in :mod:`backupclient.model.restores`.
"""

import dataclasses

from backupclient.model import ids
from backupclient.model import resources


@dataclasses.dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing can be done: the item's reason says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Covered:
    """Nothing has to be done: backups of other resources contain the data.

    :param by: the resources with the data, in words.
    :param parts: the IDs of these resources; their outcome is this one's.
    """

    by: str
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ids.require(*self.parts)


@dataclasses.dataclass(frozen=True, slots=True)
class Present:
    """Nothing has to be restored: the resource with this ID exists."""

    id: str

    def __post_init__(self) -> None:
        ids.require(self.id)


@dataclasses.dataclass(frozen=True, slots=True)
class ImageDownload:
    """Download an image: the resource itself, or a shelved server's disk."""

    image: resources.Image


@dataclasses.dataclass(frozen=True, slots=True)
class SecretDownload:
    """Download the payload of a secret."""


@dataclasses.dataclass(frozen=True, slots=True)
class ImageCopy:
    """Make an image.

    :param to_file: whether the image is downloaded.
    :param keep_image: whether it stays in the cloud after the download.
    :param stops: the IDs of running servers to stop for the capture and to
        start again afterwards.
    """

    to_file: bool = False
    keep_image: bool = False
    stops: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ids.require(*self.stops)


class ServerImage(ImageCopy):
    """Make an image of a server's own disk."""

    __slots__ = ()


class VolumeImage(ImageCopy):
    """Make an image of a volume."""

    __slots__ = ()


class SnapshotImage(ImageCopy):
    """Make an image of a volume by way of a snapshot."""

    __slots__ = ()

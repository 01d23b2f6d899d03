# SPDX-License-Identifier: Apache-2.0
"""What is done with a resource to back it up; or why nothing is.

Each class has what its procedure needs, and no more. How a resource comes
back is in :mod:`backupclient.model.restores`.
"""

import dataclasses

from backupclient.model import ids
from backupclient.model import resources


@dataclasses.dataclass(frozen=True, slots=True)
class Nothing:
    """There is no way to do it: the reason of the item says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Covered:
    """Nothing has to be done: the data are backed up elsewhere.

    :param by: what holds the data, in words.
    :param parts: the IDs of the resources that hold them. What becomes of
        these becomes of this one.
    """

    by: str
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ids.require(*self.parts)


@dataclasses.dataclass(frozen=True, slots=True)
class Present:
    """Nothing has to be restored: the resource with this ID is there."""

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

    :param to_file: the image is downloaded.
    :param keep_image: the image stays in the cloud after the download.
    :param stops: the IDs of the running servers that are stopped for the
        capture, and started again afterwards.
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

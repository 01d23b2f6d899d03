# SPDX-License-Identifier: Apache-2.0
"""A user's request for a backup: the selection and the options."""

import dataclasses
import enum

from backupclient.model import addresses


class VolumeMethod(enum.StrEnum):
    """How volumes are backed up."""

    AUTO = 'auto'
    BACKUP = 'backup'
    IMAGE = 'image'


class Chain(enum.StrEnum):
    """Whether a Cinder backup is incremental, so builds on an earlier one."""

    AUTO = 'auto'
    FULL = 'full'
    INCREMENTAL = 'incremental'


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A selection of resources, and the options of their backup.

    :param everything: ``--all``.
    :param match: metadata keys with their values, None for any value.
    :param exclude: ``KIND/NAME-OR-ID``, as typed.
    :param target: the value of ``--to`` without passwords, as
        :func:`backupclient.operations.request.target` returns it; ``''`` for
        none.
    :param recipients: age or SSH public keys.
    :param name: the start of the artifacts' names, ``''`` for our default.
    """

    everything: bool = False
    servers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    match: tuple[tuple[str, str | None], ...] = ()
    exclude: tuple[str, ...] = ()
    target: str = ''
    volume_method: VolumeMethod = VolumeMethod.AUTO
    chain: Chain = Chain.AUTO
    recipients: tuple[str, ...] = ()
    plaintext_keys: bool = False
    keep_images: bool = False
    stop_servers: bool = False
    name: str = ''

    def __post_init__(self) -> None:
        if self.target:
            addresses.kept(self.target)

    @property
    def selects(self) -> bool:
        """True if the request selects any resources."""
        named = (self.servers, self.volumes, self.images, self.secrets)
        return self.everything or any(named) or bool(self.match)

    @property
    def exports_keys(self) -> bool:
        """True if keys and secrets may be written to files."""
        return self.plaintext_keys or bool(self.recipients)

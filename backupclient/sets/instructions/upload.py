# SPDX-License-Identifier: Apache-2.0
"""Files that become images: what to say to Glance."""

from collections.abc import Iterable, Mapping

from backupclient.model import properties as properties_
from backupclient.sets.instructions import shell


def properties(found: Mapping[str, str]) -> tuple[str, ...]:
    """Give the options for the properties that were the owner's."""
    return shell.properties(properties_.owned(found))


def needs(min_disk: int, min_ram: int) -> str:
    """Give the options for what a server of the image has to have."""
    if not (min_disk or min_ram):
        return ''
    return f'--min-disk {min_disk} --min-ram {min_ram}'


def image(
    path: str,
    disk_format: str,
    container_format: str,
    options: Iterable[str],
    name: str,
) -> str:
    """Give the command that makes an image of a file.

    :param options: further ones, quoted.
    :param name: the last argument, quoted.
    :returns: it keeps the new image's ID in ``IMAGE``.
    """
    return shell.kept(
        'IMAGE',
        'id',
        'openstack image create --private',
        f'{shell.option("--disk-format", disk_format)} '
        f'{shell.option("--container-format", container_format)}',
        *options,
        f'--file {shell.word(path)}',
        name,
    )

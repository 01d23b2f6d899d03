# SPDX-License-Identifier: Apache-2.0
"""Lists that could not be read, and the consequences for the plan."""

from collections.abc import Iterator

from backupclient import errors
from backupclient.model import inventories
from backupclient.model import resources

_MEANS = {
    'server': 'No server is in this plan, and none is stopped.',
    'volume': (
        'No volume is in this plan; keys of volumes cannot be told from '
        'secrets of your own.'
    ),
    'image': 'No image is in this plan.',
    'secret': 'No secret is in this plan.',
    'snapshot': 'What interrupted runs have left may not be seen.',
    'backup': 'No volume is backed up with the Backup API.',
    'quota': 'Whether the quotas have room shows in the run.',
}
_SILENT = {
    'key-manager': (
        'Without it no key can be exported: what is encrypted cannot be '
        'brought out of the cloud.'
    ),
    'image': 'Without it nothing can be copied to an image.',
}

_SERVICES = {
    resources.Kind.SERVER: 'compute',
    resources.Kind.VOLUME: 'block-storage',
    resources.Kind.IMAGE: 'image',
    resources.Kind.SECRET: 'key-manager',
}


def cautions(inventory: inventories.Inventory) -> Iterator[str]:
    """Yield for each unread list the reason and the consequence."""
    for kind, why in inventory.unread.items():
        yield f'{why.rstrip(".")}. {_MEANS.get(kind, "")}'.rstrip()
    for service, means in _SILENT.items():
        if service in inventory.silent:
            yield means


def silent_kinds(inventory: inventories.Inventory) -> set[resources.Kind]:
    """Return the kinds whose service does not answer."""
    return {
        kind
        for kind, service in _SERVICES.items()
        if kind in inventory.unread and service in inventory.silent
    }


def require_read(
    inventory: inventories.Inventory, *kinds: resources.Kind
) -> None:
    """Raise CloudError if the resources of a kind could not be read.

    The caller needs the complete list to look something up.

    :raises CloudError: with the reason.
    """
    for kind in kinds:
        if kind in inventory.unread:
            raise errors.CloudError(inventory.unread[kind])

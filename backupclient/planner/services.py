# SPDX-License-Identifier: Apache-2.0
"""Services that a plan needs, and whether they are there."""

from backupclient.model import inventories

_NAMES = {
    'block-storage': 'block storage (Cinder)',
    'compute': 'compute (Nova)',
    'image': 'image service (Glance)',
    'key-manager': 'key manager (Barbican)',
}


def missing(inventory: inventories.Inventory, *services: str) -> str:
    """Return the reason if a service is absent, or does not answer.

    :param services: types, as openstacksdk names them.
    :returns: a sentence about the first that is missing, ``''`` for none.
    """
    for service in services:
        if service in inventory.silent:
            return f'The {_NAMES[service]} does not answer.'
        if service not in inventory.services:
            return f'The catalogue of the cloud has no {_NAMES[service]}.'
    return ''

# SPDX-License-Identifier: Apache-2.0
"""Notes on the parts of a server that are not restored, and on its start."""

from collections.abc import Iterator

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner.restore import scene

_VTPM = 'hw_tpm_version'


def warnings(case: scene.Case, server: resources.Server) -> Iterator[str]:
    """Yield sentences about data that are not restored."""
    if server.ephemeral_gib:
        yield (
            f'Its ephemeral disk ({server.ephemeral_gib} GiB) comes back '
            'empty, and only if the new flavor has one.'
        )
    if server.swap_mib:
        yield f'Its swap disk ({server.swap_mib} MiB) comes back empty.'
    if _VTPM in _properties(case, server):
        yield 'The state of its virtual TPM does not come back.'
    if case.entry.has_copy and case.entry.image is None:
        yield (
            'The backup does not record the image of its disk: hardware '
            'properties are those of the image that it was made from'
            f'{_as_far(server)}.'
        )
    if _still_there(case, server):
        yield (
            'The old server still exists and keeps its addresses. Both '
            'servers will run the same software.'
        )


def notes(
    case: scene.Case, server: resources.Server, new: restores.NewServer
) -> Iterator[str]:
    """Yield sentences about differences of the new server."""
    addresses = [*dict.fromkeys(one.address for one in server.addresses)]
    if addresses:
        then = 'it gets new ones' if new.networks else 'it has no network'
        told = ', '.join(addresses)
        yield f'Its addresses do not come back ({told}): {then}.'
    if server.description is None:
        yield 'The backup does not record its description.'
    if server.status in plans.AT_REST:
        yield f'It was "{server.status}", but Nova starts the new server.'
    if server.locked:
        yield 'It was locked, but the new server is not.'


def _properties(case: scene.Case, server: resources.Server) -> frozenset[str]:
    image = case.entry.image
    return frozenset(server.image_properties) | frozenset(
        image.properties if image else ()
    )


def _as_far(server: resources.Server) -> str:
    if server.image_properties:
        return ''
    return ', which are not recorded either: see that the guest boots'


def _still_there(case: scene.Case, server: resources.Server) -> bool:
    return any(one.id == server.id for one in case.scene.inventory.servers)

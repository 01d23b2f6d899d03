# SPDX-License-Identifier: Apache-2.0
"""Notes on the parts of a server that a backup does not contain."""

from backupclient.model import resources
from backupclient.planner.backup import indexes
from backupclient.planner.backup import rule
from backupclient.planner.backup import secrets
from backupclient.planner.backup import server_states as states


def warnings(case: rule.Case, server: resources.Server) -> tuple[str, ...]:
    """Return sentences about the data that no copy contains."""
    return (
        *_disks(server),
        *_vtpm(case.index, server),
        *_volumes(case, server),
        *_not_stopped(case.index, server),
    )


def _disks(server: resources.Server) -> list[str]:
    notes = []
    if server.ephemeral_gib:
        notes.append(
            f'No API copies its ephemeral disk ({server.ephemeral_gib} GiB): '
            'save what it holds from within the server.'
        )
    if server.swap_mib:
        notes.append(f'Its swap disk ({server.swap_mib} MiB) is not copied.')
    return notes


def harmless(server: resources.Server) -> tuple[str, ...]:
    """Return notes on parts that are not copied and need no copy."""
    if not server.config_drive:
        return ()
    return (
        'Its config drive is not copied: Nova makes one for a new server.',
    )


def _vtpm(index: indexes.Index, server: resources.Server) -> list[str]:
    """Return the warning about a virtual TPM.

    Nova makes a secret with this name for the state of a virtual TPM.
    """
    if secrets.VTPM + server.id not in index.secret_names:
        return []
    return [
        'No API copies the state of its virtual TPM: '
        'save what only the TPM can unseal.'
    ]


def _volumes(case: rule.Case, server: resources.Server) -> list[str]:
    notes = []
    for volume_id in sorted(case.index.volumes_of[server.id]):
        volume = case.index.volumes.get(volume_id)
        if volume is None:
            notes.append(f'Its volume {volume_id} cannot be seen: no copy.')
        elif volume.resource not in case.selected:
            notes.append(f'Left out: its {volume.resource.label}.')
    return notes


def _not_stopped(index: indexes.Index, server: resources.Server) -> list[str]:
    if not index.request.stop_servers:
        return []
    return [*filter(None, [states.not_stopped(index, server)])]

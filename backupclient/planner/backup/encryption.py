# SPDX-License-Identifier: Apache-2.0
"""Encrypted data: copies hold raw LUKS blocks, noise without their key."""

from backupclient.planner.backup import project as project_

WITH_KEY = (
    'The file holds raw LUKS blocks, which only its key opens: the key is '
    'exported with it.'
)
IN_GLANCE = (
    'The image holds raw LUKS blocks, which only its key in Barbican opens; '
    'Glance deletes that key together with the image.'
)


def obstacle(project: project_.Project, key_id: str) -> str:
    """Say why a key cannot go along with the data that it opens.

    :param key_id: of the key, ``''`` where the cloud tells none.
    """
    return (
        _fixed_key(key_id)
        or _silent(project)
        or project.missing('key-manager')
        or _not_asked_for(project)
    )


def _fixed_key(key_id: str) -> str:
    if key_id:
        return ''
    return (
        'Its key cannot be exported: the cloud encrypts with a key of its own '
        'and names no secret.'
    )


def copied(project: project_.Project) -> tuple[str, ...]:
    """Warn of a copy that stays in the cloud: Cinder copies its key, too."""
    silent = project.missing('key-manager')
    if not silent or 'key-manager' not in project.inventory.silent:
        return ()
    return (f'{silent} Cinder copies its key there, so this may fail.',)


def _silent(project: project_.Project) -> str:
    if 'key-manager' not in project.inventory.silent:
        return ''
    return (
        'Its key cannot be exported, and the copy would be unreadable '
        f'without it. {project.missing("key-manager")}'
    )


def _not_asked_for(project: project_.Project) -> str:
    if project.request.exports_keys:
        return ''
    return (
        'Its key would not be exported, and the copy would be unreadable '
        'without it: give --encrypt-to or --plaintext-keys.'
    )

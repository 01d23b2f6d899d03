# SPDX-License-Identifier: Apache-2.0
"""Encrypted data: a copy holds raw LUKS blocks, useless without its key."""

from backupclient.planner.backup import indexes

WITH_KEY = (
    'The file holds raw LUKS blocks, which only its key opens: the key is '
    'exported with it.'
)
IN_GLANCE = (
    'The image holds raw LUKS blocks, which only its key in Barbican opens; '
    'Glance deletes that key together with the image.'
)


def obstacle(index: indexes.Index, key_id: str) -> str:
    """Return why a key cannot be exported with its data, else ``''``.

    :param key_id: the secret's ID, ``''`` if the cloud names none.
    """
    return (
        _fixed_key(key_id)
        or _silent(index)
        or index.missing('key-manager')
        or _not_asked_for(index)
    )


def _fixed_key(key_id: str) -> str:
    if key_id:
        return ''
    return (
        'Its key cannot be exported: the cloud encrypts with a key of its own '
        'and names no secret.'
    )


def copied(index: indexes.Index) -> tuple[str, ...]:
    """Return the warning about an encrypted copy that stays in the cloud.

    Cinder copies its key in Barbican. So the warning is needed, and not
    empty, if Barbican does not answer.
    """
    silent = index.missing('key-manager')
    if not silent or 'key-manager' not in index.inventory.silent:
        return ()
    return (f'{silent} Cinder copies its key there, so this may fail.',)


def _silent(index: indexes.Index) -> str:
    if 'key-manager' not in index.inventory.silent:
        return ''
    return (
        'Its key cannot be exported, and the copy would be unreadable '
        f'without it. {index.missing("key-manager")}'
    )


def _not_asked_for(index: indexes.Index) -> str:
    if index.request.exports_keys:
        return ''
    return (
        'Its key would not be exported, and the copy would be unreadable '
        'without it: give --encrypt-to or --plaintext-keys.'
    )

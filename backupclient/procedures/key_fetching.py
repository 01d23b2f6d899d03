# SPDX-License-Identifier: Apache-2.0
"""Reading a key or a secret from the cloud, with its payload."""

from backupclient import errors
from backupclient.cloud import door
from backupclient.keys import material


def fetch(
    cloud: door.Cloud, secret_id: str, what: str
) -> material.KeyMaterial:
    """Read a secret with its payload.

    :param secret_id: ``''`` if the cloud names no key for the resource.
    :param what: the resource whose data the secret opens, for messages.
    :raises BackupError: if it cannot be read; the text says what to do.
    """
    if not secret_id:
        raise errors.NotFound(
            f'The cloud names no key for {what}: it may use one fixed key '
            'for all volumes, which nobody can export. Use the Backup API '
            '(--volume-method backup).'
        )
    if 'key-manager' not in cloud.services:
        raise errors.NotFound(
            f'The key of {what} cannot be read: the catalogue of this cloud '
            'has no key manager (Barbican). Ask its operator.'
        )
    material.forbid_core_dumps()
    try:
        secret = cloud.barbican.secret(secret_id)
        payload = cloud.barbican.payload(secret_id)
    except errors.Forbidden as exc:
        raise errors.Forbidden(
            f'The key of {what} cannot be read: {exc}. It may belong to '
            'another user, or the role "creator" is missing: ask an '
            'administrator of the project.',
            exc.status,
        ) from exc
    if secret is None:
        raise errors.NotFound(
            f'Secret {secret_id}, the key of {what}, is not there any more: '
            'without a copy of it the data cannot be read.',
            404,
        )
    return material.KeyMaterial(
        secret_id,
        secret.secret_type,
        secret.algorithm,
        secret.bit_length,
        payload,
    )

# SPDX-License-Identifier: Apache-2.0
"""The rule for secrets: the tenant's own are downloaded.

The keys that Cinder and Nova make are exported with the data that they open.
"""

from collections.abc import Iterable
import dataclasses

from backupclient.model import inventories
from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tasks
from backupclient.planner.backup import indexes
from backupclient.planner.backup import rule

KIND = resources.Kind.SECRET
NEEDS_TARGET = True

# The names are in nova/crypto.py; the server's ID follows.
VTPM = 'vTPM secret for instance '
_OF_NOVA = (VTPM, 'Ephemeral encryption secret for instance ')


def named(request: requests.Request) -> tuple[str, ...]:
    """Return the names and IDs of ``--secret``."""
    return request.secrets


def known(inventory: inventories.Inventory) -> Iterable[resources.Resource]:
    """Yield all secrets of the project."""
    return (secret.resource for secret in inventory.secrets)


def of_tenant(index: indexes.Index) -> Iterable[resources.Resource]:
    """Yield the secrets that no volume, backup, image or server needs.

    The key of a deleted volume is among them: nothing distinguishes it from a
    key that the tenant made.
    """
    keys = _keys(index.inventory)
    return (
        secret.resource
        for secret in index.inventory.secrets
        if secret.id not in keys and not secret.name.startswith(_OF_NOVA)
    )


def _keys(inventory: inventories.Inventory) -> frozenset[str]:
    return frozenset(
        [volume.key_id for volume in inventory.volumes]
        + [backup.key_id for backup in inventory.backups]
        + [image.key_id for image in inventory.images]
    )


def item(case: rule.Case) -> plans.Item:
    """Plan the download of a secret's payload."""
    index, secret = case.index, case.index.secrets[case.resource.id]
    protected = bool(index.request.recipients)
    wanted = plans.Item(
        resource=case.resource,
        task=tasks.SecretDownload(),
        reason='The payload is downloaded as Barbican holds it.',
        consistency=plans.Consistency.IMMUTABLE,
        result=layout.secret_file(secret.id, protected=protected),
        notes=_notes(secret),
        warnings=_notes(secret),
        seen=secret,
    )
    obstacle = _obstacle(index, secret)
    if not secret.content_type:
        # Without a payload nothing has to be encrypted.
        reason = 'It has no payload: the manifest has all that is known of it.'
        whole = dataclasses.replace(
            wanted, reason=reason, result=layout.MANIFEST
        )
        return rule.unless(obstacle, whole)
    return rule.unless(obstacle or _unprotected(index), wanted)


def _obstacle(index: indexes.Index, secret: resources.Secret) -> str:
    return index.missing('key-manager') or _state(secret)


def _state(secret: resources.Secret) -> str:
    if secret.status == 'ACTIVE':
        return ''
    return (
        f'Its state "{secret.status}" allows no download: '
        'store it anew, or leave it out.'
    )


def _unprotected(index: indexes.Index) -> str:
    if index.request.exports_keys:
        return ''
    return (
        'Secrets are not written to files unless you say how: '
        'give --encrypt-to or --plaintext-keys.'
    )


def _notes(secret: resources.Secret) -> tuple[str, ...]:
    if not secret.expires_at:
        return ()
    return (f'From {secret.expires_at} on Barbican gives it to no one.',)

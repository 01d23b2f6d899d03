# SPDX-License-Identifier: Apache-2.0
"""Requests to Barbican for restores: store secrets and containers again.

Barbican strips blanks and line breaks from a text payload that is sent with
the POST, but stores all bytes of a payload that is sent with a PUT. So the
payload is sent with a PUT, after the access list is set.
"""

import base64
from collections.abc import Iterable, Mapping
import datetime
import re

from backupclient import errors
from backupclient.cloud import barbican_api
from backupclient.cloud import records
from backupclient.model import ids
from backupclient.model import resources
from backupclient.model import secret_facts
from backupclient.model import stamps
from backupclient.model import tags

BYTES = 'application/octet-stream'
TEXT = 'text/plain'
_BY_PUT = frozenset({BYTES, TEXT})


def takes_put(content_type: str) -> bool:
    """Return whether a payload of that type can be sent with a PUT."""
    return plain_type(content_type) in _BY_PUT


def plain_type(content_type: str) -> str:
    """Return a content type without its character set."""
    return content_type.split(';')[0].strip()


def create(
    barbican: barbican_api.Barbican,
    like: resources.Secret,
    name: str,
    payload: bytes | None = None,
) -> str:
    """Create a secret.

    :param payload: None if :func:`fill` sends it later; see
        :func:`takes_put`.
    :returns: the secret's ID.
    """
    body: dict[str, object] = {
        'name': name or None,
        'secret_type': like.secret_type,
        'algorithm': like.algorithm or None,
        'bit_length': like.bit_length or None,
        'mode': like.mode or None,
        'expiration': like.expires_at or None,
    }
    if payload is not None:
        body['payload'] = base64.b64encode(payload).decode()
        body['payload_content_type'] = plain_type(like.content_type)
        body['payload_content_encoding'] = 'base64'
    answer = barbican.service.post(
        '/secrets',
        'store a secret',
        {field: value for field, value in body.items() if value is not None},
        log=False,
    )
    return _id(records.reference(answer, 'secret_ref'), 'secrets')


def fill(
    barbican: barbican_api.Barbican,
    secret_id: str,
    payload: bytes,
    content_type: str,
) -> None:
    """Store a secret's payload. Barbican refuses a second payload.

    :raises AnswerLost: if it is unknown whether the secret has it now.
    """
    barbican.service.put_secret(
        f'/secrets/{secret_id}',
        f'store the payload of secret {secret_id}',
        payload,
        plain_type(content_type),
    )


def find(
    barbican: barbican_api.Barbican,
    name: str,
    source: Mapping[str, str],
    since: datetime.datetime,
    payload: bytes | None = None,
) -> str | None:
    """Return the ID of the secret that an earlier try has made, or None.

    Tags can be set only after a secret is created, so the try may have
    stopped before that. A secret with the name but without tags counts if it
    has no payload either, or the payload that was sent with the POST.

    :param source: the tags of the secret, if the try has set them.
    :param since: older secrets are left out.
    :param payload: the payload sent with the POST, None if a PUT sends it.
    """
    for secret in barbican.named(name):
        created = stamps.read(secret.created_at)
        if created is None or created < since:
            continue
        found = barbican.metadata(secret.id)
        if source.items() <= found.items():
            return secret.id
        if tags.RUN in found or secret.name not in (name, secret.id):
            continue
        if not secret.content_type or (
            payload is not None and barbican.payload(secret.id) == payload
        ):
            return secret.id
    return None


def set_metadata(
    barbican: barbican_api.Barbican,
    secret_id: str,
    metadata: Mapping[str, str],
) -> None:
    """Replace the user metadata of a secret."""
    barbican.service.repeat(
        'PUT',
        f'/secrets/{secret_id}/metadata',
        f'set the metadata of secret {secret_id}',
        json={'metadata': dict(metadata)},
    )


def set_acl(
    barbican: barbican_api.Barbican, secret_id: str, acl: secret_facts.Acl
) -> None:
    """Set the access list of a secret: who may read it."""
    read = {'project-access': acl.project_access, 'users': [*acl.users]}
    barbican.service.repeat(
        'PUT',
        f'/secrets/{secret_id}/acl',
        f'set the access list of secret {secret_id}',
        json={'read': read},
    )


def delete(barbican: barbican_api.Barbican, secret_id: str) -> None:
    """Delete a secret; a secret that does not exist is no error."""
    barbican.service.delete(
        f'/secrets/{secret_id}', f'delete secret {secret_id}'
    )


def create_container(
    barbican: barbican_api.Barbican,
    name: str,
    kind: str,
    members: Iterable[tuple[str, str]],
) -> str:
    """Create a container of secrets.

    :param members: role and ID of each secret.
    :returns: the container's ID.
    """
    body = {
        'name': name or None,
        'type': kind,
        'secret_refs': [
            {'name': role or None, 'secret_ref': barbican.address(id_)}
            for role, id_ in members
        ],
    }
    answer = barbican.service.post(
        '/containers', f'create the container {name}', body
    )
    return _id(records.reference(answer, 'container_ref'), 'containers')


def find_container(
    barbican: barbican_api.Barbican, members: Iterable[str]
) -> str | None:
    """Return the ID of a container with exactly these secrets, or None."""
    wanted = set(members)
    for container_id, secrets in barbican.containers():
        if set(secrets) == wanted:
            return container_id
    return None


def delete_container(
    barbican: barbican_api.Barbican, container_id: str
) -> None:
    """Delete a container, but not its secrets."""
    barbican.service.delete(
        f'/containers/{container_id}', f'delete container {container_id}'
    )


def _id(address: str, noun: str) -> str:
    """Return the ID in a URL, whose host is often wrong.

    :raises AnswerLost: if there is no ID in it.
    """
    fit = re.search(rf'/{noun}/([^/]+)/?\Z', address)
    if not fit or not ids.is_id(fit[1]):
        raise errors.AnswerLost(
            f'Barbican named no ID of what it made in {noun}.'
        )
    return fit[1]

# SPDX-License-Identifier: Apache-2.0
"""What a restore needs of Barbican: secrets that are stored again.

Barbican strips blanks and line breaks from a text that comes with the POST,
and keeps all bytes of one that follows with a PUT. So the payload follows,
when those who may read it are known.
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
    """Tell whether a payload of that type can follow with a PUT."""
    return plain_type(content_type) in _BY_PUT


def plain_type(content_type: str) -> str:
    """Give a content type without its character set."""
    return content_type.split(';')[0].strip()


def create(
    barbican: barbican_api.Barbican,
    like: resources.Secret,
    name: str,
    payload: bytes | None = None,
) -> str:
    """Ask for a secret.

    :param payload: only of a type that cannot follow with a PUT.
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
    """Give a secret its payload. Done once: a second time is refused.

    :raises AnswerLost: look whether it has one now.
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
    """Give the ID of a secret that an earlier try has made.

    A secret cannot be renamed, and has no tags before it is made: so one
    without tags counts if it is without a payload, too, or has the one that
    came with the POST.

    :param source: the tags that it has if the try came so far.
    :param since: it is not older.
    :param payload: that came with the POST, None where it follows.
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
    """Replace the metadata that users give a secret."""
    barbican.service.repeat(
        'PUT',
        f'/secrets/{secret_id}/metadata',
        f'set the metadata of secret {secret_id}',
        json={'metadata': dict(metadata)},
    )


def set_acl(
    barbican: barbican_api.Barbican, secret_id: str, acl: secret_facts.Acl
) -> None:
    """Say who may read a secret."""
    read = {'project-access': acl.project_access, 'users': [*acl.users]}
    barbican.service.repeat(
        'PUT',
        f'/secrets/{secret_id}/acl',
        f'set the access list of secret {secret_id}',
        json={'read': read},
    )


def delete(barbican: barbican_api.Barbican, secret_id: str) -> None:
    """Delete a secret; one that is gone is fine."""
    barbican.service.delete(
        f'/secrets/{secret_id}', f'delete secret {secret_id}'
    )


def create_container(
    barbican: barbican_api.Barbican,
    name: str,
    kind: str,
    members: Iterable[tuple[str, str]],
) -> str:
    """Ask for a container of secrets.

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
    """Give the ID of a container that has just these secrets."""
    wanted = set(members)
    for container_id, secrets in barbican.containers():
        if set(secrets) == wanted:
            return container_id
    return None


def delete_container(
    barbican: barbican_api.Barbican, container_id: str
) -> None:
    """Delete a container; its secrets stay."""
    barbican.service.delete(
        f'/containers/{container_id}', f'delete container {container_id}'
    )


def _id(address: str, noun: str) -> str:
    """Give the ID in an address: the host in it is often wrong."""
    fit = re.search(rf'/{noun}/([^/]+)/?\Z', address)
    if not fit or not ids.is_id(fit[1]):
        raise errors.AnswerLost(
            f'Barbican named no ID of what it made in {noun}.'
        )
    return fit[1]

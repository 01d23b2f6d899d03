# SPDX-License-Identifier: Apache-2.0
"""Secrets: facts of ``barbican/api``."""

import base64
from typing import Any

from backupclient.tests.unit.fake_cloud import service
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

_OCTETS = 'application/octet-stream'
_MOST = 100


class Barbican(service.Service):
    """Secrets and their payloads.

    :param most: how many it gives at once.
    :param private: IDs of secrets whose payload only their creator reads.
    :param metadata: that users gave, by the secret's ID.
    :param acls: of the operation ``read``, by the secret's ID.
    """

    prefix = '/v1'

    def __init__(self, world: worlds.World) -> None:
        super().__init__(world)
        self.private: set[str] = set()
        self.metadata: dict[str, dict[str, str]] = {}
        self.acls: dict[str, dict[str, Any]] = {}
        self.most = _MOST

    def add_secret(
        self, name: str, payload: bytes, **fields: Any
    ) -> worlds.Thing:
        """Make a secret that is there already."""
        secret = self.world.add(
            'secrets',
            name,
            **{
                'status': 'ACTIVE',
                'secret_type': 'symmetric',
                'algorithm': 'aes',
                'bit_length': len(payload) * 8,
                'mode': None,
                'content_types': {'default': _OCTETS},
                'creator_id': worlds.USER,
            }
            | fields,
        )
        self.world.content[secret['id']] = payload
        return secret

    def refuse(self, status: int, text: str) -> wire.Answer:
        body = {'code': status, 'title': 'Refused', 'description': text}
        return wire.Answer(status, body)

    def add_container(self, name: str, **secrets: worlds.Thing) -> None:
        """Make a container of secrets, by what they are in it."""
        refs = [
            {
                'name': role,
                'secret_ref': f'{service.WRONG_HOST}/v1/secrets/{one["id"]}',
            }
            for role, one in secrets.items()
        ]
        self.world.add('containers', name, type='generic', secret_refs=refs)

    @service.route('GET', '/(secrets|containers)')
    def _list(self, request: wire.Request, kind: str) -> wire.Answer:
        begin = int(request.query.get('offset', 0))
        size = min(self.most, int(request.query.get('limit', 10)))
        every = [
            each
            for each in self.world.things[kind].values()
            if request.query.get('name', each['name']) == each['name']
        ]
        body = {
            kind: [_shown(kind, one) for one in every[begin : begin + size]],
            'total': len(every),
        }
        if begin + size < len(every):
            body['next'] = f'{service.WRONG_HOST}/v1/{kind}?offset={size}'
        return wire.Answer(json=body)

    @service.route('POST', '/(secrets|containers)')
    def _create(self, request: wire.Request, kind: str) -> wire.Answer:
        asked = dict(request.json)
        payload = asked.pop('payload', None)
        encoding = asked.pop('payload_content_encoding', '')
        content_type = asked.pop('payload_content_type', '')
        name = asked.pop('name', None) or ''
        if kind == 'secrets':
            asked |= {
                'status': 'ACTIVE',
                'creator_id': worlds.USER,
                'created': self.world.now().replace(tzinfo=None).isoformat(),
            }
        made = self.world.add(kind, name, **asked)
        if payload is not None:
            data = payload.encode()
            if encoding == 'base64':
                data = base64.b64decode(data)
            elif content_type == 'text/plain':
                data = data.strip()
            self.world.content[made['id']] = data
            made['content_types'] = {'default': content_type}
        ref = f'{service.WRONG_HOST}/v1/{kind}/{made["id"]}'
        return wire.Answer(201, {f'{kind.removesuffix("s")}_ref': ref})

    @service.route('PUT', '/secrets/([^/]+)')
    def _fill(self, request: wire.Request, id_: str) -> wire.Answer:
        secret = self.thing('secrets', id_)
        if id_ in self.world.content:
            raise wire.Refusal(409, 'Secret already has data')
        content_type = request.headers['Content-Type']
        self.world.content[id_] = request.body
        secret['content_types'] = {'default': content_type}
        return wire.Answer(204)

    @service.route('PUT', '/secrets/([^/]+)/metadata')
    def _describe(self, request: wire.Request, id_: str) -> wire.Answer:
        self.thing('secrets', id_)
        self.metadata[id_] = request.json['metadata']
        return wire.Answer(201, {'metadata_ref': f'/secrets/{id_}/metadata'})

    @service.route('PUT', '/secrets/([^/]+)/acl')
    def _allow(self, request: wire.Request, id_: str) -> wire.Answer:
        self.thing('secrets', id_)
        self.acls[id_] = request.json['read']
        return wire.Answer(200, {'acl_ref': f'/secrets/{id_}/acl'})

    @service.route('DELETE', '/(secrets|containers)/([^/]+)')
    def _delete(self, _: wire.Request, kind: str, id_: str) -> wire.Answer:
        self.thing(kind, id_)
        self.world.remove(kind, id_)
        self.metadata.pop(id_, None)
        return wire.Answer(204)

    @service.route('GET', '/secrets/([^/]+)')
    def _show(self, _: wire.Request, id_: str) -> wire.Answer:
        return wire.Answer(json=_shown('secrets', self.thing('secrets', id_)))

    @service.route('GET', '/secrets/([^/]+)/metadata')
    def _metadata(self, _: wire.Request, id_: str) -> wire.Answer:
        self.thing('secrets', id_)
        return wire.Answer(json={'metadata': self.metadata.get(id_, {})})

    @service.route('GET', '/secrets/([^/]+)/acl')
    def _acl(self, _: wire.Request, id_: str) -> wire.Answer:
        self.thing('secrets', id_)
        usual = {'project-access': True}
        return wire.Answer(json={'read': self.acls.get(id_, usual)})

    @service.route('GET', '/secrets/([^/]+)/payload')
    def _payload(self, request: wire.Request, id_: str) -> wire.Answer:
        self.thing('secrets', id_)
        if id_ in self.private:
            raise wire.Refusal(403, 'Secret payload retrieval not allowed')
        accepted = request.headers.get('Accept')
        if accepted not in (_OCTETS, 'text/plain'):
            raise wire.Refusal(406, f'No payload as {accepted}')
        return wire.Answer(
            content=self.world.content[id_],
            headers={'Content-Type': accepted},
        )


def _shown(kind: str, thing: worlds.Thing) -> worlds.Thing:
    shown = {key: value for key, value in thing.items() if key != 'id'}
    ref = f'{service.WRONG_HOST}/v1/{kind}/{thing["id"]}'
    return shown | {f'{kind.removesuffix("s")}_ref': ref}

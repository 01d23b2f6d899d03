# SPDX-License-Identifier: Apache-2.0
"""Images: facts of ``glance/api/v2``."""

from collections.abc import Mapping
import hashlib
from typing import Any

from backupclient.tests.unit.fake_cloud import service
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

_PATCH = 'application/openstack-images-v2.1-json-patch'
_PAGING = {
    'id',
    'limit',
    'marker',
    'member_status',
    'os_hidden',
    'visibility',
}


class Glance(service.Service):
    """Images and their data.

    :param ranges: whether the store can begin in the middle.
    :param usage: what is told of Keystone's limits, nothing without them.
    :param breaks: after how many bytes each of the next downloads ends.
    """

    prefix = '/v2'

    def __init__(self, world: worlds.World) -> None:
        super().__init__(world)
        self.ranges = True
        self.breaks: list[int] = []
        self.usage: dict[str, dict[str, int]] = {}

    def add_image(
        self, name: str, content: bytes | None = None, **fields: Any
    ) -> worlds.Thing:
        """Make an image that is there already."""
        image = self.world.add(
            'images',
            name,
            **{
                'status': 'queued',
                'owner': worlds.PROJECT,
                'visibility': 'private',
                'os_hidden': False,
                'protected': False,
                'disk_format': 'raw',
                'container_format': 'bare',
                'size': None,
                'tags': [],
                'created_at': self._now(),
                'updated_at': self._now(),
            }
            | fields,
        )
        if content is not None:
            self.fill(image, content)
        return image

    def fill(self, image: worlds.Thing, content: bytes) -> None:
        """Give an image its data."""
        self.world.content[image['id']] = content
        image.update(
            status='active',
            size=len(content),
            checksum=hashlib.md5(content).hexdigest(),
            os_hash_algo='sha512',
            os_hash_value=hashlib.sha512(content).hexdigest(),
        )

    def drop(self, image: worlds.Thing) -> None:
        """Delete an image, with the key that goes with it."""
        self.world.remove('images', image['id'])
        if image.get('cinder_encryption_key_deletion_policy'):
            self.world.remove('secrets', image['cinder_encryption_key_id'])

    def refuse(self, status: int, text: str) -> wire.Answer:
        page = (
            f'<html>\n <head>\n  <title>{status} Oh</title>\n </head>\n '
            f'<body>\n  <h1>{status} Oh</h1>\n  {text}<br /><br />\n\n\n '
            '</body>\n</html>'
        )
        return wire.Answer(status, content=page.encode())

    @service.route('GET', '/info/usage')
    def _usage(self, _: wire.Request) -> wire.Answer:
        return wire.Answer(json={'usage': self.usage})

    @service.route('GET', '/images')
    def _list(self, request: wire.Request) -> wire.Answer:
        hidden = request.query.get('os_hidden', 'false')
        rows, link = self.rows(
            request, 'images', request.query.keys() - _PAGING
        )
        rows = [row for row in rows if str(row['os_hidden']).lower() == hidden]
        rows = [row for row in rows if _is_listed(row, request.query)]
        body: dict[str, Any] = {'images': rows, 'first': '/v2/images'}
        return wire.Answer(json=body | ({'next': link} if link else {}))

    @service.route('POST', '/images')
    def _create(self, request: wire.Request) -> wire.Answer:
        fields = dict(request.json)
        image = self.add_image(fields.pop('name'), **fields)
        return wire.Answer(201, json=image)

    @service.route('GET', '/images/([^/]+)')
    def _show(self, _: wire.Request, id_: str) -> wire.Answer:
        return wire.Answer(json=self.thing('images', id_))

    @service.route('PATCH', '/images/([^/]+)')
    def _update(self, request: wire.Request, id_: str) -> wire.Answer:
        image = self.thing('images', id_)
        if request.headers.get('Content-Type') != _PATCH:
            raise wire.Refusal(415, 'Unsupported Content-Type')
        for change in request.json:
            name = change['path'].removeprefix('/')
            if change['op'] == 'remove':
                if name not in image:
                    raise wire.Refusal(409, f'Property {name} does not exist')
                del image[name]
                continue
            if _is_unfit(name, change['value']):
                raise wire.Refusal(400, f'{change["path"]} is not allowed')
            image[name] = change['value']
        image['updated_at'] = self._now()
        return wire.Answer(json=image)

    @service.route('DELETE', '/images/([^/]+)')
    def _delete(self, _: wire.Request, id_: str) -> wire.Answer:
        image = self.thing('images', id_)
        if image['protected']:
            raise wire.Refusal(403, f'Image {id_} is protected.')
        self.drop(image)
        return wire.Answer(204)

    @service.route('GET', '/images/([^/]+)/file')
    def _download(self, request: wire.Request, id_: str) -> wire.Answer:
        image = self.thing('images', id_)
        if image['status'] != 'active':
            return wire.Answer(204)
        content = self.world.content[id_]
        status, start, headers = 200, 0, {}
        asked = request.headers.get('Range')
        if asked and not self.ranges:
            raise wire.Refusal(400, 'The store has no random access.')
        if asked:
            start = int(asked.removeprefix('bytes=').removesuffix('-'))
            if start >= len(content):
                raise wire.Refusal(416, 'Range Not Satisfiable')
            last = len(content) - 1
            span = f'bytes {start}-{last}/{len(content)}'
            status, headers = 206, {'Content-Range': span}
        headers['Content-Length'] = str(len(content) - start)
        headers['Content-Type'] = 'application/octet-stream'
        breaks = self.breaks.pop(0) if self.breaks else None
        return wire.Answer(
            status, content=content[start:], headers=headers, breaks=breaks
        )

    @service.route('PUT', '/images/([^/]+)/file')
    def _upload(self, request: wire.Request, id_: str) -> wire.Answer:
        image = self.thing('images', id_)
        if image['status'] != 'queued':
            raise wire.Refusal(409, f'Image status transition from {id_}')
        self.fill(image, request.body)
        return wire.Answer(204)

    def _now(self) -> str:
        return self.world.now().strftime('%Y-%m-%dT%H:%M:%SZ')


def _is_listed(image: worlds.Thing, query: Mapping[str, str]) -> bool:
    """Tell whether a list has an image: of these IDs, and of all kinds."""
    ids = query.get('id')
    if ids and image['id'] not in ids.removeprefix('in:').split(','):
        return False
    community = image['visibility'] == 'community'
    own = image['owner'] == worlds.PROJECT
    return own or not community or query.get('visibility') == 'all'


def _is_unfit(name: str, value: str | int) -> bool:
    if isinstance(value, int | list):
        return False
    # A property is a text of MySQL (``glance/db/sqlalchemy/models.py``).
    longest = 255 if name == 'name' else 65535
    return len(value) > longest or max(value, default='') > '\uffff'

# SPDX-License-Identifier: Apache-2.0
"""Servers: facts of ``nova/api`` and ``nova/compute/api.py``."""

from typing import Any

from backupclient.model import properties
from backupclient.tests.unit.fake_cloud import glance
from backupclient.tests.unit.fake_cloud import offers
from backupclient.tests.unit.fake_cloud import service
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

_TASK = 'OS-EXT-STS:task_state'
_CAPTURABLE = {'ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'}


class Nova(offers.OfNova):
    """Servers.

    :param stop_takes: so many requests pass until a server is off.
    :param limits: Nova's, as it calls them; -1 for none.
    :param builds: whether new servers end well.
    :param disk_format: of the images of servers.
    :param captures: whether the copy of a disk ends well.
    """

    prefix = '/v2.1'

    def __init__(self, world: worlds.World, images: glance.Glance) -> None:
        super().__init__(world)
        self._glance = images
        self.captures = True
        self.disk_format = 'qcow2'
        self.starts = True
        self.builds = True
        self.limits = {'Instances': 10, 'Cores': 20, 'RAMSize': 51200}
        self.stop_takes = 1
        self._inherited: dict[str, worlds.Thing] = {}

    def add_server(
        self, name: str, content: bytes = b'', **fields: Any
    ) -> worlds.Thing:
        """Make a server that is there already.

        :param content: of its own disk; without it boots from a volume.
        """
        server = self.world.add(
            'servers',
            name,
            **{
                'status': 'ACTIVE',
                _TASK: None,
                'image': {'id': 'an-image'} if content else '',
                'flavor': {'disk': 1, 'ephemeral': 0, 'swap': 0},
                'os-extended-volumes:volumes_attached': [],
                'metadata': {},
                'tags': [],
                'locked': False,
            }
            | fields,
        )
        self.world.content[server['id']] = content
        self._inherited[server['id']] = self._noted(server)
        return server

    def _noted(self, server: worlds.Thing) -> worlds.Thing:
        """Note of a server's image what Nova gives to a snapshot later."""
        if not server['image']:
            return {}
        image = self.world.things['images'].get(server['image']['id'], {})
        noted = {
            name: value[:255] if isinstance(value, str) else value
            for name, value in image.items()
            if name not in properties.GLANCE
        }
        least = max(image.get('min_disk', 0), server['flavor']['disk'])
        return noted | {
            'base_image_ref': server['image']['id'],
            'image_type': 'snapshot',
            'min_disk': least,
            'min_ram': image.get('min_ram', 0),
            'owner_user_name': 'alice',
        }

    @service.route('GET', '/limits')
    def _limits(self, _: wire.Request) -> wire.Answer:
        flavors = [
            one['flavor'] for one in self.world.things['servers'].values()
        ]
        absolute = {
            **{f'maxTotal{name}': n for name, n in self.limits.items()},
            'totalInstancesUsed': len(flavors),
            'totalCoresUsed': sum(one.get('vcpus', 1) for one in flavors),
            'totalRAMUsed': sum(one.get('ram', 64) for one in flavors),
            'maxImageMeta': 128,
        }
        return wire.Answer(json={'limits': {'rate': [], 'absolute': absolute}})

    @service.route('GET', '/servers/detail')
    def _list(self, request: wire.Request) -> wire.Answer:
        rows, link = self.rows(request, 'servers', ())
        body: dict[str, Any] = {'servers': rows}
        if link:
            body['servers_links'] = [{'rel': 'next', 'href': link}]
        return wire.Answer(json=body)

    @service.route('POST', '/servers')
    def _build(self, request: wire.Request) -> wire.Answer:
        asked = request.json['server']
        disks = asked['block_device_mapping_v2']
        image, *volumes = disks
        content = b''
        if image['source_type'] == 'image':
            if image['uuid'] not in self.world.things['images']:
                raise wire.Refusal(400, 'Can not find requested image')
            content = self.world.content[image['uuid']]
        else:
            volumes = disks
        server = self.add_server(
            asked['name'],
            content,
            status='BUILD',
            metadata=asked['metadata'],
            key_name=asked.get('key_name'),
            description=asked.get('description', ''),
            hostname=asked['hostname'],
            config_drive='True' if asked['config_drive'] else '',
            asked=asked,
        )
        server['image'] = {'id': image['uuid']} if content else ''
        for each in volumes:
            volume = self.world.things['volumes'][each['uuid']]
            volume['attachments'] = [
                {'server_id': server['id'], 'device': '/dev/vdb'}
            ]
            volume['status'] = 'in-use'
        server['os-extended-volumes:volumes_attached'] = [
            {'id': each['uuid']} for each in volumes
        ]
        status = 'ACTIVE' if self.builds else 'ERROR'
        self.world.later(lambda: server.update(status=status), 2)
        if not self.builds:
            server['fault'] = {'message': 'No valid host was found.'}
        return wire.Answer(202, {'server': {'id': server['id']}})

    @service.route('DELETE', '/servers/([^/]+)')
    def _delete(self, _: wire.Request, id_: str) -> wire.Answer:
        server = self.thing('servers', id_)

        def go() -> None:
            self.world.remove('servers', id_)
            for each in server['os-extended-volumes:volumes_attached']:
                volume = self.world.things['volumes'].get(each['id'])
                if volume:
                    volume.update(status='available', attachments=[])

        self.world.later(go)
        return wire.Answer(204)

    @service.route('PUT', '/servers/([^/]+)')
    def _rename(self, request: wire.Request, id_: str) -> wire.Answer:
        server = self.thing('servers', id_)
        server.update(request.json['server'])
        return wire.Answer(json={'server': server})

    @service.route('PUT', '/servers/([^/]+)/(metadata|tags)')
    def _describe(
        self, request: wire.Request, id_: str, field: str
    ) -> wire.Answer:
        self.thing('servers', id_)[field] = request.json[field]
        return wire.Answer(json=request.json)

    @service.route('GET', '/servers/([^/]+)')
    def _show(self, _: wire.Request, id_: str) -> wire.Answer:
        return wire.Answer(json={'server': self.thing('servers', id_)})

    @service.route('POST', '/servers/([^/]+)/action')
    def _act(self, request: wire.Request, id_: str) -> wire.Answer:
        server = self.thing('servers', id_)
        ((action, asked),) = request.json.items()
        if server[_TASK]:
            raise wire.Refusal(
                409, f'Cannot {action}: task_state {server[_TASK]}'
            )
        if server.get('locked') and action != 'createImage':
            raise wire.Refusal(409, f'Instance {id_} is locked')
        return {
            'createImage': self._capture,
            'os-stop': self._stop,
            'os-start': self._start,
        }[action](server, asked)

    def _capture(self, server: worlds.Thing, asked: Any) -> wire.Answer:
        _require(server, _CAPTURABLE)
        image = self._glance.add_image(
            asked['name'],
            disk_format=self.disk_format,
            **self._inherited[server['id']],
            **asked['metadata'],
        )
        content = self.world.content[server['id']]
        server[_TASK] = 'image_uploading'

        def end() -> None:
            if image['id'] not in self.world.things['images']:
                return
            if self.captures:
                self._glance.fill(image, content)
            else:
                self._glance.drop(image)

        self.world.later(lambda: image.update(status='saving'))
        self.world.later(end, 2)
        self.world.later(lambda: server.update({_TASK: None}), 3)
        return wire.Answer(202, {'image_id': image['id']})

    def _stop(self, server: worlds.Thing, _: Any) -> wire.Answer:
        _require(server, {'ACTIVE'})
        server[_TASK] = 'powering-off'
        done = {_TASK: None, 'status': 'SHUTOFF'}
        self.world.later(lambda: server.update(done), self.stop_takes)
        return wire.Answer(202)

    def _start(self, server: worlds.Thing, _: Any) -> wire.Answer:
        _require(server, {'SHUTOFF'})
        if not self.starts:
            raise wire.Refusal(403, 'You may not start servers.')
        server[_TASK] = 'powering-on'
        done = {_TASK: None, 'status': 'ACTIVE'}
        self.world.later(lambda: server.update(done))
        return wire.Answer(202)


def _require(server: worlds.Thing, statuses: set[str]) -> None:
    if server['status'] not in statuses:
        raise wire.Refusal(409, f'The server is {server["status"]}.')

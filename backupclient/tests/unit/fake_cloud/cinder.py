# SPDX-License-Identifier: Apache-2.0
"""Block storage: facts of ``cinder/api`` and of its managers."""

from collections import Counter
import functools
from typing import Any
import unicodedata

from backupclient.tests.unit.fake_cloud import glance
from backupclient.tests.unit.fake_cloud import offers
from backupclient.tests.unit.fake_cloud import service
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

_BACKUP_KEYS = {
    'container',
    'description',
    'force',
    'incremental',
    'metadata',
    'name',
    'snapshot_id',
    'volume_id',
}
_NOT_FOUND = 'Service not found for creating backup.'
_COUNTED = {'volumes', 'snapshots', 'backups'}


class Cinder(offers.OfCinder):
    """Volumes, snapshots, backups.

    :param backup_service: ``up``, ``down`` (each backup fails) or ``stuck``
        (no backup is ever taken up).
    :param uploads: whether copying to an image ends well.
    :param encrypting: the volume types that encrypt.
    :param makes: whether volumes made of images and backups end well.
    :param busy: so many deletions of a snapshot are taken back.
    """

    prefix = f'/v3/{worlds.PROJECT}'

    def __init__(self, world: worlds.World, images: glance.Glance) -> None:
        super().__init__(world)
        self._glance = images
        self.limits = dict.fromkeys(_COUNTED, 10) | {'gigabytes': 1000}
        self.backup_service = 'up'
        self.uploads = True
        self.busy = 0
        self.quota_policy = True
        self.backup_policy = True
        self.encrypting: set[str] = set()
        self.makes = True
        # By the ID of a backup: the metadata of its volume.
        self._saved: dict[str, dict[str, str]] = {}
        self.parents: dict[str, str] = {}

    def add_volume(self, name: str, content: bytes = b'', **fields: Any):
        """Make a volume that is there already.

        :param server: the ID of one that has it attached.
        :param key: the ID of its key, for an encrypted one.
        """
        server, key = fields.pop('server', ''), fields.pop('key', '')
        volume = self.world.add(
            'volumes',
            name,
            **{
                'status': 'in-use' if server else 'available',
                'size': 1,
                'volume_type': 'fast',
                'metadata': {},
                'created_at': self._now(),
                'attachments': [{'server_id': server, 'device': '/dev/vdb'}]
                if server
                else [],
                'encrypted': bool(key),
                'consumes_quota': True,
            }
            | ({'encryption_key_id': key} if key else {})
            | fields,
        )
        self.world.content[volume['id']] = content
        return volume

    def add_backup(self, volume: worlds.Thing, name: str, **fields: Any):
        """Make a backup that is there already."""
        backup = self.world.add(
            'backups',
            name,
            **{
                'status': 'available',
                'volume_id': volume['id'],
                'size': volume['size'],
                'is_incremental': False,
                'metadata': {},
                'availability_zone': 'nova',
                'created_at': '2026-01-01T00:00:00',
            }
            | fields,
        )
        self._saved[backup['id']] = dict(volume.get('metadata', {}))
        return backup

    @service.route('GET', '/(volumes|snapshots|backups)/detail')
    def _list(self, request: wire.Request, kind: str) -> wire.Answer:
        if kind == 'backups' and not self.backup_policy:
            raise wire.Refusal(403, "Policy doesn't allow backup:get_all.")
        rows, link = self.rows(request, kind, ('name', 'volume_id'))
        body: dict[str, Any] = {kind: rows}
        if link:
            body[f'{kind}_links'] = [{'rel': 'next', 'href': link}]
        return wire.Answer(json=body)

    @service.route('GET', '/(volume|snapshot|backup)s/([^/]+)')
    def _show(self, _: wire.Request, noun: str, id_: str) -> wire.Answer:
        return wire.Answer(json={noun: self.thing(f'{noun}s', id_)})

    @service.route('POST', '/snapshots')
    def _create_snapshot(self, request: wire.Request) -> wire.Answer:
        asked = request.json['snapshot']
        volume = self.thing('volumes', asked['volume_id'])
        if asked['force'] is not True or volume['status'] not in (
            'available',
            'in-use',
        ):
            raise wire.Refusal(400, f'Invalid volume: {volume["status"]}')
        self._spend('snapshots', volume)
        snapshot = self.world.add(
            'snapshots',
            asked['name'],
            status='creating',
            volume_id=volume['id'],
            size=volume['size'],
            metadata=asked['metadata'],
            created_at=self._now(),
        )
        self.world.content[snapshot['id']] = self.world.content[volume['id']]
        self.world.later(lambda: snapshot.update(status='available'))
        shown = {key: snapshot[key] for key in ('id', 'name', 'status')}
        return wire.Answer(202, {'snapshot': shown})

    @service.route('POST', '/volumes')
    def _create_volume(self, request: wire.Request) -> wire.Answer:
        asked = request.json['volume']
        if 'snapshot_id' not in asked:
            return self._restore(asked)
        snapshot = self.thing('snapshots', asked['snapshot_id'])
        if snapshot['status'] != 'available':
            raise wire.Refusal(400, 'Invalid snapshot: not available')
        source = self.thing('volumes', snapshot['volume_id'])
        self._spend('volumes', source)
        volume = self.add_volume(
            asked['name'],
            self.world.content[snapshot['id']],
            status='creating',
            size=snapshot['size'],
            metadata=asked['metadata'],
            key=self._clone_key(source),
            snapshot_id=snapshot['id'],
        )
        self.world.later(lambda: volume.update(status='available'))
        return wire.Answer(202, {'volume': volume})

    def _restore(self, asked: worlds.Thing) -> wire.Answer:
        """Make a volume of an image, or of a backup."""
        of_type = {
            'volume_type': asked.get('volume_type', 'fast'),
            'size': asked['size'],
        }
        self._spend('volumes', of_type)
        key, said = '', {}
        if 'imageRef' in asked:
            image = self.world.things['images'].get(asked['imageRef'])
            if image is None:
                raise wire.Refusal(
                    400,
                    'Invalid image identifier or unable to access requested '
                    'image.',
                )
            if image['status'] != 'active':
                raise wire.Refusal(400, 'Invalid image: not active')
            content, said = self.world.content[image['id']], _copied(image)
            key = self._clone_key(
                {'encryption_key_id': image.get('cinder_encryption_key_id')}
            )
        else:
            backup = self.thing('backups', asked['backup_id'])
            if backup['status'] != 'available':
                raise wire.Refusal(400, 'Invalid backup: not available')
            content = self.world.content.get(backup['id'], b'')
            key = self._clone_key(backup)
        if of_type['volume_type'] in self.encrypting and not key:
            new = self.world.add('secrets', '', secret_type='symmetric')
            self.world.content[new['id']] = b'new key'
            key = new['id']
        volume = self.add_volume(
            asked['name'],
            content,
            status='creating',
            metadata=asked['metadata'],
            key=key,
            bootable='true' if said else 'false',
            volume_image_metadata=said,
            availability_zone=asked.get('availability_zone', 'nova'),
            **of_type,
        )
        done = {'status': 'available' if self.makes else 'error'}
        if self.makes and self._saved.get(asked.get('backup_id', '')):
            # cinder/backup/driver.py, _restore_vol_meta: they take the place
            # of those that were given.
            done['metadata'] = self._saved[asked['backup_id']]
        self.world.later(lambda: volume.update(done), 2)
        return wire.Answer(202, {'volume': volume})

    @service.route('PUT', '/volumes/([^/]+)')
    def _rename(self, request: wire.Request, id_: str) -> wire.Answer:
        volume = self.thing('volumes', id_)
        volume.update(request.json['volume'])
        return wire.Answer(json={'volume': volume})

    @service.route('PUT', '/volumes/([^/]+)/metadata')
    def _describe(self, request: wire.Request, id_: str) -> wire.Answer:
        volume = self.thing('volumes', id_)
        volume['metadata'] = request.json['metadata']
        return wire.Answer(json=request.json)

    @service.route('POST', '/volumes/([^/]+)/action')
    def _act(self, request: wire.Request, id_: str) -> wire.Answer:
        volume = self.thing('volumes', id_)
        ((action, asked),) = request.json.items()
        said = volume.get('volume_image_metadata', {})
        match action:
            case 'os-volume_upload_image':
                return self._upload(asked, volume)
            case 'os-set_bootable':
                volume['bootable'] = str(asked['bootable']).lower()
            case 'os-set_image_metadata':
                volume['volume_image_metadata'] = said | asked['metadata']
            case 'os-unset_image_metadata':
                if asked['key'] not in said:
                    raise wire.Refusal(404, 'Metadata not found')
                del said[asked['key']]
            case 'os-update_readonly_flag':
                volume['metadata']['readonly'] = str(asked['readonly'])
            case _:
                raise wire.Refusal(400, f'There is no action {action}')
        return wire.Answer(200, json={})

    def _upload(
        self, asked: worlds.Thing, volume: worlds.Thing
    ) -> wire.Answer:
        id_ = volume['id']
        # Before the state is looked at: a refusal leaves it behind.
        key = self._clone_key(volume)
        if volume['status'] != 'available':
            raise wire.Refusal(
                400, 'Invalid volume: Volume status must be available'
            )
        properties = {}
        if key:
            properties = {
                'cinder_encryption_key_id': key,
                'cinder_encryption_key_deletion_policy': 'on_image_deletion',
            }
        image = self._glance.add_image(
            asked['image_name'],
            status='queued',
            disk_format=asked['disk_format'],
            container_format=asked['container_format'],
            **properties,
        )
        volume['status'] = 'uploading'
        self.world.later(lambda: image.update(status='saving'))
        self.world.later(functools.partial(self._end, volume, image), 2)
        shown = {'id': id_, 'status': 'uploading', 'image_id': image['id']}
        return wire.Answer(202, {'os-volume_upload_image': shown})

    def _end(self, volume: worlds.Thing, image: worlds.Thing) -> None:
        volume['status'] = 'available'
        if image['id'] not in self.world.things['images']:
            return
        if self.uploads:
            content = self.world.content[volume['id']]
            self._glance.fill(image, content)
        else:
            self._glance.drop(image)
            self.world.messages[volume['id']] = (
                'upload volume: Failed to upload volume to image.'
            )

    @service.route('POST', '/backups')
    def _create_backup(self, request: wire.Request) -> wire.Answer:
        asked = request.json['backup']
        volume = self.thing('volumes', asked['volume_id'])
        if asked.keys() - _BACKUP_KEYS:
            raise wire.Refusal(400, 'Additional properties are not allowed')
        _require_texts(asked)
        before = volume['status']
        if before != 'available' and not (
            before == 'in-use' and asked['force']
        ):
            raise wire.Refusal(400, f'Invalid volume: {before}')
        parents = self._parents(volume)
        if asked['incremental'] and not parents:
            raise wire.Refusal(
                400, 'No backups available to do an incremental backup.'
            )
        self._spend('backups', volume)
        backup = self.add_backup(
            volume,
            asked['name'],
            description=asked.get('description'),
            status='creating',
            is_incremental=asked['incremental'],
            metadata=asked['metadata'],
            availability_zone=None,
            fail_reason=None,
            created_at=self._now(),
            data_timestamp=self._now(),
        )
        if asked['incremental']:
            newest = max(parents, key=lambda one: one['created_at'])
            self.parents[backup['id']] = newest['id']
        volume['status'] = 'backing-up'
        self._serve(volume, backup, before)
        shown = {key: backup[key] for key in ('id', 'name')}
        return wire.Answer(202, {'backup': shown | {'links': []}})

    def _serve(
        self, volume: worlds.Thing, backup: worlds.Thing, before: str
    ) -> None:
        if self.backup_service == 'stuck':
            return
        end = {'status': 'error', 'fail_reason': _NOT_FOUND}
        if self.backup_service == 'up':
            self.world.later(lambda: backup.update(availability_zone='nova'))
            end = {'status': 'available'}
        self.world.later(lambda: backup.update(end), 2)
        self.world.later(lambda: volume.update(status=before), 2)

    def _parents(self, volume: worlds.Thing) -> list[worlds.Thing]:
        return [
            backup
            for backup in self.world.things['backups'].values()
            if backup['volume_id'] == volume['id']
            and backup['status'] == 'available'
        ]

    def _children(self, id_: str) -> list[str]:
        return [
            child
            for child, parent in self.parents.items()
            if parent == id_ and child in self.world.things['backups']
        ]

    @service.route('DELETE', '/(volume|snapshot|backup)s/([^/]+)')
    def _delete(self, _: wire.Request, noun: str, id_: str) -> wire.Answer:
        kind = f'{noun}s'
        thing = self.thing(kind, id_)
        if noun == 'backup' and self.backup_service != 'up':
            raise wire.Refusal(404, 'Service backup could not be found.')
        if noun == 'backup' and self._children(id_):
            raise wire.Refusal(
                400, 'Incremental backups exist for this backup.'
            )
        if thing['status'] not in ('available', 'error'):
            raise wire.Refusal(400, f'Invalid {noun}: {thing["status"]}')
        thing['status'] = 'deleting'
        self.world.later(lambda: self._go(kind, thing))
        return wire.Answer(202)

    def _go(self, kind: str, thing: worlds.Thing) -> None:
        in_use = any(
            volume.get('snapshot_id') == thing['id']
            for volume in self.world.things['volumes'].values()
        )
        if kind == 'snapshots' and (self.busy or in_use):
            self.busy = max(0, self.busy - 1)
            thing['status'] = 'available'
            return
        self.world.remove(kind, thing['id'])
        self.world.remove('secrets', thing.get('encryption_key_id', ''))

    @service.route('GET', '/os-quota-sets/([^/]+)')
    def _quotas(self, _: wire.Request, project: str) -> wire.Answer:
        if not self.quota_policy:
            raise wire.Refusal(403, "Policy doesn't allow quotas:show.")
        used = self._used()
        rows = {
            'groups': {'limit': 10, 'in_use': 0, 'reserved': 0},
            'volumes_fast': {'limit': -1, 'in_use': 1, 'reserved': 1},
        }
        rows |= {
            name: {'limit': limit, 'in_use': used[name], 'reserved': 0}
            for name, limit in self.limits.items()
        }
        return wire.Answer(json={'quota_set': {'id': project, **rows}})

    @service.route('GET', '/limits')
    def _limits(self, _: wire.Request) -> wire.Answer:
        used = self._used()
        absolute = {
            'maxTotalVolumes': self.limits['volumes'],
            'totalVolumesUsed': used['volumes'],
            'maxTotalSnapshots': self.limits['snapshots'],
            'totalSnapshotsUsed': used['snapshots'],
            'maxTotalVolumeGigabytes': self.limits['gigabytes'],
            'totalGigabytesUsed': used['gigabytes'],
        }
        return wire.Answer(json={'limits': {'rate': [], 'absolute': absolute}})

    @service.route('GET', '/messages')
    def _messages(self, request: wire.Request) -> wire.Answer:
        text = self.world.messages.get(request.query['resource_uuid'])
        rows = [{'user_message': text}] if text else []
        return wire.Answer(json={'messages': rows})

    def _used(self) -> Counter[str]:
        used: Counter[str] = Counter()
        for kind in _COUNTED:
            for thing in self.world.things[kind].values():
                used += self._cost(kind, thing)
        return used

    def _cost(self, kind: str, thing: worlds.Thing) -> Counter[str]:
        """Tell what a thing counts in the quotas."""
        if kind == 'backups':
            return Counter(backups=1, backup_gigabytes=thing['size'])
        volumes = self.world.things['volumes']
        source = volumes.get(thing.get('volume_id', ''), thing)
        type_ = source.get('volume_type', 'fast')
        cost = {kind: 1, 'gigabytes': thing['size']}
        of_type = {f'{name}_{type_}': count for name, count in cost.items()}
        return Counter(cost | of_type)

    def _spend(self, kind: str, volume: worlds.Thing) -> None:
        """Refuse what is made of a volume where a quota has no room."""
        used = self._used()
        for quota, more in self._cost(kind, volume).items():
            limit = self.limits.get(quota, -1)
            if 0 <= limit < used[quota] + more:
                raise wire.Refusal(
                    413,
                    f'LimitExceeded: Maximum number of {quota} allowed '
                    f"({limit}) exceeded for quota '{quota}'.",
                    Retry_After='0',
                )

    def _now(self) -> str:
        """Give a stamp as Cinder writes it: UTC, and no word of that."""
        return self.world.now().replace(tzinfo=None).isoformat()

    def _clone_key(self, volume: worlds.Thing) -> str:
        if not volume.get('encryption_key_id'):
            return ''
        key = self.thing('secrets', volume['encryption_key_id'])
        fields = {k: v for k, v in key.items() if k not in ('id', 'name')}
        clone = self.world.add('secrets', '', **fields)
        self.world.content[clone['id']] = self.world.content[key['id']]
        return str(clone['id'])


def _copied(image: worlds.Thing) -> worlds.Thing:
    """Give what Cinder notes of an image for a volume made of it."""
    unknown = {'owner', 'status', 'visibility', 'tags', 'os_hidden', 'id'}
    said = {k: str(v) for k, v in image.items() if k not in unknown}
    return said | {'image_id': image['id'], 'image_name': image['name']}


def _require_texts(asked: worlds.Thing) -> None:
    """Refuse what ``cinder/api/schemas/backups.py`` refuses."""
    name, description = asked['name'], asked.get('description') or ''
    if len(name) > 255 or len(description) > 255:
        raise wire.Refusal(400, 'Invalid input: is too long')
    if any(
        unicodedata.category(char)[0] == 'C' or char > '\uffff'
        for char in description
    ):
        raise wire.Refusal(
            400, 'Invalid input for field/attribute description'
        )

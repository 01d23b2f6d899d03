# SPDX-License-Identifier: Apache-2.0
"""Projects as clouds have them, with a gap here and there.

What hypothesis makes up freely is seldom possible. These backups fit
together, so that most of them can be restored.
"""

import dataclasses
import random

from hypothesis import strategies as st

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.model import secret_facts
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

_DEVICES = ['/dev/vdb', '/dev/vdc', '/dev/vdaa', '']


class Project:
    """Backups, and the cloud that they come back to."""

    def __init__(self, chance):
        self._chance = chance
        self.entries = []
        self.there = []
        self.origin = base.HOME if self._likely() else base.ELSEWHERE
        for number in range(chance.randrange(3)):
            self._server(f'web{number}')
        for number in range(chance.randrange(4)):
            self._volume(f'data{number}')
        for number in range(chance.randrange(5)):
            self._secret(f'secret{number}')
        self._image('golden')
        chance.shuffle(self.entries)

    def _likely(self):
        return self._chance.randrange(10) < 8

    def _often(self):
        return self._chance.randrange(20) > 0

    def _add(self, record, **fields):
        """Add the backup of a record; sometimes it failed, or is a forgery."""
        if not self._often():
            fields['state'] = results.State.FAILED
        found = base.entry(record, **fields)
        self.entries.append(found)
        if not self._often():
            self.entries.append(found)
        if not self._likely():
            self.there.append(record)
        return record

    def _volume(self, name, **fields):
        locked = self._chance.randrange(2)
        volume = samples.volume(
            name,
            size_gib=self._chance.randrange(1, 5),
            type_name=self._chance.choice(
                ['luks', 'luks', 'unused', 'ssd', 'gone']
                if locked
                else ['ssd', 'ssd', 'unused', '']
            ),
            encrypted=bool(locked),
            key_id=samples.uuid_of('key') if locked else '',
            **fields,
        )
        file = base.entry(volume).file
        key = self._key(volume) if locked and self._often() else None
        match self._chance.randrange(6):
            case 0:
                backup = samples.backup(volume, key_id=volume.key_id)
                return self._artifact(volume, 'backup', backup)
            case 1:
                found = {'cinder_encryption_key_id': volume.key_id}
                image = samples.image(
                    f'kept {name}',
                    size=volume.size,
                    properties=found if locked else {},
                )
                return self._artifact(volume, 'image', image)
            case 2 if locked:
                file = dataclasses.replace(file, size=file.size + 2068480)
        return self._add(volume, file=file, key=key)

    def _key(self, record):
        chance = self._chance
        return base.key(
            record,
            protected=bool(chance.randrange(2)),
            opens=chance.choice(['yes', 'yes', 'yes', 'not checked', 'no']),
            luks=chance.choice([0, 1, 2]),
        )

    def _artifact(self, record, kind, artifact):
        if self._often():
            self.there.append(artifact)
        if self._often():
            self.there.append(samples.secret('key', id=samples.uuid_of('key')))
        kept = copies.Artifact(kind, artifact.id, artifact.name)
        return self._add(record, artifact=kept)

    def _server(self, name):
        server = samples.server(
            name,
            flavor_name=self._chance.choice(['m1.small', 'm1.tiny', 'gone']),
            vcpus=1,
            ram_mib=512,
            disk_gib=self._chance.choice([1, 20]),
            addresses=tuple(
                resources.Address(network, '10.0.0.1')
                for network in self._chance.sample(['lan', 'wan'], 1)
            ),
        )
        volumes = [
            self._volume(
                f'{name}-{device}',
                attachments=(resources.Attachment(server.id, device),),
            )
            for device in self._chance.sample(_DEVICES, 2)
        ]
        match self._chance.randrange(3):
            case 0:
                self._add(server, image=samples.image(name, id='own'))
            case 1:
                image = self._image(f'{name}-shelved')
                self._add(server, file=None, covered_by=image.resource.label)
            case 2:
                root = resources.Attachment(server.id, '/dev/vda')
                volumes.append(
                    self._volume(f'{name}-root', attachments=(root,))
                )
                ids = tuple(one.id for one in volumes)
                server = dataclasses.replace(
                    server, image_id='', volume_ids=ids
                )
                self._add(server, file=None, covered_by='its volumes')

    def _image(self, name):
        locked = not self._likely()
        properties = {'hw_disk_bus': 'scsi', 'backupclient_run': 'x'}
        if locked:
            properties['cinder_encryption_key_id'] = samples.uuid_of('key')
        image = samples.image(name, properties=properties)
        return self._add(image, key=self._key(image) if locked else None)

    def _secret(self, name):
        containers = tuple(
            secret_facts.Membership(
                one, one, 'generic', name, self._chance.randrange(3)
            )
            for one in self._chance.sample(['c-1', 'c-2'], 1)
        )
        self._add(samples.secret(name, containers=containers))

    @property
    def request(self):
        """What may be asked for."""
        chance = self._chance
        return restores.Request(
            requests.Request(everything=True),
            source='' if not self._often() else '/backups',
            skip_existing=not self._likely(),
            without_servers=not self._often(),
            volume_types=chance.choice(
                [{}, {}, {'luks': 'unused'}, {'luks': 'ssd', 'gone': 'luks'}]
            ),
            networks=chance.choice([{}, {'': 'wan'}, {'lan': 'none'}]),
            decrypt=not self._likely(),
        )

    @property
    def inventory(self):
        """The cloud, with little room now and then."""
        quotas = {}
        if not self._likely():
            quotas['gigabytes'] = inventories.Quota(10, 0)
            quotas['volumes'] = inventories.Quota(3, 0)
        return samples.inventory(*self.there, quotas=quotas)


def _scene(seed):
    found = Project(random.Random(seed))
    choices = [base.choice(one) for one in found.entries]
    return found.request, choices, found.inventory, base.OFFERS, found.origin


scenes = st.integers(0, (1 << 32) - 1).map(_scene)

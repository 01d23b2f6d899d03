# SPDX-License-Identifier: Apache-2.0
"""A project with one of everything, as records and as files."""

import dataclasses
import datetime
import hashlib
import pathlib

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.sets import backup_set
from backupclient.store import base
from backupclient.store import localfolder

RUN = '20260131T235959Z-abcd'
STARTED = datetime.datetime(2026, 1, 31, 23, 59, 59, tzinfo=datetime.UTC)
FINISHED = STARTED + datetime.timedelta(minutes=5)
IDENTITY = inventories.CloudIdentity(
    'https://cloud.example/v3', 'one', 'p-1', 'web shop', 'u-1'
)
PAGE = '# How to restore it\n'
SERVER_ID = '5e000000-0000-0000-0000-000000000001'


def content(path: str) -> bytes:
    return f'content of {path}'.encode()


def file_record(path: str) -> copies.FileRecord:
    data = content(path)
    digests = {'sha512': hashlib.sha512(data).hexdigest()}
    return copies.FileRecord(path, len(data), digests, 'sha512')


def key_record(
    path: str, secret_type: str = 'symmetric', opens: str = 'yes'
) -> copies.KeyRecord:
    return copies.KeyRecord(
        path,
        secret_id='c0de',
        secret_type=secret_type,
        algorithm='aes',
        bit_length=256,
        fingerprint=hashlib.sha256(b'\xc0\xde').hexdigest(),
        opens=opens,
        protected=path.endswith('.age'),
    )


def volume_entry(volume: resources.Volume, **changes) -> manifests.Entry:
    """An entry of a volume that was brought out as a file."""
    entry = manifests.Entry(
        resource=volume.resource,
        procedure=plans.Procedure.VOLUME_IMAGE,
        state=results.State.COMPLETE,
        consistency=plans.Consistency.DETACHED,
        captured_at='2026-02-01T00:00:01+00:00',
        size=volume.size,
        volume=volume,
        file=file_record(f'volumes/{volume.id}.raw'),
    )
    return dataclasses.replace(entry, **changes)


def image_entry(image: resources.Image, **changes) -> manifests.Entry:
    entry = manifests.Entry(
        resource=image.resource,
        procedure=plans.Procedure.IMAGE_DOWNLOAD,
        state=results.State.COMPLETE,
        consistency=plans.Consistency.IMMUTABLE,
        image=image,
        file=file_record(f'images/{image.id}.qcow2'),
    )
    return dataclasses.replace(entry, **changes)


def server_entry(server: resources.Server, **changes) -> manifests.Entry:
    entry = manifests.Entry(
        resource=server.resource,
        procedure=plans.Procedure.SERVER_IMAGE,
        state=results.State.COMPLETE,
        consistency=plans.Consistency.CRASH,
        server=server,
        file=file_record(f'servers/{server.id}.qcow2'),
    )
    return dataclasses.replace(entry, **changes)


def secret_entry(secret: resources.Secret, **changes) -> manifests.Entry:
    entry = manifests.Entry(
        resource=secret.resource,
        procedure=plans.Procedure.SECRET_DOWNLOAD,
        state=results.State.COMPLETE,
        consistency=plans.Consistency.IMMUTABLE,
        secret=secret,
        file=file_record(f'secrets/{secret.id}.bin'),
    )
    return dataclasses.replace(entry, **changes)


def manifest(*items: manifests.Entry, **changes) -> manifests.Manifest:
    complete = all(i.state is results.State.COMPLETE for i in items)
    found = manifests.Manifest(
        run=RUN,
        created_at='2026-01-31T23:59:59+00:00',
        finished_at='2026-02-01T00:04:59+00:00',
        state=manifests.State.COMPLETE
        if complete
        else manifests.State.INCOMPLETE,
        identity=IDENTITY,
        request=requests.Request(everything=True, target='/backups'),
        items=items,
        program_version='1.0',
    )
    return dataclasses.replace(found, **changes)


ROOT = resources.Volume(
    id='10000000-0000-0000-0000-000000000001',
    name='web root',
    status='in-use',
    size_gib=20,
    type_name='ssd',
    bootable=True,
    attachments=(resources.Attachment(SERVER_ID, '/dev/vda'),),
    image_metadata={'hw_disk_bus': 'scsi', 'checksum': 'abc', 'size': '1'},
)
DATA = resources.Volume(
    id='10000000-0000-0000-0000-000000000002',
    name='web data',
    status='in-use',
    size_gib=1,
    type_name='luks',
    encrypted=True,
    key_id='c0de',
    description="the shop's orders",
    attachments=(resources.Attachment(SERVER_ID, '/dev/vdb'),),
    metadata={'env': 'prod', 'backupclient_run': 'old'},
)
ARCHIVE = resources.Volume(
    id='10000000-0000-0000-0000-000000000003',
    name='archive',
    status='available',
    size_gib=5,
    type_name='hdd',
)
IMAGE = resources.Image(
    id='20000000-0000-0000-0000-000000000001',
    name='golden image',
    status='active',
    owner='p-1',
    disk_format='qcow2',
    container_format='bare',
    min_disk=10,
    min_ram=512,
    tags=('base', 'v 2'),
    properties={
        'os_distro': 'debian',
        'base_image_ref': 'x',
        'img_signature': 'x',
    },
)
SERVER = resources.Server(
    id=SERVER_ID,
    name='web',
    status='ACTIVE',
    volume_ids=(DATA.id, ROOT.id),
    flavor_name='m1.small',
    ephemeral_gib=8,
    key_name='admin',
    root_device='/dev/vda',
    metadata={'role': 'web'},
)
SECRET = resources.Secret(
    id='30000000-0000-0000-0000-000000000001',
    name='tls',
    status='ACTIVE',
    secret_type='private',
    content_type='application/octet-stream',
)

EVERYTHING = manifest(
    volume_entry(ROOT, consistency=plans.Consistency.CRASH),
    volume_entry(DATA, key=key_record(f'keys/volume-{DATA.id}.key.age')),
    volume_entry(
        ARCHIVE,
        procedure=plans.Procedure.VOLUME_BACKUP,
        file=None,
        artifact=copies.Artifact('backup', 'b-1', 'nightly', True),
    ),
    image_entry(IMAGE),
    server_entry(
        SERVER,
        procedure=plans.Procedure.NONE,
        covered_by='its volumes',
        file=None,
        notes=('The ephemeral disk of 8 GiB is in no backup.',),
    ),
    secret_entry(SECRET),
    volume_entry(
        dataclasses.replace(ARCHIVE, id='1-4', name='broken'),
        state=results.State.FAILED,
        reason='Volume 1-4 is in the state error: ask the operator.',
        file=None,
    ),
    cautions=('The quota of volumes is nearly used up.',),
    request=requests.Request(recipients=('age1qqq',)),
)


def filled(store: base.Store, made: manifests.Manifest = EVERYTHING):
    """A set under way that has all files of a manifest."""
    found = backup_set.BackupSet.create(store, made.run)
    for item in made.items:
        for named in (item.file, item.key):
            if named:
                found.files.put(named.path, content(named.path))
    return found


def closed(target: pathlib.Path) -> pathlib.Path:
    """A folder with a finished set that has everything."""
    return pathlib.Path(
        filled(localfolder.Folder(target)).close(EVERYTHING, PAGE)
    )

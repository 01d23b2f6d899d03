# SPDX-License-Identifier: Apache-2.0
"""Inventories and requests that hypothesis makes up.

IDs come from a small pool, so that the records refer to each other: volumes
to servers and keys, servers to volumes and images, and all to what is gone.
"""

from hypothesis import strategies as st

from backupclient.model import inventories
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tags
from backupclient.tests.unit.planner import samples

_VOLUME_STATES = [
    *['available', 'in-use'] * 3,
    *[
        'attaching',
        'backing-up',
        'creating',
        'reserved',
        'uploading',
        'retyping',
    ],
    *['error', 'error_deleting', 'maintenance', 'awaiting-transfer', 'odd'],
]
_SERVER_STATES = [
    *['ACTIVE', 'SHUTOFF'] * 2,
    *[
        'PAUSED',
        'SHELVED',
        'SHELVED_OFFLOADED',
        'ERROR',
        'BUILD',
        'VERIFY_RESIZE',
        'ODD',
    ],
]
_IMAGE_STATES = [
    *['active'] * 3,
    *['queued', 'saving', 'deactivated', 'killed', 'odd'],
]

ids = st.sampled_from([samples.uuid_of(str(number)) for number in range(6)])
_ours = f'backupclient-{samples.RUN_ID}-volume-1'
_cinders = f'backup-vol-{samples.uuid_of("backup")}'
names = st.sampled_from(
    ['', 'a', 'b', 'a-shelved', '../x', '\x1b[2J', _ours, _cinders]
)
maybe_id = st.just('') | ids
metadata = st.dictionaries(
    st.sampled_from(['env', 'team', tags.RUN]),
    st.sampled_from(['prod', '']),
    max_size=2,
)
sizes = st.integers(0, 20)

volumes = st.builds(
    resources.Volume,
    id=ids,
    name=names,
    status=st.sampled_from(_VOLUME_STATES),
    size_gib=sizes,
    type_name=st.sampled_from(['', 'ssd', 'luks']),
    encrypted=st.booleans(),
    multiattach=st.booleans(),
    consumes_quota=st.booleans(),
    key_id=maybe_id,
    attachments=st.lists(
        st.builds(resources.Attachment, ids, st.just('/dev/vdb')), max_size=2
    ).map(tuple),
    metadata=metadata,
)
servers = st.builds(
    resources.Server,
    id=ids,
    name=names,
    status=st.sampled_from(_SERVER_STATES),
    image_id=maybe_id,
    task_state=st.sampled_from(['', '', 'deleting', 'image_snapshot']),
    volume_ids=st.lists(ids, max_size=3, unique=True).map(tuple),
    disk_gib=sizes,
    ephemeral_gib=sizes,
    swap_mib=sizes,
    config_drive=st.booleans(),
    metadata=metadata,
    tags=st.lists(st.sampled_from(['env', 'env=prod']), max_size=2).map(tuple),
)
images = st.builds(
    resources.Image,
    id=ids,
    name=names,
    status=st.sampled_from(_IMAGE_STATES),
    owner=st.sampled_from([samples.PROJECT, 'another project']),
    size=st.none() | sizes,
    disk_format=st.sampled_from(['raw', 'qcow2', '', '../x']),
    checksum=st.sampled_from(['', 'md5']),
    created_at=st.sampled_from(['', '2026-01-01', '2026-01-02']),
    properties=st.dictionaries(
        st.sampled_from(
            ['cinder_encryption_key_id', 'instance_uuid', tags.RUN]
        ),
        ids,
        max_size=2,
    ),
)
secrets = st.builds(
    resources.Secret,
    id=ids,
    name=names | ids.map('vTPM secret for instance {}'.format),
    status=st.sampled_from(['ACTIVE', 'ACTIVE', 'ERROR']),
    content_type=st.sampled_from(['', 'application/octet-stream']),
    expires_at=st.sampled_from(['', '2030-01-01']),
)
backups = st.builds(
    resources.CinderBackup,
    id=ids,
    name=names,
    status=st.sampled_from(['available', 'creating', 'error']),
    volume_id=ids,
    size_gib=sizes,
    created_at=st.sampled_from(['', '2026-01-01', '2026-01-02']),
    key_id=maybe_id,
)
quotas = st.dictionaries(
    st.sampled_from(
        [
            'volumes',
            'gigabytes',
            'snapshots',
            'backups',
            'backup_gigabytes',
            'volumes_ssd',
            'gigabytes_luks',
        ]
    ),
    st.builds(inventories.Quota, st.integers(-1, 60), st.integers(0, 40)),
)


def _records(of):
    return st.lists(of, max_size=5, unique_by=lambda one: one.id).map(tuple)


inventories = st.builds(
    inventories.Inventory,
    identity=st.just(samples.inventory().identity),
    roles=st.frozensets(
        st.sampled_from(['reader', 'member', 'creator', 'custom'])
    ),
    services=st.just(samples.SERVICES)
    | st.frozensets(st.sampled_from(sorted(samples.SERVICES))),
    backup_api=st.booleans(),
    servers=_records(servers),
    volumes=_records(volumes),
    backups=_records(backups),
    images=_records(images),
    secrets=_records(secrets),
    quotas=st.just({}) | quotas,
)
requests = st.builds(
    requests.Request,
    everything=st.just(True),
    target=st.sampled_from(['', '/backups']),
    volume_method=st.sampled_from(list(requests.VolumeMethod)),
    chain=st.sampled_from(list(requests.Chain)),
    recipients=st.sampled_from([(), ('age1x',)]),
    plaintext_keys=st.booleans(),
    keep_images=st.booleans(),
    stop_servers=st.booleans(),
)

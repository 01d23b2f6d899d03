# SPDX-License-Identifier: Apache-2.0
"""Backups, clouds and requests of a restore, as hypothesis makes them up.

IDs and names come from small pools, so that backups refer to each other, to
what the cloud has, and to what is gone. A manifest may be forged: records
need not fit their resource, nor files theirs.
"""

import dataclasses

from hypothesis import strategies as st

from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import on_offer
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.model import secret_facts
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner import strategies as every
from backupclient.tests.unit.planner.restore import base

TYPES = ['ssd', 'luks', 'unused', 'gone']
NETWORKS = ['lan', 'wan', 'twice', 'gone']
DEVICES = ['', '/dev/vda', '/dev/vdb', '/dev/vdaa']
ZONES = ['', 'az1', 'nova']

seldom = st.integers(0, 9).map(lambda number: number == 9)


def known(one):
    """What could be read, nine times out of ten."""
    return seldom.map(lambda lost: None if lost else one)


volumes = st.builds(
    dataclasses.replace,
    every.volumes,
    type_name=st.sampled_from(['', *TYPES, 'ssd', 'luks']),
    type_id=st.sampled_from(['', 't-2']),
    availability_zone=st.sampled_from(ZONES),
    bootable=st.booleans(),
    attachments=st.lists(
        st.builds(resources.Attachment, every.ids, st.sampled_from(DEVICES)),
        max_size=2,
    ).map(tuple),
    image_metadata=st.dictionaries(
        st.sampled_from(
            ['min_disk', 'cinder_encryption_key_id', 'hw_disk_bus']
        ),
        st.sampled_from(['1', '30', '99999999999', 'x']),
    ),
)
servers = st.builds(
    dataclasses.replace,
    every.servers,
    flavor_name=st.sampled_from(['', 'm1.small', 'm1.tiny', 'gone']),
    vcpus=st.integers(0, 5),
    ram_mib=st.integers(0, 9000),
    root_device=st.sampled_from(DEVICES),
    availability_zone=st.sampled_from(ZONES),
    key_name=st.sampled_from(['', 'laptop', 'gone']),
    security_groups=st.lists(
        st.sampled_from(['default', 'web', 'twice', 'gone']), max_size=3
    ).map(tuple),
    addresses=st.lists(
        st.builds(
            resources.Address,
            st.sampled_from(NETWORKS),
            st.just('10.0.0.1'),
        ),
        max_size=3,
    ).map(tuple),
)
secrets = st.builds(
    dataclasses.replace,
    every.secrets,
    containers=st.lists(
        st.builds(
            secret_facts.Membership,
            st.sampled_from(['c-1', 'c-2']),
            st.just('certs'),
            st.just('generic'),
            st.sampled_from(['', 'a']),
            st.integers(0, 3),
        ),
        max_size=2,
    ).map(tuple),
)
_RECORDS = {
    resources.Kind.SERVER: servers,
    resources.Kind.VOLUME: volumes,
    resources.Kind.IMAGE: every.images,
    resources.Kind.SECRET: secrets,
}
_ENDINGS = ['raw', 'qcow2', 'bin', 'bin.age', 'sh']
_SECRETS = ['bin', 'bin', 'bin.age']
_FOLDERS = ['volumes', 'servers', 'images', 'secrets']


@st.composite
def files(draw, resource):
    """The file of a resource; a few of another one."""
    folder = f'{resource.kind}s'
    if draw(seldom):
        folder = draw(st.sampled_from(_FOLDERS))
    secret = resource.kind is resources.Kind.SECRET
    usual = _SECRETS if secret else ['raw', 'qcow2']
    ending = draw(st.sampled_from(_ENDINGS if draw(seldom) else usual))
    sizes = st.integers(0, 40 * base.GIB) | st.just((1 << 63) - 1)
    return base.file(f'{folder}/{resource.id}.{ending}', draw(sizes))


@st.composite
def keys(draw, resource):
    protected = draw(st.booleans())
    return copies.KeyRecord(
        layout.key_file(resource, protected=protected),
        'old-key',
        'symmetric',
        'aes',
        256,
        'f' * 64,
        draw(st.sampled_from(['yes', 'yes', 'no', 'not checked'])),
        protected,
        luks=draw(st.sampled_from([0, 1, 2])),
    )


@st.composite
def entries(draw):
    kind = draw(st.sampled_from(list(resources.Kind)))
    record = draw(_RECORDS[kind])
    resource = record.resource
    if draw(seldom):
        record = draw(st.none() | _RECORDS[kind])
    image = None
    if kind is resources.Kind.SERVER:
        image = draw(st.none() | every.images)
    artifact = st.builds(
        copies.Artifact,
        st.sampled_from(['backup', 'image']),
        every.ids,
        st.just('nightly'),
        key_id=every.maybe_id,
    )
    found = {
        'resource': resource,
        'procedure': plans.Procedure.NONE,
        'state': draw(
            st.sampled_from([results.State.COMPLETE] * 9 + [*results.State])
        ),
        'file': draw(st.one_of(st.none(), *[files(resource)] * 4)),
        'artifact': draw(st.none() | st.none() | artifact),
        'key': draw(st.none() | keys(resource)),
        'covered_by': draw(
            st.just('') | every.ids.map('image "a-shelved" ({})'.format)
        ),
        'image': image,
    }
    return manifests.Entry(**{**found, kind.value: record})


choices = st.lists(
    entries().map(base.choice),
    max_size=6,
    unique_by=lambda one: one.entry.resource.id,
) | st.lists(entries().map(base.choice), max_size=4)
inventories = st.builds(
    dataclasses.replace,
    every.inventories,
    services=st.one_of(
        *[st.just(samples.SERVICES)] * 4,
        st.frozensets(st.sampled_from(sorted(samples.SERVICES))),
    ),
)
requests = st.builds(
    restores.Request,
    selection=st.just(requests.Request(everything=True)),
    source=st.sampled_from(['', *['/backups'] * 4]),
    suffix=st.sampled_from(['', '-2']),
    skip_existing=seldom,
    without_servers=seldom,
    volume_types=st.dictionaries(
        st.sampled_from(TYPES), st.sampled_from(TYPES), max_size=2
    ),
    flavors=st.dictionaries(
        st.sampled_from(['m1.small', 'gone']),
        st.sampled_from(['m1.large', 'gone']),
        max_size=1,
    ),
    zones=st.dictionaries(
        st.sampled_from(ZONES), st.sampled_from(ZONES), max_size=1
    ),
    networks=st.dictionaries(
        st.sampled_from(['', *NETWORKS]),
        st.sampled_from(['none', *NETWORKS]),
        max_size=2,
    ),
    key_pair=st.sampled_from(['', 'desk', 'gone']),
    decrypt=st.booleans(),
)
offers = st.builds(
    on_offer.Offers,
    volume_types=known(base.OFFERS.volume_types),
    default_type=st.sampled_from(['', 'ssd', 'hidden']),
    zones=known(base.OFFERS.zones),
    flavors=known(base.OFFERS.flavors),
    server_zones=known(base.OFFERS.server_zones),
    key_pairs=known(base.OFFERS.key_pairs),
    networks=known(base.OFFERS.networks),
    security_groups=known(base.OFFERS.security_groups),
)
origins = st.sampled_from([base.HOME, base.HOME, base.ELSEWHERE])
scenes = st.tuples(requests, choices, inventories, offers, origins)

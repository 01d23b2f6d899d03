# SPDX-License-Identifier: Apache-2.0

import dataclasses
import datetime

import testtools

from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import on_offer
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.planner import restore
from backupclient.tests.unit.planner import samples

RUN = samples.RUN_ID
NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
HOME = samples.inventory().identity
ELSEWHERE = dataclasses.replace(
    HOME, project_id='project-of-bob', project_name='bob'
)
GIB = resources.GIB
DIGESTS = {'sha512': 'f' * 128}

OFFERS = on_offer.Offers(
    volume_types=(
        on_offer.VolumeType('t-1', 'ssd', encrypted=False),
        on_offer.VolumeType('t-2', 'luks', encrypted=True),
        on_offer.VolumeType('t-3', 'unused'),
    ),
    default_type='ssd',
    zones=frozenset({'az1', 'az2'}),
    flavors=(
        on_offer.Flavor('f-1', 'm1.tiny', 1, 512, 1),
        on_offer.Flavor('f-2', 'm1.small', 1, 2048, 20),
        on_offer.Flavor('f-3', 'm1.large', 4, 8192, 80),
        on_offer.Flavor('f-4', 'm1.scratch', 1, 2048, 20, ephemeral_gib=10),
        on_offer.Flavor('f-5', 'm1.diskless', 1, 2048, 0),
    ),
    server_zones=frozenset({'nova'}),
    key_pairs=frozenset({'laptop', 'desk'}),
    networks=(
        on_offer.Named('n-1', 'lan'),
        on_offer.Named('n-2', 'wan'),
        on_offer.Named('n-3', 'twice'),
        on_offer.Named('n-4', 'twice'),
    ),
    security_groups=(
        on_offer.Named('s-0', 'default'),
        on_offer.Named('s-1', 'web'),
        on_offer.Named('s-2', 'ssh'),
        on_offer.Named('s-3', 'twice'),
        on_offer.Named('s-4', 'twice'),
    ),
)

_RECORDS = {
    resources.Server: 'server',
    resources.Volume: 'volume',
    resources.Image: 'image',
    resources.Secret: 'secret',
}


@dataclasses.dataclass(frozen=True)
class Choice:
    run: str
    entry: manifests.Entry
    notes: tuple[str, ...] = ()


def file(path, size=1000):
    return copies.FileRecord(path, size, DIGESTS, 'sha512')


def key(record, *, protected=False, **fields):
    """The exported key of a resource."""
    fields.setdefault('opens', 'yes')
    return copies.KeyRecord(
        layout.key_file(record.resource, protected=protected),
        secret_id='old-key',
        secret_type='symmetric',
        algorithm='aes',
        bit_length=256,
        fingerprint='f' * 64,
        protected=protected,
        **fields,
    )


def entry(record, **fields):
    """A complete backup of a record, in a file."""
    kind = _RECORDS[type(record)]
    fields.setdefault(kind, record)
    fields.setdefault('resource', record.resource)
    fields.setdefault('procedure', plans.Procedure.NONE)
    fields.setdefault('state', results.State.COMPLETE)
    fields.setdefault('captured_at', '2026-01-02T03:05:00+00:00')
    if 'file' not in fields and 'artifact' not in fields:
        fields['file'] = _file(record)
    return manifests.Entry(**fields)


def _file(record):
    if isinstance(record, resources.Volume):
        path = layout.data_file(record.resource, 'raw')
        return file(path, record.size)
    if isinstance(record, resources.Secret):
        if not record.content_type:
            return None
        return file(layout.secret_file(record.id, protected=False), 32)
    ending = getattr(record, 'disk_format', 'qcow2')
    return file(layout.data_file(record.resource, ending))


def whole(server, **fields):
    """The backup of a server whose volumes are its disks."""
    return entry(server, file=None, covered_by='its volumes', **fields)


def choice(one, notes=()):
    return Choice(RUN, one, notes)


def offers(**fields):
    return dataclasses.replace(OFFERS, **fields)


class TestCase(testtools.TestCase):
    """Plans restores, and looks at the items."""

    def plan(
        self,
        *entries,
        there=(),
        cloud=None,
        offers=OFFERS,
        origin=HOME,
        identities=False,
        notes=(),
        **options,
    ):
        """Plan to restore backups.

        :param there: records that the project has.
        :param cloud: fields of the inventory.
        :param options: fields of the request.
        """
        options.setdefault('source', '/backups')
        request = restores.Request(
            requests.Request(everything=True), **options
        )
        return restore.plan(
            request,
            [choice(one, notes) for one in entries],
            samples.inventory(*there, **(cloud or {})),
            offers,
            origin=origin,
            identities=identities,
            now=NOW,
        )

    def item(self, one, *others, **options):
        """Plan, and give the item of the first backup."""
        made = self.plan(one, *others, **options)
        found = [i for i in made.items if i.resource == one.resource]
        self.assertEqual(1, len(found), made.items)
        return found[0]

    def refuses(self, item, *words):
        """Check that there is no procedure, and that it says why."""
        self.assertIs(plans.Procedure.NONE, item.procedure, item)
        self.assertFalse(item.possible)
        self.assertIsNone(item.restore)
        self.says(item.reason, *words)

    def accepts(self, item, procedure):
        self.assertEqual(procedure, item.procedure, item.reason)
        self.assertIsNotNone(item.restore)

    def says(self, text, *words):
        text = text if isinstance(text, str) else ' '.join(text)
        for word in words:
            self.assertIn(word, text)

# SPDX-License-Identifier: Apache-2.0

import datetime

from backupclient import errors
from backupclient.model import leases
from backupclient.tests.unit.cloud import base
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

DATA = b'0123456789'


class DataTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        image = self.fake.glance.add_image('a', DATA)
        self.source = self.cloud.glance.data(image['id'])

    def _read(self, offset=0):
        with self.source.open(offset) as opened:
            blocks = []
            while block := opened.read(4):
                blocks.append(block)
            return opened.start, b''.join(blocks)

    def test_whole(self):
        self.assertEqual((0, DATA), self._read())
        self.assertNotIn('Range', self.fake.seen[0].headers)

    def test_from_an_offset(self):
        self.assertEqual((7, b'789'), self._read(7))

    def test_range_ignored(self):
        answer = wire.Answer(content=DATA)
        self.fake.fail(answer)
        self.assertEqual((0, DATA), self._read(7))

    def test_refused_ranges(self):
        self.assertEqual(416, self._refused(10).status)
        self.fake.glance.ranges = False
        self.assertEqual(400, self._refused(7).status)

    def _refused(self, offset):
        return self.assertRaises(errors.CloudError, self._read, offset)

    def test_broken(self):
        self.fake.glance.breaks = [6]
        self.assertRaises(errors.AnswerLost, self._read)

    def test_no_data(self):
        image = self.fake.glance.add_image('empty')
        self.source = self.cloud.glance.data(image['id'])
        self.assertEqual(204, self._refused(0).status)


class FindTestCase(base.TestCase):
    """By our properties, or by the name that stands for them."""

    tags = {'backupclient_run': 'r', 'backupclient_source': 'volume/v'}

    def _find(self):
        return self.cloud.glance.find(worlds.PROJECT, 'our name', self.tags)

    def test_by_properties(self):
        made = self.fake.glance.add_image('renamed', **self.tags)
        self.assertEqual(made['id'], self._find())

    def test_by_name(self):
        made = self.fake.glance.add_image('our name')
        self.assertEqual(made['id'], self._find())

    def test_none_of_others(self):
        self.fake.glance.add_image('our name', owner='somebody')
        self.fake.glance.add_image(
            'x', **(self.tags | {'backupclient_run': 's'})
        )
        self.assertIsNone(self._find())


class UpdateTestCase(base.TestCase):
    def test_names_with_anything_in_them(self):
        image = self.fake.glance.add_image('a')
        name = 'sl/ash ~tilde "quote" \u202e'
        self.cloud.glance.update(image['id'], name, {'k': 'v'})
        self.assertEqual(name, image['name'])
        self.assertEqual('v', image['k'])


class LeaseTestCase(base.TestCase):
    def _leases(self):
        return [*self.cloud.glance.leases(worlds.PROJECT)]

    def test_kept_in_the_cloud(self):
        glance = self.cloud.glance
        properties = leases.metadata('r', 'alpha', ['volume/a'])
        before = self.fake.world.now()
        id_ = glance.create_lease('a name', properties)
        (found,) = self._leases()
        self.assertEqual(
            (id_, 'r', 'alpha', frozenset({'volume/a'})),
            (found.id, found.run, found.host, found.claims),
        )
        self.assertLess(before, found.seen_at)
        now = glance.renew_lease(id_, leases.metadata('r', 'alpha', ()))
        (found,) = self._leases()
        self.assertEqual((now, frozenset()), (found.seen_at, found.claims))

    def test_of_the_project_only(self):
        properties = leases.metadata('r', 'alpha', ())
        self.fake.glance.add_image('theirs', owner='somebody', **properties)
        self.fake.glance.add_image('no lease')
        for number in range(3):
            self.fake.glance.add_image(f'lease {number}', **properties)
        self.fake.glance.page = 2
        self.assertEqual(3, len(self._leases()))

    def test_time_of_the_cloud(self):
        found = self.cloud.glance.now()
        self.assertEqual(self.fake.world.now(), found)

    def test_cloud_that_tells_no_time(self):
        """Then it is this machine's."""
        for date in ('', 'yesterday'):
            self.fake.fail(
                wire.Answer(json={'images': []}, headers={'Date': date})
            )
            earlier = datetime.datetime.now(datetime.UTC)
            self.assertLessEqual(earlier, self.cloud.glance.now())
            self.fake.faults.clear()


class VisibleTestCase(base.TestCase):
    """Images of others, by their IDs."""

    def test_whatever_their_visibility(self):
        wanted = [
            self.fake.glance.add_image(name, owner='somebody', **fields)['id']
            for name, fields in (
                ('public', {'visibility': 'public'}),
                ('community', {'visibility': 'community'}),
                ('hidden', {'visibility': 'public', 'os_hidden': True}),
                ('shared', {'visibility': 'shared'}),
            )
        ]
        self.fake.glance.add_image('other', owner='somebody')
        found = self.cloud.glance.visible([*wanted, 'gone'])
        self.assertEqual(set(wanted), {image.id for image in found})
        for request in self.fake.seen:
            self.assertEqual('all', request.query['visibility'])
            self.assertEqual('all', request.query['member_status'])

    def test_many(self):
        """Two requests for fifty of them."""
        ids = [f'image-{number}' for number in range(101)]
        self.assertEqual([], [*self.cloud.glance.visible(ids)])
        self.assertEqual(6, len(self.fake.seen))
        asked = [
            one
            for request in self.fake.seen[::2]
            for one in request.query['id'].removeprefix('in:').split(',')
        ]
        self.assertEqual(sorted(ids), asked)

    def test_none(self):
        self.assertEqual([], [*self.cloud.glance.visible(())])
        self.assertEqual([], self.fake.seen)


class UpdateFieldsTestCase(base.TestCase):
    def test_fields_and_properties(self):
        image = self.fake.glance.add_image('old')
        self.cloud.glance.update(image['id'], 'new', {'a': 'b'}, min_ram=32)
        found = self.cloud.glance.image(image['id'])
        self.assertEqual(('new', 32), (found.name, found.min_ram))
        self.assertEqual('b', found.properties['a'])

# SPDX-License-Identifier: Apache-2.0
"""What is chosen of all cases, and how files are judged: without a cloud."""

import pathlib

import fixtures
import testtools

from backupclient.tests.functional.faults import fault
from backupclient.tests.functional.faults import judge
from backupclient.tests.functional.faults import pairs
from backupclient.tests.functional.faults import traffic

MIB = 1 << 20
COMMON = [('GET', '/a'), ('POST', '/b'), ('DELETE', '/b/{id}')]
OF_UPLOADS = {'upload cut', 'upload flipped', 'killed in upload'}
WHOLE = [
    *COMMON[:2],
    ('POST', '/c'),
    ('GET', '/v2/images/{id}/file'),
    ('PUT', '/v2/images/{id}/file'),
    ('DELETE', '/c/{id}'),
    *[('GET', f'/{number}') for number in range(len(fault.ALL))],
    *COMMON[2:],
]


def seen(requests):
    record = traffic.Record()
    for method, path in requests:
        record.add('image', method, path).length = 100
    return record.seen


class PairsTestCase(testtools.TestCase):
    def choose(self, which):
        self.useFixture(fixtures.EnvironmentVariable('FAULTS', which))
        return pairs.chosen(seen(WHOLE), seen(COMMON))

    def test_all(self):
        chosen = self.choose('all')
        self.assertEqual(len(chosen), len(set(chosen)))
        self.assertEqual(
            {each.request for each in seen(WHOLE)},
            {request for request, _ in chosen},
        )
        of_the_first = {one for request, one in chosen if request.path == '/a'}
        self.assertEqual(
            {'413 quota', 'flipped', *OF_UPLOADS},
            {one.name for one in set(fault.ALL) - of_the_first},
        )

    def test_misspelt(self):
        for which in ('', 'al'):
            self.assertRaises(ValueError, self.choose, which)

    def test_some(self):
        chosen = self.choose(None)
        paths = {request.path for request, _ in chosen}
        self.assertEqual({path for _, path in WHOLE[2:-1]}, paths)
        self.assertEqual(set(fault.ALL), {one for _, one in chosen})
        self.assertEqual(
            ['POST', 'GET', 'PUT', 'DELETE'],
            [at.method for at, one in chosen if one.kills],
        )
        others = [at for at, one in chosen if not one.kills]
        # An upload is cut, and has a flipped bit.
        self.assertEqual(len(WHOLE) - len(COMMON) + 1, len(others))

    def test_trips(self):
        """Each pair is in one of them, and none meets a request twice."""
        chosen = self.choose(None)
        self.useFixture(fixtures.EnvironmentVariable('FAULTS'))
        trips = pairs.trips(chosen)
        self.assertEqual(
            sorted(map(str, chosen)),
            sorted(str(pair) for trip in trips for pair in trip),
        )
        *alone, over, kills = trips
        self.assertEqual({1}, {len(trip) for trip in alone})
        self.assertEqual(
            {'413 quota', 'flipped', 'upload flipped'},
            {one.name for [(_, one)] in alone},
        )
        self.assertEqual(len(over), len(dict(over)))
        self.assertTrue(all(one.is_survived_at(at) for at, one in over))
        self.assertEqual(4, len(kills))
        self.assertTrue(all(one.kills for _, one in kills))

    def test_trips_of_all(self):
        """Kills at a change are alone, and so are new logins of one kind."""
        self.useFixture(fixtures.EnvironmentVariable('FAULTS', 'all'))
        chosen = pairs.chosen(seen([*WHOLE, WHOLE[0]]), seen(COMMON))
        trips = pairs.trips(chosen)
        self.assertEqual(
            sorted(map(str, chosen)),
            sorted(str(pair) for trip in trips for pair in trip),
        )
        alone = [trip[0] for trip in trips if len(trip) == 1]
        self.assertEqual(
            {pair for pair in chosen if pair[1].kills and pair[0].changes},
            {pair for pair in alone if pair[1].kills},
        )
        over = [
            dict(trip)
            for trip in trips
            if trip[0][1].is_survived_at(trip[0][0])
        ]
        for trip in over:
            both = [trip.get(at) for at in trip if at.path == '/a']
            if len(both) == 2:
                self.assertFalse(any(one.logs_in for one in both))
        # Each pair in a run of its own would be hundreds.
        self.assertGreater(20, len(over))


class JudgeTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'run' / 'volumes' / 'id.raw'
        self.path.parent.mkdir(parents=True)
        self.original = judge.Original(b'data' * 1000, 4 * MIB)

    def write(self, data=b'data' * 1000, size=4 * MIB, at=0, more=b''):
        with open(self.path, 'wb') as file:
            file.write(data)
            file.truncate(size)
            file.seek(at)
            file.write(more)

    def test_right(self):
        self.write()
        self.assertTrue(self.original.is_in(self.path))
        self.assertLess(self.path.stat().st_blocks * 512, 4 * MIB)
        self.write(more=bytes(MIB), at=2 * MIB)
        self.assertTrue(self.original.is_in(self.path))

    def test_wrong(self):
        for options in (
            {'data': b'data' * 999},
            {'data': b''},
            {'size': 4 * MIB - 1},
            {'size': 4 * MIB + 1},
            {'more': b'x', 'at': 4 * MIB - 1},
            {'more': b'x', 'at': 3999},
        ):
            self.write(**options)
            self.assertFalse(self.original.is_in(self.path), options)

    def test_watcher(self):
        with judge.Watcher(self.folder, self.original) as watcher:
            self.write(data=b'datum')
            self.path.with_name('other.raw.part').write_bytes(b'half')
        self.assertEqual([str(self.path)], list(set(watcher.wrong)))

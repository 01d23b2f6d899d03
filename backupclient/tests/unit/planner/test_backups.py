# SPDX-License-Identifier: Apache-2.0
"""What a selection means among what was backed up, and of which run."""

import dataclasses
import datetime

import testtools

from backupclient import errors
from backupclient.model import requests
from backupclient.model import results
from backupclient.planner import backups
from backupclient.tests.unit.sets import samples

FIRST = '20260101T000000Z-aaaa'
SECOND = '20260201T000000Z-bbbb'
THIRD = '20260301T000000Z-cccc'
FAILED = {'state': results.State.FAILED, 'reason': 'It broke.', 'file': None}
ALL = requests.Request(everything=True)

SERVER = samples.server_entry(samples.SERVER, group=samples.SERVER_ID)
ROOT = samples.volume_entry(samples.ROOT, group=samples.SERVER_ID)
DATA = samples.volume_entry(samples.DATA, group=samples.SERVER_ID)
ARCHIVE = samples.volume_entry(samples.ARCHIVE)
IMAGE = samples.image_entry(samples.IMAGE)
SECRET = samples.secret_entry(samples.SECRET)
EVERY = (SERVER, ROOT, DATA, ARCHIVE, IMAGE, SECRET)


def changed(entry, **changes):
    return dataclasses.replace(entry, **changes)


def renamed(entry, name, id_=None):
    """The same volume under another name, or another one."""
    volume = dataclasses.replace(
        entry.volume, name=name, id=id_ or entry.volume.id
    )
    return samples.volume_entry(volume)


def manifest(run, *entries, **changes):
    ended = datetime.datetime.strptime(run[:16], '%Y%m%dT%H%M%SZ').replace(
        tzinfo=datetime.UTC
    ) + datetime.timedelta(hours=2)
    return samples.manifest(
        *entries, run=run, finished_at=ended.isoformat(), **changes
    )


class TestCase(testtools.TestCase):
    def choose(self, manifests, request=ALL, **options):
        return backups.choose(manifests, request, **options)

    def chosen(self, manifests, request=ALL, **options):
        """The runs by the names of the resources."""
        found = self.choose(manifests, request, **options)
        return {one.entry.resource.name: one.run for one in found}

    def refused(self, manifests, request=ALL, **options):
        error = self.assertRaises(
            errors.UsageError, backups.choose, manifests, request, **options
        )
        return str(error)


class TestProjects(TestCase):
    def test_kept_apart(self):
        """By the cloud, the region and the project's ID, not by its name."""
        mine = manifest(FIRST, DATA)
        others = [
            manifest(
                SECOND,
                DATA,
                identity=dataclasses.replace(samples.IDENTITY, **changes),
            )
            for changes in (
                {'auth_url': 'https://other.example/v3'},
                {'region': 'two'},
                {'project_id': 'p-2'},
            )
        ]
        for other in others:
            every = [mine, other]
            self.assertEqual((other,), backups.of_project(every))
            self.assertEqual((mine,), backups.of_project(every, FIRST))
        same = manifest(
            SECOND,
            identity=dataclasses.replace(
                samples.IDENTITY, project_name='new name', user_id='u-2'
            ),
        )
        self.assertEqual((same, mine), backups.of_project([mine, same]))

    def test_none(self):
        self.assertEqual((), backups.of_project([]))
        self.assertIn('no backup', self.refused([]))

    def test_unknown_run(self):
        every = [manifest(FIRST), manifest(SECOND)]
        error = self.assertRaises(
            errors.UsageError, backups.of_project, every, THIRD
        )
        self.assertIn(f'There are: {SECOND}, {FIRST}.', str(error))


class TestEverything(TestCase):
    def test_of_the_newest_run(self):
        every = [manifest(FIRST, *EVERY), manifest(SECOND, ROOT, DATA)]
        self.assertEqual(
            {'web root': SECOND, 'web data': SECOND}, self.chosen(every)
        )

    def test_no_selection_means_everything(self):
        every = [manifest(FIRST, *EVERY)]
        self.assertEqual(
            [one.entry for one in self.choose(every)],
            [one.entry for one in self.choose(every, requests.Request())],
        )
        self.assertEqual(6, len(self.chosen(every)))

    def test_of_a_run_or_until_a_time(self):
        every = [
            manifest(THIRD, ROOT),
            manifest(FIRST, ARCHIVE),
            manifest(SECOND, DATA),
        ]
        self.assertEqual({'web data': SECOND}, self.chosen(every, run=SECOND))
        for time, expected in (
            ('2026-02-01T02:00:00+00:00', {'web data': SECOND}),
            ('2026-02-01T01:59:59+00:00', {'archive': FIRST}),
            ('2026-02-01T04:00:00+02:00', {'web data': SECOND}),
            ('2027-01-01T00:00:00+00:00', {'web root': THIRD}),
        ):
            at = datetime.datetime.fromisoformat(time)
            self.assertEqual(expected, self.chosen(every, at=at))

    def test_before_all_backups(self):
        at = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        said = self.refused([manifest(FIRST, DATA)], at=at)
        self.assertIn(FIRST, said)

    def test_no_such_run(self):
        said = self.refused([manifest(FIRST, DATA)], run=SECOND)
        self.assertIn(SECOND, said)

    def test_what_failed_comes_from_an_older_run(self):
        every = [
            manifest(THIRD, changed(DATA, **FAILED), ROOT),
            manifest(SECOND, DATA, ARCHIVE),
            manifest(FIRST, DATA),
        ]
        data, root = self.choose(every)
        self.assertEqual((SECOND, DATA, True), (data.run, data.entry, True))
        self.assertEqual(
            (
                f'Run {THIRD}: failed, It broke. Its newest complete backup '
                f'is of run {SECOND}.',
            ),
            data.notes,
        )
        self.assertEqual((THIRD, ()), (root.run, root.notes))

    def test_what_failed_always(self):
        failed = changed(DATA, **FAILED)
        (only,) = self.choose([manifest(SECOND, failed)])
        self.assertFalse(only.complete)
        self.assertEqual(SECOND, only.run)
        self.assertIn('no complete backup', only.notes[0])

    def test_never_newer_than_the_run(self):
        every = [
            manifest(THIRD, DATA),
            manifest(SECOND, changed(DATA, **FAILED)),
            manifest(FIRST, DATA),
        ]
        self.assertEqual({'web data': FIRST}, self.chosen(every, run=SECOND))

    def test_excluded(self):
        request = dataclasses.replace(
            ALL, exclude=('volume/web data', f'server/{samples.SERVER_ID}')
        )
        self.assertEqual(
            {'web root', 'archive', 'golden image', 'tls'},
            set(self.chosen([manifest(FIRST, *EVERY)], request)),
        )


class TestSelection(TestCase):
    def test_newest_complete_of_each(self):
        every = [
            manifest(FIRST, DATA, ARCHIVE, IMAGE, SECRET),
            manifest(SECOND, DATA, changed(ARCHIVE, **FAILED)),
            manifest(THIRD, ROOT),
        ]
        request = requests.Request(
            volumes=('web data', samples.ARCHIVE.id),
            images=('golden image',),
            secrets=(f'https://kms.example/v1/secrets/{samples.SECRET.id}',),
        )
        self.assertEqual(
            {
                'web data': SECOND,
                'archive': FIRST,
                'golden image': FIRST,
                'tls': FIRST,
            },
            self.chosen(every, request),
        )

    def test_until_a_time(self):
        every = [manifest(FIRST, DATA), manifest(SECOND, DATA)]
        request = requests.Request(volumes=('web data',))
        at = datetime.datetime(2026, 1, 15, tzinfo=datetime.UTC)
        self.assertEqual({'web data': SECOND}, self.chosen(every, request))
        self.assertEqual(
            {'web data': FIRST}, self.chosen(every, request, at=at)
        )

    def test_of_a_run(self):
        every = [manifest(FIRST, DATA, ROOT), manifest(SECOND, DATA)]
        request = requests.Request(volumes=('web data', 'web root'))
        self.assertEqual(
            {'web data': FIRST, 'web root': FIRST},
            self.chosen(every, request, run=FIRST),
        )
        root = self.choose(every, request, run=SECOND)[1]
        self.assertEqual(FIRST, root.run)
        self.assertIn(f'Run {SECOND} did not include it', root.notes[0])

    def test_server_brings_its_volumes(self):
        """Those that it had, and those that were captured with it."""
        extra = samples.volume_entry(
            dataclasses.replace(samples.ARCHIVE, id='e-1', name='reserved'),
            group=samples.SERVER_ID,
        )
        request = requests.Request(servers=('web',))
        self.assertEqual(
            {
                'web': FIRST,
                'web root': FIRST,
                'web data': FIRST,
                'reserved': FIRST,
            },
            self.chosen([manifest(FIRST, *EVERY, extra)], request),
        )

    def test_volumes_of_other_runs(self):
        every = [
            manifest(FIRST, SERVER, ROOT, DATA),
            manifest(SECOND, changed(DATA, group='')),
        ]
        request = requests.Request(servers=('web',))
        server = self.choose(every, request)[1]
        self.assertEqual('web', server.entry.resource.name)
        (note,) = server.notes
        self.assertIn(SECOND, note)
        self.assertIn('not captured together', note)

    def test_volume_that_no_run_has(self):
        request = requests.Request(servers=('web',))
        server, _ = self.choose([manifest(FIRST, SERVER, ROOT)], request)
        (note,) = server.notes
        self.assertIn(samples.DATA.id, note)

    def test_image_that_holds_a_shelved_server(self):
        server = changed(SERVER, covered_by=IMAGE.resource.label, file=None)
        request = requests.Request(servers=('web',))
        found = self.chosen([manifest(FIRST, server, IMAGE, SECRET)], request)
        self.assertEqual({'web', 'golden image'}, set(found))

    def test_by_metadata(self):
        tagged = dataclasses.replace(samples.SERVER, tags=('env=prod', 'x'))
        every = [
            manifest(FIRST, samples.server_entry(tagged), ROOT, DATA, ARCHIVE)
        ]
        for match, expected in (
            ([('env', 'prod')], {'web', 'web root', 'web data'}),
            ([('env', None)], {'web', 'web root', 'web data'}),
            ([('x', None)], {'web', 'web root', 'web data'}),
            (
                [('env', 'prod'), ('role', 'web')],
                {'web', 'web root', 'web data'},
            ),
            ([('backupclient_run', 'old')], {'web data'}),
        ):
            request = requests.Request(match=tuple(match))
            self.assertEqual(expected, set(self.chosen(every, request)))
        said = self.refused(every, requests.Request(match=(('y', None),)))
        self.assertIn('Keys in use: backupclient_run, env, role, x', said)


class TestNames(TestCase):
    def test_name_that_several_had(self):
        every = [
            manifest(SECOND, renamed(ARCHIVE, 'data', 'a-2')),
            manifest(FIRST, renamed(ARCHIVE, 'data', 'a-1')),
        ]
        said = self.refused(every, requests.Request(volumes=('data',)))
        for part in ('a-1', 'a-2', FIRST, SECOND, 'Give the ID'):
            self.assertIn(part, said)
        self.assertEqual(
            {'data': FIRST},
            self.chosen(every, requests.Request(volumes=('a-1',))),
        )

    def test_any_name_that_it_had(self):
        every = [
            manifest(SECOND, renamed(ARCHIVE, 'new')),
            manifest(FIRST, renamed(ARCHIVE, 'old')),
        ]
        for text in ('new', 'old', samples.ARCHIVE.id):
            request = requests.Request(volumes=(text,))
            self.assertEqual({'new': SECOND}, self.chosen(every, request))

    def test_unknown(self):
        every = [manifest(FIRST, *EVERY)]
        for text, hint in (
            ('web dat', 'It could mean: volume "web data"'),
            ('web', 'It could mean: volume "web data"'),
            ('tls', 'But there is: secret "tls"'),
            ('zzz', 'There are backups of image "golden image"'),
        ):
            request = requests.Request(volumes=(text,))
            said = self.refused(every, request)
            self.assertIn(f'No volume has the name or ID "{text}"', said)
            self.assertIn(hint, said)
            self.assertNotIn('openstack volume list', said)

    def test_unknown_exclude(self):
        every = [manifest(FIRST, *EVERY)]
        for text, hint in (
            ('volume/zzz', 'No volume'),
            ('zzz', 'KIND/NAME-OR-ID'),
            ('disk/zzz', 'KIND/NAME-OR-ID'),
        ):
            request = dataclasses.replace(ALL, exclude=(text,))
            self.assertIn(hint, self.refused(every, request))

    def test_same_entry_twice(self):
        """As only a forged manifest has it: it is one resource."""
        self.assertEqual(
            {'web data': FIRST}, self.chosen([manifest(FIRST, DATA, DATA)])
        )

# SPDX-License-Identifier: Apache-2.0

import itertools

from backupclient.model import resources
from backupclient.model import tags
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

TO = {'target': '/backups', **base.KEYS}
OURS = {tags.RUN: samples.RUN_ID}


class TestEverything(base.TestCase):
    """What ``--all`` means, kind by kind."""

    def test_volumes(self):
        cinders = samples.uuid_of('backup')
        for expected, volume in (
            (True, samples.volume('data')),
            (True, samples.volume('')),
            (True, samples.volume('data', 'error')),
            (True, samples.volume('backup-vol-of-mine')),
            (True, samples.volume('backupclient-notes')),
            (False, samples.volume(f'backup-vol-{cinders}')),
            (False, samples.volume(f'backup-snap-{cinders}')),
            (False, samples.volume('data', consumes_quota=False)),
            (False, samples.volume('any name', metadata=OURS)),
            (
                False,
                samples.volume(f'backupclient-{samples.RUN_ID}-volume-x'),
            ),
        ):
            found = self.names(volume)
            self.assertEqual([volume.name] if expected else [], found)

    def test_servers(self):
        for status in ('ACTIVE', 'ERROR', 'SHELVED_OFFLOADED'):
            self.assertEqual(
                ['web'], self.names(samples.server('web', status))
            )

    def test_images(self):
        for expected, image in (
            (True, samples.image('golden')),
            (True, samples.image('golden', visibility='public')),
            (True, samples.image('golden', hidden=True)),
            (True, samples.image('golden', 'deactivated')),
            (True, samples.image('golden', 'saving', size=None)),
            (True, samples.image('golden', 'active', size=None)),
            (False, samples.image('golden', size=0)),
            (False, samples.image('golden', 'queued', size=None)),
            (False, samples.image('golden', owner='project-of-bob')),
            (False, samples.image('any name', properties=OURS)),
            # Nova and Cinder give a copy the properties of its source.
            (
                True,
                samples.image(
                    'any name', properties=OURS | {tags.IMAGE: 'its source'}
                ),
            ),
            (False, samples.image(f'backupclient-{samples.RUN_ID}-volume-x')),
        ):
            found = self.names(image, **TO)
            self.assertEqual([image.name] if expected else [], found, image)

    def test_secrets(self):
        for expected, name in (
            (True, 'password'),
            (True, ''),
            (True, 'about vTPM secret for instance'),
            (False, 'vTPM secret for instance 1'),
            (False, 'Ephemeral encryption secret for instance 1 BDM 2'),
        ):
            found = self.names(samples.secret(name), **TO)
            self.assertEqual([name] if expected else [], found)

    def test_keys_go_with_what_they_open(self):
        volume = samples.encrypted(samples.volume('data'))
        for opened in (
            volume,
            samples.encrypted(samples.volume('tmp', metadata=OURS)),
            samples.backup(samples.volume('gone'), key_id='key'),
            samples.image('i', properties={'cinder_encryption_key_id': 'key'}),
            samples.image(
                'i', size=0, properties={'cinder_encryption_key_id': 'key'}
            ),
        ):
            made = self.plan(samples.secret('', id='key'), opened, **TO)
            kinds = [item.resource.kind for item in made.items]
            self.assertNotIn(resources.Kind.SECRET, kinds)

    def test_key_of_something_that_is_gone(self):
        secret = samples.secret('', secret_type='symmetric', algorithm='aes')
        self.assertEqual([''], self.names(secret, **TO))

    def test_nothing(self):
        made = self.plan()
        self.assertEqual((), made.items)
        self.assertTrue(made.complete)
        self.assertIn('Nothing is selected', made.cautions[0])


class TestWithoutTarget(base.TestCase):
    def test_everything_means_servers_and_volumes(self):
        made = self.plan(
            samples.server('web'),
            samples.volume('data'),
            samples.image('a'),
            samples.image('b'),
            samples.secret('password'),
        )
        names = [item.resource.name for item in made.items]
        self.assertEqual(['web', 'data'], names)
        self.assertIn(
            'Not in this plan: 2 images and 1 secret.', ' '.join(made.cautions)
        )
        self.assertTrue(made.complete)

    def test_no_word_of_what_is_excluded(self):
        made = self.plan(samples.image('a'), exclude=('image/a',))
        self.assertNotIn('--to', ' '.join(made.cautions))

    def test_named(self):
        for option, made in (
            ('images', samples.image('golden')),
            ('secrets', samples.secret('golden')),
        ):
            text = self.usage_error(made, **{option: ('golden',)})
            self.says(text, made.resource.label, '--to')

    def test_name_is_looked_up_first(self):
        text = self.usage_error(samples.image('golden'), images=('silver',))
        self.assertIn('No image has the name or ID "silver"', text)


class TestNamed(base.TestCase):
    def setUp(self):
        super().setUp()
        self.records = [
            samples.server('web'),
            samples.attached('root', 'web'),
            samples.attached('data', 'web'),
            samples.volume('other'),
            samples.image('golden'),
            samples.secret('password'),
        ]

    def _names(self, **options):
        return self.names(*self.records, **TO, **options)

    def test_each_kind(self):
        for option, name in (
            ('volumes', 'other'),
            ('volumes', 'data'),
            ('images', 'golden'),
            ('secrets', 'password'),
        ):
            self.assertEqual([name], self._names(**{option: (name,)}))

    def test_server_brings_its_volumes(self):
        self.assertEqual(
            ['web', 'data', 'root'], self._names(servers=('web',))
        )

    def test_by_id(self):
        for option, record in zip(
            ('servers', 'volumes', 'images', 'secrets'),
            (self.records[0], *self.records[3:]),
            strict=True,
        ):
            self.assertIn(record.name, self._names(**{option: (record.id,)}))

    def test_several(self):
        self.assertEqual(
            ['other', 'golden', 'password'],
            self._names(
                secrets=('password',), images=('golden',), volumes=('other',)
            ),
        )

    def test_once_however_often_it_is_selected(self):
        self.assertEqual(
            ['web', 'data', 'root'],
            self._names(
                servers=('web', samples.uuid_of('server web')),
                volumes=('data', samples.uuid_of('volume data'), 'root'),
            ),
        )

    def test_adds_to_everything(self):
        public = samples.image('public', owner='another project')
        self.records.append(public)
        self.assertNotIn('public', self._names(everything=True))
        self.assertIn(
            'public', self._names(everything=True, images=('public',))
        )

    def test_ours_when_named(self):
        self.records.append(samples.image('kept', properties=OURS))
        self.assertEqual(['kept'], self._names(images=('kept',)))

    def test_attached_volume_that_cannot_be_seen(self):
        self.records[0] = samples.server('web', volume_ids=('hidden',))
        self.assertEqual(
            ['web', 'data', 'root'], self._names(servers=('web',))
        )


class TestExclude(base.TestCase):
    def setUp(self):
        super().setUp()
        self.records = [
            samples.server('web', metadata={'env': 'prod'}),
            samples.attached('root', 'web'),
            samples.volume('other'),
            samples.image('golden'),
            samples.secret('password'),
        ]

    def _names(self, *exclude, **options):
        options = options or {'everything': True}
        return self.names(*self.records, exclude=exclude, **TO, **options)

    def test_each_kind(self):
        everything = ['web', 'root', 'other', 'golden', 'password']
        self.assertEqual(everything, self._names())
        for record in self.records:
            rest = [name for name in everything if name != record.name]
            for word in (record.name, record.id):
                kind = record.resource.kind
                self.assertCountEqual(rest, self._names(f'{kind}/{word}'))

    def test_wins_over_every_selector(self):
        for options in (
            {'volumes': ('root',)},
            {'servers': ('web',)},
            {'match': (('env', None),)},
            {'everything': True, 'volumes': ('root',), 'servers': ('web',)},
        ):
            self.assertNotIn('root', self._names('volume/root', **options))

    def test_excluded_server_brings_no_volumes(self):
        for options in ({'servers': ('web',)}, {'match': (('env', None),)}):
            self.assertEqual([], self._names('server/web', **options))

    def test_volumes_of_an_excluded_server_that_are_selected(self):
        self.assertIn('root', self._names('server/web'))
        self.assertEqual(
            ['root'],
            self._names('server/web', servers=('web',), volumes=('root',)),
        )

    def test_what_is_not_selected(self):
        self.assertEqual(
            ['other'], self._names('image/golden', volumes=('other',))
        )

    def test_names_nothing(self):
        text = self.usage_error(*self.records, exclude=('volume/roott',), **TO)
        self.says(text, 'No volume', '"roott"', 'volume "root"')

    def test_names_two(self):
        twin = samples.volume('root', id='twin')
        text = self.usage_error(
            *self.records, twin, exclude=('volume/root',), **TO
        )
        self.says(text, 'More than one volume', 'twin')
        self.says(text, '10 GiB, not attached')

    def test_names_two_of_each_kind(self):
        """What is told is what tells the two apart."""
        for kind, records, told in (
            (
                'volume',
                (
                    samples.attached('a', 'web'),
                    samples.volume('a', id='b', created_at='2026-11-20'),
                    samples.server('web'),
                ),
                ('attached to server "web"', 'created 2026-11-20 00:00 UTC'),
            ),
            (
                'server',
                (
                    samples.server('a', flavor_name='small'),
                    samples.server('a', id='b', status='SHUTOFF'),
                ),
                ('flavor small, ACTIVE', '(b), SHUTOFF'),
            ),
            (
                'image',
                (samples.image('a'), samples.image('a', id='b', size=2000)),
                ('1,000 bytes, qcow2', '2,000 bytes'),
            ),
            (
                'secret',
                (samples.secret('a'), samples.secret('a', id='b')),
                ('(b), type ',),
            ),
        ):
            text = self.usage_error(*records, **{f'{kind}s': ('a',)}, **TO)
            self.says(text, f'More than one {kind}', *told)

    def test_form(self):
        for text in ('root', 'disk/root', 'volume/', '/root', 'Volume/root'):
            error = self.usage_error(*self.records, exclude=(text,), **TO)
            self.says(error, 'KIND/NAME-OR-ID', f'"{text}"')
            self.says(error, 'server, volume, image, secret')

    def test_name_with_a_slash(self):
        self.records.append(samples.volume('a/b'))
        self.assertNotIn('a/b', self._names('volume/a/b'))


class TestOrder(base.TestCase):
    def test_by_server_and_then_by_kind(self):
        records = [
            samples.secret('s'),
            samples.image('i'),
            samples.volume('y-detached'),
            samples.volume('x-detached'),
            samples.attached('z-root', 'b'),
            samples.attached('a-data', 'b'),
            samples.attached('of-a', 'a'),
            samples.server('a'),
            samples.server(
                'b',
                volume_ids=(
                    samples.uuid_of('volume z-root'),
                    samples.uuid_of('volume a-data'),
                ),
            ),
            samples.server('c'),
        ]
        expected = [
            'a',
            'of-a',
            'b',
            'z-root',
            'a-data',
            'c',
            'x-detached',
            'y-detached',
            'i',
            's',
        ]
        self.assertEqual(expected, self.names(*records, **TO))
        self.assertEqual(expected, self.names(*reversed(records), **TO))

    def test_servers_of_one_name(self):
        servers = [samples.server('web', id=id_) for id_ in 'ba']
        volumes = [
            samples.volume(
                name,
                'in-use',
                attachments=(resources.Attachment(id_, '/dev/vdb'),),
            )
            for name, id_ in (('1', 'b'), ('2', 'a'), ('3', 'b'), ('4', 'a'))
        ]
        expected = ['web', '2', '4', 'web', '1', '3']
        self.assertEqual(expected, self.names(*servers, *volumes))

    def test_namesakes(self):
        twins = [samples.volume('data', id=id_) for id_ in 'cab']
        for order in itertools.permutations(twins):
            made = self.plan(*order)
            self.assertEqual(
                ['a', 'b', 'c'], [item.resource.id for item in made.items]
            )


class TestGroup(base.TestCase):
    """What is captured close together."""

    def _groups(self, *records, **options):
        made = self.plan(*records, **TO, **options)
        return {item.resource.name: item.group for item in made.items}

    def test_server_with_its_volumes(self):
        server = samples.server('web')
        self.assertEqual(
            {'web': server.id, 'data': server.id, 'other': ''},
            self._groups(
                server,
                samples.attached('data', 'web'),
                samples.volume('other'),
            ),
        )

    def test_volume_of_a_server_that_is_not_selected(self):
        server = samples.server('web')
        self.assertEqual(
            {'data': server.id},
            self._groups(
                server, samples.attached('data', 'web'), volumes=('data',)
            ),
        )

    def test_volume_of_two_servers(self):
        first, second = samples.server('a'), samples.server('b')
        data = samples.attached('data', 'b', 'a')
        for options, expected in (
            ({'everything': True}, first),
            ({'servers': ('b',)}, second),
            ({'volumes': ('data',)}, first),
            ({'everything': True, 'exclude': ('server/a',)}, second),
        ):
            groups = self._groups(first, second, data, **options)
            self.assertEqual(expected.id, groups['data'], options)

    def test_volume_of_an_excluded_server(self):
        groups = self._groups(
            samples.server('web'),
            samples.attached('data', 'web'),
            exclude=('server/web',),
        )
        self.assertEqual({'data': ''}, groups)

    def test_volume_of_an_unknown_server(self):
        groups = self._groups(samples.attached('data', 'web'))
        self.assertEqual({'data': ''}, groups)

# SPDX-License-Identifier: Apache-2.0

from backupclient.model import tags
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples


class TestMatch(base.TestCase):
    def setUp(self):
        super().setUp()
        self.records = [
            samples.server('web', metadata={'env': 'prod', 'team': 'x'}),
            samples.attached('root', 'web'),
            samples.server('db', tags=('env=prod', 'nightly')),
            samples.server('test', metadata={'env': 'test'}),
            samples.volume('data', metadata={'env': 'prod'}),
            samples.volume('plain'),
            samples.image('golden', properties={'env': 'prod'}),
        ]

    def _names(self, *match, **options):
        return self.names(*self.records, match=match, **options)

    def test_key_and_value(self):
        self.assertEqual(
            ['db', 'web', 'root', 'data'], self._names(('env', 'prod'))
        )
        self.assertEqual(['test'], self._names(('env', 'test')))

    def test_key(self):
        self.assertEqual(
            ['db', 'test', 'web', 'root', 'data'], self._names(('env', None))
        )

    def test_tag(self):
        self.assertEqual(['db'], self._names(('nightly', None)))

    def test_all_must_hold(self):
        self.assertEqual(
            ['web', 'root'], self._names(('env', 'prod'), ('team', None))
        )

    def test_nothing_fits(self):
        for match in (
            [('env', 'PROD')],
            [('Env', None)],
            [('env', 'test'), ('team', None)],
            [('env', '')],
        ):
            text = self.usage_error(*self.records, match=tuple(match))
            self.says(text, 'No server or volume fits')
            self.says(text, 'env, nightly, team')

    def test_says_what_did_not_fit(self):
        text = self.usage_error(
            *self.records, match=(('env', 'x'), ('team', None))
        )
        self.assertIn('--match env=x and team.', text)

    def test_no_keys_at_all(self):
        text = self.usage_error(samples.volume('a'), match=(('env', None),))
        self.assertIn('Keys in use: none.', text)

    def test_not_more_keys_than_one_reads(self):
        metadata = {f'key{number:02}': '' for number in range(12)}
        text = self.usage_error(
            samples.volume('a', metadata=metadata), match=(('env', None),)
        )
        self.assertIn('key09.', text)
        self.assertNotIn('key10', text)

    def test_adds_to_what_is_named(self):
        self.assertEqual(
            ['test', 'plain'],
            self._names(('env', 'test'), volumes=('plain',)),
        )

    def test_not_what_this_program_made(self):
        self.records.append(
            samples.volume(
                'temporary', metadata={'env': 'prod', tags.RUN: 'run'}
            )
        )
        self.assertNotIn('temporary', self._names(('env', 'prod')))

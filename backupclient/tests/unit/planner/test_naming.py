# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient import errors
from backupclient.model import resources
from backupclient.planner import naming
from backupclient.tests.unit.planner import samples

VOLUME, SECRET = resources.Kind.VOLUME, resources.Kind.SECRET


class TestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.data = samples.volume('data').resource
        self.logs = samples.volume('Logs').resource
        self.unnamed = samples.volume('').resource
        self.secret = samples.secret('password').resource
        self.known = [self.data, self.logs, self.unnamed, self.secret]

    def _error(self, kind, text):
        error = self.assertRaises(
            errors.UsageError, naming.find, kind, text, self.known
        )
        return str(error)

    def says(self, text, *words):
        for word in words:
            self.assertIn(word, text)


class TestFind(TestCase):
    def test_finds(self):
        for kind, text, expected in (
            (VOLUME, 'data', self.data),
            (VOLUME, self.data.id, self.data),
            (VOLUME, self.unnamed.id, self.unnamed),
            (SECRET, 'password', self.secret),
            (
                SECRET,
                f'https://b:9311/v1/secrets/{self.secret.id}',
                self.secret,
            ),
            (SECRET, f'http://evil/{self.secret.id}/', self.secret),
        ):
            self.assertEqual(expected, naming.find(kind, text, self.known))

    def test_id_wins_over_a_name(self):
        namesake = resources.Resource(VOLUME, self.data.id, 'another')
        found = naming.find(VOLUME, self.data.id, [namesake, self.data])
        self.assertEqual(self.data, found)

    def test_name_wins_over_an_href(self):
        href = f'x/{self.data.id}'
        namesake = resources.Resource(VOLUME, href, 'another')
        found = naming.find(VOLUME, href, [self.data, namesake])
        self.assertEqual(namesake, found)

    def test_href_without_an_id(self):
        for href in ('https://b/v1/secrets/', 'https://b/v1/secrets/x', '/'):
            self.assertIn('No secret has', self._error(SECRET, href))

    def test_nothing_is_no_name(self):
        text = self._error(VOLUME, '')
        self.says(text, 'No volume has the name or ID ""')

    def test_two(self):
        twin = resources.Resource(VOLUME, 'data', 'twin')
        self.known.append(twin)
        text = self._error(VOLUME, 'data')
        self.says(text, 'More than one volume', self.data.label, twin.label)
        self.says(text, 'Give the ID')

    def test_two_are_told_apart(self):
        twin = resources.Resource(VOLUME, 'data', 'twin')
        about = {self.data: 'created 2026', twin: ''}
        error = self.assertRaises(
            errors.UsageError,
            naming.find,
            VOLUME,
            'data',
            [self.data, twin],
            about.get,
        )
        self.says(str(error), f'{self.data.label}, created 2026')
        self.says(str(error), f'{twin.label}. Give')

    def _many(self, count):
        self.known += [
            resources.Resource(VOLUME, 'many', f'{number:02}')
            for number in reversed(range(count))
        ]
        return self._error(VOLUME, 'many')

    def test_many(self):
        text = self._many(12)
        self.says(text, '(00); volume "many" (01)', '(04) and 7 more.')

    def test_just_not_too_many(self):
        self.says(self._many(5), '(04). Give')


class TestHints(TestCase):
    def test_what_it_could_mean(self):
        for text, expected in (
            ('dat', self.data),
            ('dtaa', self.data),
            ('DATA', self.data),
            ('my-data', self.data),
            ('logs', self.logs),
            ('og', self.logs),
            (self.data.id[:8], self.data),
            (self.data.id[:8].upper(), self.data),
        ):
            self.says(self._error(VOLUME, text), 'could mean', expected.label)

    def test_another_kind(self):
        for text in ('password', self.secret.id):
            self.says(self._error(VOLUME, text), 'there is', self.secret.label)

    def test_nothing_like_it(self):
        self.says(self._error(VOLUME, 'zzz'), '"openstack volume list" shows')
        self.assertNotIn('could mean', self._error(VOLUME, ''))

# SPDX-License-Identifier: Apache-2.0

import fixtures
import testtools

from backupclient.store.programs import environment


class TestMinimal(testtools.TestCase):
    def test_only_what_is_needed(self):
        for name, value in {
            'OS_PASSWORD': 'cloud',
            'LANG': 'de_DE.UTF-8',
            'AWS_SECRET_ACCESS_KEY': 'key',
            'https_proxy': 'http://proxy',
            'RESTIC_CACHE_DIR': '/cache',
        }.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        found = environment.minimal(
            ('AWS_', 'RESTIC_'), {'RESTIC_REPOSITORY': '/srv', 'HOME': '/x'}
        )
        self.assertNotIn('OS_PASSWORD', found)
        self.assertNotIn('LANG', found)
        self.assertEqual('C.UTF-8', found['LC_ALL'])
        self.assertEqual('key', found['AWS_SECRET_ACCESS_KEY'])
        self.assertEqual('http://proxy', found['https_proxy'])
        self.assertEqual('/cache', found['RESTIC_CACHE_DIR'])
        self.assertEqual('/srv', found['RESTIC_REPOSITORY'])
        self.assertEqual('/x', found['HOME'])


class TestPasswords(testtools.TestCase):
    def test_in_urls(self):
        for text, shown in {
            'rest:https://me:pw@host:8000/repo': (
                'rest:https://me@host:8000/repo'
            ),
            'https://me:p:w@x@host/': 'https://me@host/',
            'https://:pw@host/': 'https://@host/',
            'at https://a:b@h and http://c:d@i/': (
                'at https://a@h and http://c@i/'
            ),
            'https://host:8000/a@b': 'https://host:8000/a@b',
            'sftp:me@host:/srv': 'sftp:me@host:/srv',
        }.items():
            self.assertEqual(shown, environment.without_passwords(text))

    def test_known_ones(self):
        self.assertEqual(
            '*** and ***, a x',
            environment.without_passwords(
                'long-secret and secret, a x', ['secret', 'long-secret', 'x']
            ),
        )

    def test_quotable(self):
        self.assertEqual(
            'one two\ufffd (***)',
            environment.quotable(
                b'\x1b[2Kone\r\n\n \x07two\xff (secret)\n', ['secret']
            ),
        )

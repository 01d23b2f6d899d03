# SPDX-License-Identifier: Apache-2.0
"""The three forms of a target, and what is shown of each."""

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.model import addresses
from backupclient.model import remotes
from backupclient.tests.unit import examples

Scheme = addresses.Scheme
SECRET = 'hunter2'


class TestFolders(testtools.TestCase):
    def test_folders(self):
        for text in (
            '/srv/backups',
            'backups',
            './backups',
            '../a b/c',
            '/srv/s3://bucket',
            './s3:bucket',
            './restic:here',
            './~',
            'a~b',
            'restic',
            'rclone',
            'S3',
            'Größe',
            'a:b',
            '/srv/a@b:c',
            '/srv/***',
            '20260102T03:04:05',
        ):
            found = addresses.parse(text)
            self.assertEqual(addresses.Address(Scheme.FOLDER, text), found)
            self.assertEqual((text, text), (found.full, found.shown))
            self.assertTrue(found.is_of_this_machine)
            self.assertFalse(found.lacks_passwords)

    def _refused(self, text):
        return str(self.assertRaises(ValueError, addresses.parse, text))

    def test_elsewhere(self):
        for text in (
            's3://bucket',
            'swift://a',
            'file:///srv/backups',
            'HTTPS://there',
            's3:bucket',
            'sftp:ann@there:/srv',
            'ann@there:/srv',
            'rest:http://there',
        ):
            said = self._refused(text)
            self.assertIn(f'"{text}" cannot be the target', said)
            self.assertIn('restic:REPOSITORY', said)
            self.assertIn('rclone:REMOTE:PATH', said)

    def test_password_is_not_repeated(self):
        for text in (
            f'rest:https://ann:{SECRET}@there/',
            f'https://ann:{SECRET}@there/',
        ):
            self.assertNotIn(SECRET, self._refused(text))

    def test_what_the_shell_has_not_replaced(self):
        for text in '~', '~/backups', '~ann/backups', 'restic:~/repository':
            self.assertIn('$HOME', self._refused(text))

    def test_no_path(self):
        for text in '', 'a\0b':
            self.assertIn('no path', self._refused(text))


class TestRestic(testtools.TestCase):
    def test_repositories(self):
        for place in (
            '/srv/repository',
            'repository',
            'sftp:ann@there:/srv',
            'sftp://ann@there//srv',
            's3:https://there/bucket/folder',
            's3:s3.amazonaws.com/bucket',
            'swift:container:/path',
            'rest:http://there:8000/',
            'b2:bucket:folder',
            'azure:container:/',
            'gs:bucket:/',
            'rclone:remote:path',
            'rclone::local:/srv',
        ):
            found = addresses.parse(f'restic:{place}')
            self.assertEqual(addresses.Address(Scheme.RESTIC, place), found)
            self.assertEqual(f'restic:{place}', found.full)
            self.assertEqual(f'restic:{place}', found.shown)
            self.assertFalse(found.lacks_passwords)

    def test_of_this_machine(self):
        for place, local in (
            ('/srv/repository', True),
            ('repository', True),
            ('../a:b', True),
            ('s3:https://there/bucket', False),
            ('local:repository', False),
        ):
            found = addresses.parse(f'restic:{place}')
            self.assertIs(local, found.is_of_this_machine, place)

    def test_passwords(self):
        for place, shown in (
            (
                f'rest:https://ann:{SECRET}@there:8000/a',
                'ann:***@there:8000/a',
            ),
            (f'rest:https://ann:{SECRET}@b@there/', 'ann:***@there/'),
            (f'rest:https://ann:a/{SECRET}@there/x', 'ann:***@there/x'),
            (f'rest:https://ann:a/{SECRET}', 'https://***'),
            (f's3:https://there/bucket?key={SECRET}', 'there/bucket?***'),
            (f'rclone::webdav,pass={SECRET}:x', 'webdav,pass=***:x'),
            (f'rclone:remote,token="{SECRET}":x', 'remote,token=***:x'),
        ):
            found = addresses.parse(f'restic:{place}')
            self.assertEqual(f'restic:{place}', found.full)
            self.assertTrue(found.shown.endswith(shown), found.shown)
            self.assertNotIn(SECRET, found.shown + repr(found))
            again = addresses.parse(found.shown)
            self.assertTrue(again.lacks_passwords)
            self.assertEqual(found.shown, again.shown)

    def test_refused(self):
        for place in ('', '-o x', '--password-file=x', 'a\nb', 'rclone:x'):
            error = self.assertRaises(
                ValueError, addresses.parse, f'restic:{place}'
            )
            self.assertIn('restic:', str(error))


class TestRclone(testtools.TestCase):
    def test_remotes(self):
        for place, kept in (
            ('remote:', 'remote:'),
            ('remote:path', 'remote:path'),
            ('remote:path/', 'remote:path'),
            ('remote:/', 'remote:/'),
            ('my remote-1:a b/c:d', 'my remote-1:a b/c:d'),
            (':local:/srv', ':local:/srv'),
            ('remote:what?', 'remote:what?'),
        ):
            found = addresses.parse(f'rclone:{place}')
            self.assertEqual(addresses.Address(Scheme.RCLONE, kept), found)
            self.assertEqual(f'rclone:{kept}', found.shown)
            self.assertFalse(found.is_of_this_machine)

    def test_passwords(self):
        for place, shown in (
            (
                f':webdav,url="https://there/",user=ann,pass={SECRET}:x',
                ':webdav,url="https://there/",user=ann,pass=***:x',
            ),
            (
                f":s3,provider=Ceph,secret_access_key='{SECRET}':x",
                ':s3,provider=Ceph,secret_access_key=***:x',
            ),
            (
                f':webdav,url="https://ann:{SECRET}@there/":x',
                ':webdav,url="https://ann:***@there/":x',
            ),
            (
                f'remote,env_auth,what={SECRET}:x',
                'remote,env_auth=true,what=***:x',
            ),
        ):
            found = addresses.parse(f'rclone:{place}')
            self.assertEqual(f'rclone:{place}', found.full)
            self.assertEqual(f'rclone:{shown}', found.shown)
            self.assertNotIn(SECRET, repr(found))
            again = addresses.parse(found.shown)
            self.assertTrue(again.lacks_passwords)
            self.assertEqual(found.shown, again.shown)

    def test_refused(self):
        """Without a word of the options."""
        for place in (
            '',
            'remote',
            '/srv/backups',
            '-remote:path',
            ':',
            f'remote,pass="{SECRET}:x',
            f'remote,pass={SECRET}',
            f'remote,=a{SECRET}:x',
            f':webdav,url=http://there,pass={SECRET}:x',
            f'remote,pass="{SECRET}"x:x',
            f'remote:{SECRET}\n',
        ):
            error = self.assertRaises(
                ValueError, addresses.parse, f'rclone:{place}'
            )
            self.assertIn('rclone:REMOTE:PATH', str(error))
            self.assertNotIn(SECRET, str(error))


class TestRemotes(testtools.TestCase):
    def test_options_go_into_the_environment(self):
        found = remotes.parse(
            ':webdav,url="https://a:1/,""x""",bearer-token=\'it\'\'s\',x:a:b'
        )
        self.assertEqual('backupclient:a:b', found.argument)
        self.assertEqual(
            {
                'RCLONE_CONFIG_BACKUPCLIENT_TYPE': 'webdav',
                'RCLONE_CONFIG_BACKUPCLIENT_URL': 'https://a:1/,"x"',
                'RCLONE_CONFIG_BACKUPCLIENT_BEARER_TOKEN': "it's",
                'RCLONE_CONFIG_BACKUPCLIENT_X': 'true',
            },
            found.environment,
        )

    def test_of_a_configured_remote(self):
        found = remotes.parse('remote,pass=x:/srv')
        self.assertEqual('remote:/srv', found.argument)
        self.assertEqual({'RCLONE_CONFIG_REMOTE_PASS': 'x'}, found.environment)
        self.assertEqual({}, remotes.parse('remote:x').environment)

    @examples.examples(50)
    @hypothesis.given(st.text(), st.sampled_from('\'"'))
    def test_any_value(self, value, quote):
        """It reaches rclone as it is, and is never shown."""
        hypothesis.assume(value not in ('true', 'false'))
        quoted = quote + value.replace(quote, quote * 2) + quote
        text = f'remote,pass={quoted},a=b:path'
        found = remotes.parse(text)
        self.assertEqual((('pass', value), ('a', 'b')), found.options)
        self.assertEqual('path', found.path)
        self.assertEqual(
            'remote,pass=***,a=***:path', remotes.shown(text, '***')
        )

# SPDX-License-Identifier: Apache-2.0


import testtools

from backupclient.model import target


class TargetTestCase(testtools.TestCase):
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
            'S3',
            'Größe',
            'a:b',
            '/srv/a@b:c',
            '20260102T03:04:05',
        ):
            self.assertEqual(target.Folder(text), target.parse(text))

    def _refused(self, text):
        error = self.assertRaises(ValueError, target.parse, text)
        self.assertIn(f'"{text}" cannot be the target: ', str(error))
        return str(error)

    def test_later(self):
        for kind in 'restic', 'rclone':
            said = self._refused(f'{kind}:s3:https://there/bucket')
            self.assertIn(f'targets in {kind} come with a later', said)
            self.assertIn('folder on this machine', said)

    def test_elsewhere(self):
        for text, word in (
            ('s3://bucket', 'a URL'),
            ('swift://a', 'a URL'),
            ('file:///srv/backups', 'a URL'),
            ('HTTPS://there', 'a URL'),
            ('s3:bucket', 'not on this machine'),
            ('sftp:ann@there:/srv', 'not on this machine'),
            ('ann@there:/srv', 'not on this machine'),
            ('rest:http://there', 'not on this machine'),
        ):
            said = self._refused(text)
            self.assertIn(word, said)
            self.assertIn(target.EXAMPLE, said)
            self.assertIn(f'"./{text}"', said)

    def test_what_the_shell_has_not_replaced(self):
        for text in '~', '~/backups', '~ann/backups':
            self.assertIn('$HOME', self._refused(text))

    def test_no_path(self):
        for text in '', 'a\0b':
            self.assertIn('no path', self._refused(text))

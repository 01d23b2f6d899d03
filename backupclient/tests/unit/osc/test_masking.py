# SPDX-License-Identifier: Apache-2.0
"""Log lines of the client have no password of a target."""

import argparse
import logging
import os
import subprocess
import sys

import fixtures
import testtools

from backupclient.osc import masking

PASSWORD = 'geheim99'
TARGETS = (
    f'restic:rest:https://ann:{PASSWORD}@127.0.0.1:1/x',
    f'restic:rest:https://ann:{PASSWORD}/@127.0.0.1:1/x',
    f'restic:rest:https://ann:a {PASSWORD}@127.0.0.1:1/x',
    f'rclone::webdav,pass={PASSWORD},url=http://127.0.0.1:1:/x',
    f'rclone::webdav,pass="a {PASSWORD}",url=http://127.0.0.1:1:/x',
    f'rclone::webdav,pass="{PASSWORD}',
    f'rest:https://ann:{PASSWORD}@127.0.0.1:1/x',
)
MAIN = 'import sys; from openstackclient import shell; sys.exit(shell.main())'


class TestCase(testtools.TestCase):
    def test_what_was_typed(self):
        """In both ways of giving an option, whatever else is there."""
        for target in TARGETS:
            for words in (['--from', target], [f'--from={target}']):
                typed = ['openstack', '--debug', 'backup', 'history', *words]
                self.useFixture(fixtures.MonkeyPatch('sys.argv', typed))
                said = masking.text(' '.join(typed[1:]))
                self.assertNotIn(PASSWORD, said)
                self.assertIn('--debug backup history --from', said)

    def test_what_is_no_target(self):
        for line in (
            '--debug backup prune --keep-last 3 --from /srv/backups',
            '--os-auth-url https://cloud.example:5000/v3 backup plan --all',
            'backup history --from restic:/srv/repository --volume rclone',
        ):
            self.assertEqual(line, masking.text(line))

    def test_other_commands(self):
        """They are logged as they are."""
        log = logging.getLogger('a test of the client')
        masking.of(log)
        for words, said in (
            ('image create --location rest:http://a:b@c', True),
            ('backup history --from rest:http://a:b@c', False),
        ):
            record = log.makeRecord('x', 20, 'x', 1, '%s', (words,), None)
            self.assertTrue(log.filter(record))
            self.assertEqual(said, record.getMessage() == words)

    def test_options(self):
        for target in TARGETS:
            log = logging.getLogger('a test of a command')
            masking.of(log)
            options = argparse.Namespace(sources=[target], to=target, last=3)
            record = log.makeRecord('x', 10, 'x', 1, '%s', (options,), None)
            log.filter(record)
            self.assertNotIn(PASSWORD, record.getMessage())
            self.assertIn('last=3', record.getMessage())
            # The command itself still has it.
            self.assertEqual(target, options.to)

    def test_debug(self):
        """The whole client, as a person calls it."""
        target = TARGETS[0]
        words = ('--debug', 'backup', 'history', '--from', target)
        done = subprocess.run(
            [sys.executable, '-c', MAIN, *words],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        said = done.stdout + done.stderr
        self.assertIn('START with options', said)
        self.assertIn('run(Namespace(', said)
        shown = 'restic:rest:https://ann:***@127.0.0.1:1/x'
        self.assertIn(f'backup history --from {shown}', said)
        self.assertIn(f"sources=['{shown}']", said)
        self.assertNotIn(PASSWORD, said)

# SPDX-License-Identifier: Apache-2.0
"""python-freezerclient also has commands that begin with ``backup``."""

import importlib.metadata
import os
import pathlib
import subprocess
import sys

import testtools

# Entry points of commands, by plugin.
OURS = 'openstack.backupclient.v1'
FREEZER = 'openstack.backup.v2'


def openstack(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the client as a person would, with nothing of the environment."""
    return subprocess.run(
        [pathlib.Path(sys.executable).with_name('openstack'), *words],
        capture_output=True,
        env={'HOME': os.devnull, 'LANG': 'C.UTF-8'},
        text=True,
    )


def commands(group: str) -> set[str]:
    found = importlib.metadata.entry_points(group=group)
    return {command.name.replace('_', ' ') for command in found}


class FreezerclientTestCase(testtools.TestCase):
    def test_both_are_installed(self):
        self.assertIn('backup list', commands(FREEZER))
        self.assertIn('backup plan', commands(OURS))

    def test_no_command_is_in_both(self):
        self.assertEqual(set(), commands(OURS) & commands(FREEZER))

    def test_the_client_starts(self):
        done = openstack('--version')
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        self.assertIn('openstack', done.stdout)

    def test_each_command_has_its_help(self):
        for name in [*sorted(commands(OURS)), 'backup list', 'backup show']:
            done = openstack(*name.split(), '--help')
            self.assertEqual((0, ''), (done.returncode, done.stderr))
            self.assertIn(f'{name} [-h]', done.stdout)

    def test_the_group_shows_both(self):
        done = openstack('help', 'backup')
        for name in ('backup list', 'backup plan'):
            self.assertIn(name, done.stdout)

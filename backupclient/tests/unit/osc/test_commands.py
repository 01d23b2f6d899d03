# SPDX-License-Identifier: Apache-2.0

import ast
import importlib.metadata
import inspect
import textwrap
from unittest import mock

import fixtures
import testtools

GROUP = 'openstack.backupclient.v1'
LONGEST = 15
"""Lines of a ``take_action`` below its docstring, blank ones too."""


def length(function):
    """Count the lines of a function's body, without its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    (tree,) = ast.parse(source).body
    body = tree.body
    if ast.get_docstring(tree) is not None:
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1


class HelpTestCase(testtools.TestCase):
    """What each command's help says of its exit codes."""

    def setUp(self):
        super().setUp()
        self.said = {
            command.name: ' '.join(inspect.getdoc(command.load()).split())
            for command in importlib.metadata.entry_points(group=GROUP)
        }

    def test_each_tells_them(self):
        for name, said in self.said.items():
            _, _, codes = said.partition('Exit codes: ')
            self.assertRegex(codes, '^0 .*; 1 .*; 2 .*130 ', name)

    def test_nobody_promises_too_much(self):
        """After a second Ctrl-C, and without a login, something is left."""
        for name, said in self.said.items():
            if 'What was temporary is gone' in said:
                self.assertIn('except after a second Ctrl-C', said, name)
                self.assertIn('when the login has ended', said, name)
        self.assertIn('except after a second', self.said['backup_run'])


class StartTestCase(testtools.TestCase):
    """What each start of a command costs, whether or not it shows its help."""

    def test_nobody_looks_for_the_plugin(self):
        """cliff would read the metadata of all that is installed."""
        self.useFixture(
            fixtures.MonkeyPatch('cliff.command.packages_distributions', None)
        )
        self.useFixture(
            fixtures.MonkeyPatch('cliff.command._dists_by_mods', None)
        )
        for entry in importlib.metadata.entry_points(group=GROUP):
            app = mock.Mock(command_manager=mock.Mock(namespace='none'))
            command = entry.load()(app, None, cmd_name=entry.name)
            said = command.get_parser('openstack').format_help()
            self.assertTrue(
                said.endswith(
                    'This command is provided by the python-backupclient '
                    'plugin.\n'
                ),
                entry.name,
            )


class TakeActionTestCase(testtools.TestCase):
    """A command turns options into a call, and results into rows."""

    def test_each_is_short(self):
        commands = importlib.metadata.entry_points(group=GROUP)
        lengths = {
            command.name: length(command.load().take_action)
            for command in commands
        }
        self.assertIn('backup_run', lengths)
        long = {name: n for name, n in lengths.items() if n > LONGEST}
        self.assertEqual({}, long)

    def test_length(self):
        def function():
            """Do nothing.

            At length.
            """
            one = 1

            return (
                one,
            )  # fmt: skip

        self.assertEqual(5, length(function))

# SPDX-License-Identifier: Apache-2.0

import ast
import importlib.metadata
import inspect
import textwrap

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

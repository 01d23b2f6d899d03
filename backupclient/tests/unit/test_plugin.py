# SPDX-License-Identifier: Apache-2.0
"""What python-openstackclient expects of a plugin."""

import argparse
import importlib.metadata
import re
import shlex
import types

import testtools

from backupclient import plugin

# python-freezerclient has these after `openstack backup`.
TAKEN = {
    'action',
    'client',
    'create',
    'delete',
    'job',
    'list',
    'session',
    'show',
}

# Of every command; 3, for what is incomplete, is of some.
CODES = {'0', '1', '2', '130'}

# The first and the last ones.
OPTIONS = {
    'plan': ('--all', '--stop-servers', '--steps', '--save'),
    'run': ('--all', '--stop-servers', '--plan', '--name'),
    'history': ('--from', '--until'),
    'verify': ('--from', '--sample'),
    'restore': ('--from', '--timeout'),
    'prune': ('--from', '--yes'),
    'cleanup': ('--run', '--yes'),
    'export-key': ('--kind', '--check'),
}


def commands() -> importlib.metadata.EntryPoints:
    # As openstackclient.shell builds the name of the group.
    group = f'openstack.{plugin.API_NAME}.v{plugin.DEFAULT_API_VERSION}'
    return importlib.metadata.entry_points(group=group)


class PluginTestCase(testtools.TestCase):
    def test_is_registered(self):
        (found,) = importlib.metadata.entry_points(
            group='openstack.cli.extension', name=plugin.API_NAME
        )
        self.assertIs(plugin, found.load())

    def test_version(self):
        self.assertEqual(
            f'os_{plugin.API_NAME}_api_version', plugin.API_VERSION_OPTION
        )
        self.assertIn(plugin.DEFAULT_API_VERSION, plugin.API_VERSIONS)

    def test_no_global_option(self):
        parser = argparse.ArgumentParser(add_help=False)
        self.assertIs(parser, plugin.build_option_parser(parser))
        self.assertEqual('usage: ', parser.format_usage()[:7])
        self.assertEqual({}, vars(parser.parse_args([])))

    def test_client_is_the_connection(self):
        manager = types.SimpleNamespace(sdk_connection=object())
        self.assertIs(manager.sdk_connection, plugin.make_client(manager))


class CommandsTestCase(testtools.TestCase):
    def test_names(self):
        names = {command.name.partition('_') for command in commands()}
        self.assertEqual({'backup'}, {first for first, _, _ in names})
        self.assertEqual(set(), TAKEN & {second for _, _, second in names})

    def test_help_tells_the_exit_codes(self):
        for command in commands():
            parser = command.load()(None, None).get_parser(command.name)
            text = ' '.join(parser.description.split())
            _before, _found, codes = text.partition('Exit codes: ')
            told = set(re.findall(r'(?:^|; )(\d+) ', codes))
            self.assertEqual(set(), CODES - told, command.name)

    def test_help_has_three_examples(self):
        for command in commands():
            name = f'openstack {command.name.replace("_", " ")}'
            parser = command.load()(None, None).get_parser(name)
            lines = parser.format_help().splitlines()
            found = [line for line in lines if line.startswith(f'    {name}')]
            self.assertEqual(3, len(found), lines)
            for line in found:
                # It is one that the command takes.
                words = shlex.split(line.partition('|')[0])
                parser.parse_args(words[len(name.split()) :])

    def test_help_has_the_own_options_first(self):
        for command in commands():
            own = OPTIONS[command.name.partition('_')[2]]
            parser = command.load()(None, None).get_parser(command.name)
            usage, _, rest = parser.format_help().partition('\n\n')
            for option in own:
                self.assertLess(usage.index(option), usage.index('[-f '))
                self.assertLess(
                    rest.index(f'\n  {option}'), rest.index('\n  -f ')
                )

    def test_help_has_paragraphs(self):
        for command in commands():
            parser = command.load()(None, None).get_parser(command.name)
            text = parser.format_help()
            self.assertIn('\n\nExit codes: 0 ', text)
            self.assertNotIn('``', text)
            self.assertNotIn('::', text)

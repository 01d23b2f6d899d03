# SPDX-License-Identifier: Apache-2.0
"""Runs the page's commands in a real shell, with a client that takes notes."""

import functools
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import textwrap

import fixtures
import markdown_it

from backupclient.manifest.restore import page as page_
from backupclient.tests.unit.manifest import samples

_CLIENT = """\
#!{python} -IS
import json, sys
arguments = sys.argv[1:]
with open({log!r}, 'a') as log:
    json.dump(arguments, log)
    log.write('\\n')
if arguments[:2] == ['secret', 'store']:
    with open('/dev/stdin', 'rb') as payload, open({payload!r}, 'wb') as copy:
        copy.write(payload.read())
    print('https://cloud.example/v1/secrets/new-secret')
elif arguments[1:2] == ['create']:
    print('new-' + arguments[0])
"""

_OURS = ('image', 'server', 'volume')
_FIRST_WORDS = (
    'IMAGE=',
    'ROOT',
    'SECRET=',
    'SERVER=',
    'VOLUME',
    'age ',
    'cat ',
    'openstack flavor',
    'openstack image',
    'openstack secret',
    'openstack server',
    'openstack volume',
    'umask ',
)


def blocks(page):
    """The blocks of code of a page, as a Markdown parser sees them."""
    return [
        token.content
        for token in markdown_it.MarkdownIt().parse(page)
        if token.type == 'code_block'
    ]


def scripts(page):
    """The blocks of commands on resources that need no root."""
    return [
        block
        for block in blocks(page)
        if block.startswith(_FIRST_WORDS) and 'sudo' not in block
    ]


@functools.cache
def _osc():
    """OSC's own commands, by name."""
    return {
        point.name: point
        for group in ('compute.v2', 'image.v2', 'volume.v3')
        for point in importlib.metadata.entry_points(
            group=f'openstack.{group}'
        )
    }


def parsed(arguments):
    """What OSC's own parser makes of a command's arguments."""
    for words in (3, 2):
        point = _osc().get('_'.join(arguments[:words]))
        if point:
            parser = point.load()(None, None).get_parser('openstack')
            return parser.parse_args(arguments[words:])
    raise ValueError(f'OSC has no such command: {arguments}')


class Shell(fixtures.Fixture):
    """A bash in an empty folder whose ``openstack`` only takes notes."""

    def _setUp(self):
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.folder = root / 'set'
        self._log = root / 'log'
        self._payload = root / 'payload'
        self.folder.mkdir()
        client = root / 'bin' / 'openstack'
        client.parent.mkdir()
        client.write_text(
            _CLIENT.format(
                python=sys.executable,
                log=str(self._log),
                payload=str(self._payload),
            )
        )
        client.chmod(0o700)
        self._path = f'{client.parent}:{os.environ["PATH"]}:/usr/sbin:/sbin'

    def run(self, *commands):
        """Run commands, and give what they wrote and how they ended."""
        return subprocess.run(
            ['bash', '-c', '\n'.join(textwrap.dedent(c) for c in commands)],
            cwd=self.folder,
            env={'PATH': self._path, 'HOME': str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    @property
    def calls(self):
        """The arguments of each call of ``openstack``, in order."""
        if not self._log.exists():
            return []
        return [
            json.loads(line) for line in self._log.read_text().splitlines()
        ]

    @property
    def payload(self):
        """What was stored as a secret last."""
        return self._payload.read_bytes()

    def put(self, path, data):
        (self.folder / path).parent.mkdir(exist_ok=True)
        (self.folder / path).write_bytes(data)


def done(case, manifest):
    """Run all that a manifest's page says.

    :returns: the shell, and what OSC makes of each command that is its own.
    """
    shell = case.useFixture(Shell())
    for item in manifest.items:
        for named in (item.file, item.key):
            if named:
                shell.put(named.path, samples.content(named.path))
    shell.run('NETWORK=net', *scripts(page_.render(manifest)))
    mine = [call for call in shell.calls if call[0] in _OURS]
    return shell, [parsed(call) for call in mine]

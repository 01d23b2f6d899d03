# SPDX-License-Identifier: Apache-2.0
"""Runs the page's commands in a real shell, with a client that takes notes."""

import ast
import functools
import hashlib
import importlib.metadata
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import textwrap

import fixtures
import markdown_it

from backupclient.operations.by_hand import page
from backupclient.tests.unit.sets import samples

_CLIENT = """\
#!{python} -S
import json, sys
arguments = sys.argv[1:]
with open({log!r}, 'a') as log:
    json.dump(arguments, log)
    log.write('\\n')
if arguments[0].startswith('--os-'):
    arguments = arguments[2:]
if arguments[1:2] == ['create']:
    print('new-' + arguments[0])
if 'status' in arguments:
    print({status!r})
"""

# In the place of the SDK: it writes down each request, and refuses some.
_SDK = """\
import json, os
class Answer:
    def __init__(self, status, body):
        self.status_code, self.body = status, body
        self.text = json.dumps(body)
    def json(self):
        return self.body
class Service:
    def request(self, path, method, json=None, data=None, **options):
        refused = os.environ.get('REFUSED') == f'{{method}} {{path}}'
        with open({log!r}, 'a') as log:
            print(repr((method, path, data if json is None else json,
                        options)), file=log)
        if refused:
            return Answer(403, {{'title': 'Forbidden'}})
        return Answer(201, {{
            kind + '_ref': 'https://cloud.example/v1' + path
            + ('' if method == 'GET' else '/new-' + kind)
            for kind in ('secret', 'container')
        }})
class Connection:
    key_manager = Service()
connect = Connection
"""


def blocks(text):
    """The blocks of code of a page, as a Markdown parser sees them."""
    return [
        token.content
        for token in markdown_it.MarkdownIt().parse(text)
        if token.type == 'code_block'
    ]


def scripts(text):
    """The sections of a page that have commands on resources."""
    return [
        block
        for block in blocks(text)
        if re.search('^(new|IMAGE|KEY|VOLUME|SERVER)', block, re.M)
        and 'ready()' not in block
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
    if arguments[0].startswith('--os-'):
        arguments = arguments[2:]
    for words in (3, 2):
        point = _osc().get('_'.join(arguments[:words]))
        if point:
            parser = point.load()(None, None).get_parser('openstack')
            return parser.parse_args(arguments[words:])
    raise ValueError(f'OSC has no such command: {arguments}')


class Shell(fixtures.Fixture):
    """A bash in an empty folder whose ``openstack`` only takes notes."""

    def __init__(self, status='available'):
        self.status = status

    def _setUp(self):
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.folder = root / 'set'
        self._log = root / 'log'
        self._requests = root / 'requests'
        self.folder.mkdir()
        client = root / 'bin' / 'openstack'
        client.parent.mkdir()
        client.write_text(
            _CLIENT.format(
                python=sys.executable,
                log=str(self._log),
                status=self.status,
            )
        )
        client.chmod(0o700)
        self._sdk = root / 'sdk'
        self._sdk.mkdir()
        (self._sdk / 'openstack.py').write_text(
            _SDK.format(log=str(self._requests))
        )
        self._environment = {
            'PATH': f'{client.parent}:{os.environ["PATH"]}:/usr/sbin:/sbin',
            'HOME': str(self.folder),
            'PYTHONPATH': str(self._sdk),
        }

    def type(self, text):
        """Type a text at the prompt of an interactive bash, and leave."""
        ours, its = pty.openpty()
        with os.fdopen(ours, 'wb', buffering=0) as terminal:
            process = subprocess.Popen(
                ['bash', '--norc', '--noprofile', '-i'],
                cwd=self.folder,
                env={**self._environment, 'LC_ALL': 'C.UTF-8'},
                stdin=its,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            os.close(its)
            terminal.write(f'{text}\nexit\n'.encode())
            process.wait(timeout=60)

    def run(self, *commands, **environment):
        """Run commands, and give what they wrote and how they ended."""
        return subprocess.run(
            ['bash', '-c', '\n'.join(textwrap.dedent(c) for c in commands)],
            cwd=self.folder,
            env={**self._environment, **environment},
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
    def requests(self):
        """The requests to the key manager: method, path, body, options."""
        if not self._requests.exists():
            return []
        lines = self._requests.read_text().splitlines()
        return [ast.literal_eval(line) for line in lines]

    @property
    def payload(self):
        """The payload that was stored last."""
        return [b for _, _, b, _ in self.requests if type(b) is bytes][-1]

    def put(self, path, data):
        (self.folder / path).parent.mkdir(exist_ok=True)
        (self.folder / path).write_bytes(data)
        digest = hashlib.sha512(data).hexdigest()
        with open(self.folder / 'SHA512SUMS', 'a') as sums:
            sums.write(f'{digest}  {path}\n')


def done(case, manifest):
    """Run all that a manifest's page says.

    :returns: the shell, and what OSC makes of each command that is its own.
    """
    shell = case.useFixture(Shell())
    shell.put('manifest.json', b'{}')
    for item in manifest.items:
        if item.file:
            shell.put(item.file.path, samples.content(item.file.path))
        if item.key:
            shell.put(item.key.path, KEY.hex().encode())
    ended = shell.run(page.render(manifest))
    case.assertEqual(0, ended.returncode, ended.stdout)
    mine = [call for call in shell.calls if 'show' not in call]
    return shell, [parsed(call) for call in mine]


KEY = b'\xc0\xde'
"""The key of encrypted data, as Barbican has it."""

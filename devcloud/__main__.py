# SPDX-License-Identifier: Apache-2.0
"""The command line: ``python3 -m devcloud VERB``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import os
import subprocess
import sys

from devcloud import commands
from devcloud import control
from devcloud import crowd
from devcloud import parts
from devcloud import settings
from devcloud import status
from devcloud import volumes
from devcloud.commands import Failed
from devcloud.settings import CHECKOUT
from devcloud.settings import CLOUDS
from devcloud.settings import PEOPLE
from devcloud.settings import VENV


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='devcloud',
        description='A small real OpenStack on this machine, for development'
        f' and the demo.  All it makes is in {settings.STATE}'
        ' ($DEVCLOUD_STATE).',
    )
    verbs = parser.add_subparsers(dest='verb', required=True, metavar='VERB')
    for verb, text in (
        ('up', 'install and start what is missing'),
        ('down', 'stop what `up` started'),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument(
            'parts',
            nargs='*',
            metavar='PART',
            help='a part or a process: '
            + ', '.join(dict.fromkeys(parts.names())),
        )
    for verb, text in (
        ('install', 'install what is missing, start nothing'),
        ('status', 'show what runs; exit 1 if something does not'),
        ('seed', 'make one of each kind of thing, as alice'),
        ('unseed', 'delete everything of all tenants'),
    ):
        verbs.add_parser(verb, help=text)
    one = verbs.add_parser('wipe', help='stop and delete the cloud')
    one.add_argument(
        '--all',
        action='store_true',
        help="the services' Python environment too",
    )
    one = verbs.add_parser('run', help='run a command as one of the users')
    one.add_argument(
        '--cloud',
        default='devcloud-alice',
        choices=[person.cloud for person in PEOPLE],
    )
    one.add_argument('command', nargs='+', metavar='COMMAND')
    for verb, text in (
        ('write-volume', 'write a file into a blank volume'),
        ('read-volume', 'write all bytes of a volume to a file'),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument('volume', metavar='VOLUME_ID')
        one.add_argument('file', metavar='FILE')
        if verb == 'write-volume':
            one.add_argument(
                '--mib',
                type=int,
                help="cut the volume's image in Ceph to this size first",
            )
    one = verbs.add_parser(
        'multiply', help='copy a thing in the databases, to measure lists'
    )
    one.add_argument('kind', choices=list(crowd.KINDS))
    one.add_argument('id', metavar='ID')
    one.add_argument('count', metavar='COUNT', type=int)
    one = verbs.add_parser(
        'diminish', help='delete all rows of a project that was for such'
    )
    one.add_argument('project', metavar='PROJECT_ID')
    return parser


def _check_names(wanted: Sequence[str]) -> None:
    if unknown := set(wanted) - set(parts.names()):
        raise Failed(f'no such part or process: {", ".join(unknown)}')


def _in_services_python(module: str) -> int:
    """Run a module that needs openstacksdk, which the services have."""
    control.require_running()
    env = commands.environment() | {'PYTHONPATH': str(CHECKOUT)}
    command = [str(VENV / 'bin/python'), '-m', f'devcloud.{module}']
    return subprocess.run(command, env=env, check=False).returncode


def _run(cloud: str, command: Sequence[str]) -> None:
    """Become a command with the credentials of a user."""
    control.require_running()
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith('OS_') or key.endswith('_API_VERSION')
    }
    env |= {'OS_CLOUD': cloud, 'OS_CLIENT_CONFIG_FILE': str(CLOUDS)}
    try:
        os.execvpe(command[0], list(command), env)
    except OSError as error:
        raise Failed(f'{command[0]}: {error.strerror}') from error


def _act(  # noqa: C901 - a case for each verb
    options: argparse.Namespace,
) -> int:
    match options.verb:
        case 'up':
            _check_names(options.parts)
            control.up(options.parts)
        case 'down':
            _check_names(options.parts)
            control.down(options.parts)
        case 'install':
            control.set_up()
        case 'status':
            return 0 if status.show() else 1
        case 'wipe':
            control.wipe(options.all)
        case 'seed' | 'unseed':
            return _in_services_python(options.verb)
        case 'run':
            _run(options.cloud, options.command)
        case 'write-volume':
            volumes.write(options.volume, options.file, options.mib)
        case 'read-volume':
            volumes.read(options.volume, options.file)
        case 'multiply':
            crowd.multiply(options.kind, options.id, options.count)
        case 'diminish':
            crowd.diminish(options.project)
    return 0


def main() -> int:
    """Do what the command line says; give the exit status."""
    options = _parser().parse_args()
    try:
        return _act(options)
    except Failed as error:
        print(f'devcloud: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())

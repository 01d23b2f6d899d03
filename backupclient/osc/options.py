# SPDX-License-Identifier: Apache-2.0
"""The options that commands share, and the request for their values."""

import argparse
from collections.abc import Callable
import dataclasses
import pathlib
import re
import sys
from typing import TYPE_CHECKING

from backupclient import errors

if TYPE_CHECKING:
    from backupclient.model import requests


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``plan`` and ``run``: selection and procedures."""
    add_selection(parser.add_argument_group('selection'))
    _add_method(parser.add_argument_group('procedures'))


def add_selection(
    group: argparse._ArgumentGroup,
    everything: str = 'Everything in the project that holds user data',
) -> None:
    """Add the options that select resources.

    :param everything: the help text of ``--all``.
    """
    group.add_argument('--all', action='store_true', help=everything)
    for kind, text in (
        ('server', 'A server: its own disk and each attached volume; by name'),
        ('volume', 'A volume; by name'),
        ('image', 'An image; by name'),
        ('secret', 'A secret; by name, href'),
    ):
        group.add_argument(
            f'--{kind}',
            metavar=f'<{kind}>',
            action='append',
            default=[],
            help=f'{text} or ID, can be repeated',
        )
    group.add_argument(
        '--match',
        metavar='<key=value>',
        action='append',
        default=[],
        type=_match,
        help='Select servers and volumes by metadata, and servers by tag; a '
        'key alone matches any value; repeat to require all',
    )
    group.add_argument(
        '--exclude',
        metavar='<kind/name-or-id>',
        action='append',
        default=[],
        type=_excluded,
        help='Leave this one out; can be repeated',
    )


def _add_method(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        '--to',
        metavar='<target>',
        help='Bring the data out of the cloud, into a backup set in this '
        'target: a directory, restic:REPOSITORY or rclone:REMOTE:PATH',
    )
    group.add_argument(
        '--volume-method',
        choices=('auto', 'backup', 'image'),
        default='auto',
        help='How volumes are backed up (default: auto: images with --to, '
        'otherwise the Backup API where the cloud offers it)',
    )
    chain = group.add_mutually_exclusive_group()
    chain.add_argument(
        '--full',
        action='store_true',
        help='Full backups in the Backup API (default: incremental where '
        'the volume has an available backup and has not grown since)',
    )
    chain.add_argument(
        '--incremental',
        action='store_true',
        help='Incremental backups only; a volume without an available backup '
        'cannot be backed up',
    )
    keys = group.add_mutually_exclusive_group()
    keys.add_argument(
        '--encrypt-to',
        metavar='<recipient>',
        action='append',
        default=[],
        help='Export keys and secrets, encrypted to this age or SSH public '
        'key (or a file of them); can be repeated',
    )
    keys.add_argument(
        '--plaintext-keys',
        action='store_true',
        help='Export keys and secrets unprotected: who can read the files '
        'can read the data',
    )
    group.add_argument(
        '--keep-images',
        action='store_true',
        help='With --to: keep the intermediate images in the cloud',
    )
    group.add_argument(
        '--stop-servers',
        action='store_true',
        help='Stop a running server while its disks are captured, and start '
        'it again as soon as they are: consistent instead of crash-consistent',
    )


def request(
    args: argparse.Namespace, *, everything_by_default: bool = False
) -> 'requests.Request':
    """Return the request for the parsed options.

    :param everything_by_default: True if no selection means ``--all``.
    :raises UsageError: if options are invalid or do not go together.
    """
    from backupclient.model import requests
    from backupclient.operations import request as words

    if args.keep_images and not args.to:
        raise errors.UsageError('--keep-images needs --to.')
    return dataclasses.replace(
        selection(args),
        everything=args.all or (everything_by_default and not selects(args)),
        target=target(args),
        volume_method=requests.VolumeMethod(args.volume_method),
        chain=requests.Chain(_chain(args)),
        recipients=words.recipients(args.encrypt_to),
        plaintext_keys=args.plaintext_keys,
        keep_images=args.keep_images,
        stop_servers=args.stop_servers,
    )


def target(args: argparse.Namespace) -> str:
    """Return the target of ``--to``, without passwords; ``''`` for none.

    :raises UsageError: if the value is no target.
    """
    from backupclient.operations import request as words

    return '' if args.to is None else words.target(args.to)


def selection(args: argparse.Namespace) -> 'requests.Request':
    """Return a request with only the selection."""
    from backupclient.model import requests

    return requests.Request(
        everything=args.all,
        servers=tuple(args.server),
        volumes=tuple(args.volume),
        images=tuple(args.image),
        secrets=tuple(args.secret),
        match=tuple(args.match),
        exclude=tuple(args.exclude),
    )


def ask(prompt: str) -> str:
    """Ask a person for a passphrase, on the terminal.

    :raises UsageError: if stdin is no terminal.
    """
    import getpass

    if not sys.stdin.isatty():
        raise errors.UsageError(
            f'{prompt.rstrip(" :")}: there is no terminal to ask on. Use a '
            'file without a passphrase.'
        )
    return getpass.getpass(prompt)


def selects(args: argparse.Namespace) -> bool:
    """Return whether anything was selected."""
    return args.all or selects_by_name(args)


def selects_by_name(args: argparse.Namespace) -> bool:
    """Return whether anything was selected by name, ID or metadata."""
    named = (args.server, args.volume, args.image, args.secret, args.match)
    return any(named)


def _chain(args: argparse.Namespace) -> str:
    if args.full:
        return 'full'
    return 'incremental' if args.incremental else 'auto'


def _match(text: str) -> tuple[str, str | None]:
    key, equals, value = text.partition('=')
    if not key:
        raise argparse.ArgumentTypeError(f'"{text}" has no key')
    return key, value if equals else None


def _excluded(text: str) -> str:
    kind, _, name = text.partition('/')
    if kind not in ('server', 'volume', 'image', 'secret') or not name:
        raise argparse.ArgumentTypeError(
            f'"{text}" is not server/, volume/, image/ or secret/ and a name '
            'or ID'
        )
    return text


def path(text: str) -> pathlib.Path:
    """Parse a path.

    :raises ArgumentTypeError: if the text is empty, as after a variable that
        is not set, or the shell has not replaced a ``~``.
    """
    if not text:
        raise argparse.ArgumentTypeError('it is empty')
    if text.startswith('~'):
        raise argparse.ArgumentTypeError(
            f'the shell has not replaced the "~" of "{text}": leave out the '
            f'quotes, or write "$HOME"; or "./{text}" if it is called so'
        )
    return pathlib.Path(text)


def positive(text: str) -> int:
    """Parse a number from 1 to 999999.

    :raises ArgumentTypeError: if the text is no such number.
    """
    if not re.fullmatch('[0-9]+', text) or len(text) > 6 or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f'"{text[:20]}" is not a number from 1 to 999999'
        )
    return int(text)


def suffix(text: str) -> str:
    """Parse the end of the new resources' names.

    :raises ArgumentTypeError: if it cannot end a name.
    """
    from backupclient.model import names

    return _checked(text, names.require_end)


def name(text: str) -> str:
    """Parse the prefix of the artifacts' names.

    :raises ArgumentTypeError: if it cannot start a name.
    """
    from backupclient.model import names

    return _checked(text, names.require_start)


def _checked(text: str, require: Callable[[str], None]) -> str:
    try:
        require(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None
    return text

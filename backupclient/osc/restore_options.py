# SPDX-License-Identifier: Apache-2.0
"""The options of ``restore``, and the request for their values."""

import argparse
from typing import TYPE_CHECKING

from backupclient import errors
from backupclient.osc import options
from backupclient.osc import pairs

if TYPE_CHECKING:
    from backupclient.model import restores

_PARALLEL = 4
_TIMEOUT = 360


def add(parser: argparse.ArgumentParser) -> None:
    """Add all options of the command."""
    _add_source(parser)
    options.add_selection(
        parser.add_argument_group('selection'),
        'Everything that the chosen run backed up',
    )
    _add_mapping(parser.add_argument_group('what is new or different'))
    _add_work(parser.add_argument_group('how'))


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--from',
        dest='source',
        metavar='<target>',
        help='Read the backups in this target of "backup run --to": a '
        'directory, restic:REPOSITORY or rclone:REMOTE:PATH (default: the '
        'copies that runs left in the cloud)',
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        '--run',
        dest='run_id',
        metavar='<run>',
        help='Restore from this run (default: with --all the newest run, '
        'otherwise the newest complete backup of each resource)',
    )
    which.add_argument(
        '--at',
        metavar='<time>',
        help='Restore from what had been backed up by this time: a date, an '
        'ISO 8601 time, or an age such as 7d',
    )
    parser.add_argument(
        '--identity',
        metavar='<file>',
        action='append',
        default=[],
        help='Decrypt keys and secrets with this age identity or SSH private '
        'key; can be repeated',
    )


def add_places(group: argparse._ArgumentGroup) -> None:
    """Add the options that replace volume types, flavors and zones."""
    for name, what in (
        ('volume-type', 'Give volumes the type NEW that had the type OLD'),
        ('flavor', 'Give servers the flavor NEW that had the flavor OLD'),
        (
            'availability-zone',
            'Use the zone NEW instead of OLD, for volumes and servers',
        ),
    ):
        group.add_argument(
            f'--{name}',
            metavar='<old=new>',
            action='append',
            default=[],
            type=pairs.pair,
            help=f'{what}; can be repeated',
        )


def _add_mapping(group: argparse._ArgumentGroup) -> None:
    add_places(group)
    group.add_argument(
        '--network',
        metavar='<network|old=new>',
        action='append',
        default=[],
        type=pairs.network,
        help='Connect servers to this network, or to NEW instead of OLD; '
        '"none" for no network; can be repeated (default: in the same '
        'project the networks with the old names)',
    )
    group.add_argument(
        '--key-pair',
        metavar='<name>',
        help='Build servers with this key pair (default: in the same project '
        'the one with the old name)',
    )
    group.add_argument(
        '--suffix',
        metavar='<text>',
        default='',
        # Empty, it changes nothing.
        type=options.suffix,
        help='Add this to the end of each name; write --suffix=-new if it '
        'begins with a hyphen',
    )
    group.add_argument(
        '--without-servers',
        action='store_true',
        help='Restore the volumes of the selected servers, but no server and '
        'none of their own disks',
    )
    group.add_argument(
        '--skip-existing',
        action='store_true',
        help='Leave out what still exists, and what was restored before',
    )
    group.add_argument(
        '--decrypt',
        action='store_true',
        help='Allow encrypted data in a volume type that does not encrypt; '
        'with --to-files: write disks, keys and secrets decrypted',
    )


def _add_work(group: argparse._ArgumentGroup) -> None:
    source = group.add_mutually_exclusive_group()
    source.add_argument(
        '--plan',
        metavar='<file>',
        type=options.path,
        help='Carry out a plan that "backup restore --save" wrote',
    )
    source.add_argument(
        '--resume',
        metavar='<run>',
        help='Go on with a restore that was killed or interrupted: its ID, '
        'or "last" for the newest one of this project; needs --identity again',
    )
    source.add_argument(
        '--to-files',
        metavar='<directory>',
        type=options.path,
        help='Only write the data into files in this directory; needs no '
        'cloud and no login',
    )
    group.add_argument(
        '--replan',
        action='store_true',
        help='With --plan: plan anew what has changed since',
    )
    group.add_argument(
        '--dry-run',
        action='store_true',
        help='Only show what would be made, and what cannot be restored',
    )
    group.add_argument(
        '--steps',
        action='store_true',
        help='With --dry-run: a row for each step, with the command that a '
        'person would type for it',
    )
    group.add_argument(
        '--save',
        metavar='<file>',
        type=options.path,
        help='Only write the plan to a new file, for "backup restore --plan"',
    )
    group.add_argument(
        '--parallel',
        metavar='<number>',
        type=options.positive,
        help='How many resources are worked on at a time (default: '
        f'{_PARALLEL})',
    )
    group.add_argument(
        '--timeout',
        metavar='<minutes>',
        type=options.positive,
        help=f'The longest that each wait may take (default: {_TIMEOUT})',
    )


def source(args: argparse.Namespace) -> str:
    """Return the target of ``--from``, without passwords; ``''`` for none.

    :raises UsageError: if the value is no target.
    """
    from backupclient.operations import request as words

    return words.target(args.source) if args.source else ''


def request(args: argparse.Namespace) -> 'restores.Request':
    """Return the request for the parsed options.

    :raises UsageError: if an option is invalid.
    """
    from backupclient.model import restores
    from backupclient.operations import request as words

    try:
        return restores.Request(
            selection=options.selection(args),
            source=source(args),
            run=args.run_id or '',
            at=words.moment(args.at) if args.at else '',
            suffix=args.suffix,
            skip_existing=args.skip_existing,
            without_servers=args.without_servers,
            volume_types=pairs.mapping(args.volume_type, '--volume-type'),
            flavors=pairs.mapping(args.flavor, '--flavor'),
            zones=pairs.mapping(args.availability_zone, '--availability-zone'),
            networks=pairs.mapping(args.network, '--network'),
            key_pair=args.key_pair or '',
            decrypt=args.decrypt,
        )
    except ValueError as exc:
        raise errors.UsageError(f'{exc}.') from exc


def maps(args: argparse.Namespace) -> bool:
    """Return whether an option replaces a type, flavor or zone."""
    return bool(args.volume_type or args.flavor or args.availability_zone)


def mapping(args: argparse.Namespace) -> 'restores.Request':
    """Return a request with only the target and the replacements."""
    from backupclient.model import requests
    from backupclient.model import restores
    from backupclient.operations import request as words

    return restores.Request(
        requests.Request(),
        source=words.target(args.source) if args.source is not None else '',
        volume_types=pairs.mapping(args.volume_type, '--volume-type'),
        flavors=pairs.mapping(args.flavor, '--flavor'),
        zones=pairs.mapping(args.availability_zone, '--availability-zone'),
    )

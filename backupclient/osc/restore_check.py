# SPDX-License-Identifier: Apache-2.0
"""Check the combination of the options of ``restore``, before any request."""

import argparse

from backupclient import errors
from backupclient.osc import options

_OWN = (
    'run_id',
    'at',
    'suffix',
    'skip_existing',
    'volume_type',
    'flavor',
    'availability_zone',
    'network',
    'key_pair',
    'without_servers',
    'decrypt',
    'save',
    'dry_run',
    'to_files',
)
"""The options that cannot be combined with ``--plan`` or ``--resume``."""
_ONLY_CLOUD = (
    'dry_run',
    'save',
    'suffix',
    'skip_existing',
    'without_servers',
    'volume_type',
    'flavor',
    'availability_zone',
    'network',
    'key_pair',
    'timeout',
)
"""The options that cannot be combined with ``--to-files``."""


def check(args: argparse.Namespace) -> None:
    """Raise UsageError if the options do not go together."""
    given = args.plan or args.resume
    if given and (
        options.selects(args)
        or args.exclude
        or any(getattr(args, name) for name in _OWN)
    ):
        raise errors.UsageError(
            'A saved plan or an earlier run has its own selection and '
            'options: give --plan or --resume without them. Only --from can '
            'be given again, for a target with a password in it.'
        )
    if args.resume and (args.parallel or args.timeout):
        raise errors.UsageError(
            'An earlier run goes on with its own --parallel and --timeout: '
            'give --resume without them.'
        )
    if not given and not options.selects(args):
        raise errors.UsageError(
            'Say what to restore: --all, --server, --volume, --image, '
            '--secret, --match, --plan or --resume.'
        )
    if args.all and options.selects_by_name(args):
        raise errors.UsageError(
            '--all restores everything of one run: leave it out to restore '
            'only what you name. --exclude goes with --all.'
        )
    if args.steps and not args.dry_run:
        raise errors.UsageError('--steps needs --dry-run.')
    if args.replan and not args.plan:
        raise errors.UsageError('--replan needs --plan.')
    if args.to_files:
        _check_files(args)
    if args.to_files and not args.source:
        raise errors.UsageError(
            '--to-files needs --from: it reads a target, not the cloud.'
        )


def _check_files(args: argparse.Namespace) -> None:
    """Raise UsageError for an option without effect on ``--to-files``."""
    for name in _ONLY_CLOUD:
        if getattr(args, name):
            option = f'--{name.replace("_", "-")}'
            raise errors.UsageError(
                f'{option} says nothing about files: leave it out, or leave '
                'out --to-files.'
            )

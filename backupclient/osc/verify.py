# SPDX-License-Identifier: Apache-2.0
"""``openstack backup verify``."""

import argparse
from collections.abc import Sequence
import re
from typing import TYPE_CHECKING

from backupclient import errors
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import options
from backupclient.osc import restore_options

if TYPE_CHECKING:
    from backupclient.operations import verify as operation

# As of operations/verify, which is not imported for every "openstack".
_DEPTHS = ('files', 'data', 'keys', 'restore')
_WITH_KEYS = ('keys', 'restore')
_TIMEOUT = 360
_DEFAULT = 'data'
_RESTORE = 'restore'
_PARALLEL = 4
_PERCENT = re.compile(r'([0-9]{1,3}(?:\.[0-9]{1,6})?)%?')


class VerifyBackup(base.Lister):
    """Prove that backups are still good. Nothing in them is changed.

    With ``--from``, no cloud and no login are needed, except for the depth
    ``restore``. Without it, the Cinder backups and images that runs left in
    your project are verified. The result is kept beside the backup.

    Each depth includes the ones before it. ``files`` proves that the manifest
    can be read, and that each file is there with its size. ``data`` proves
    that each byte has the recorded hash. ``keys`` proves that each key opens
    its disk, that each secret can be read, and that each qcow2 image is sound
    (where qemu-img is installed). ``restore`` proves that each resource can
    be restored: it restores it into your project under a temporary name,
    compares its bytes, and deletes it again.

    Verify the newest complete run, a server's newest backup with its keys,
    and that the Cinder backups in your project can be restored::

        openstack backup verify --from /srv/backups
        openstack backup verify --from /srv/backups --server web --depth keys --identity key.txt
        openstack backup verify --depth restore

    Exit codes: 0 all is good; 1 an error; 2 wrong arguments; 3 something is
    damaged or missing, or could not be proved because no identity was given,
    the table says what and why; 130 interrupted, or the login has ended: what
    was verified before is kept.
    """  # noqa: E501 - commands are one line

    auth_required = False

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        parser.add_argument(
            'run_ids',
            metavar='<run>',
            nargs='*',
            help='Verify the backups of this run; can be repeated (default: '
            'the newest run that is complete, or else the newest in which '
            'something is; with a selection: the newest complete backup of '
            'each resource)',
        )
        parser.add_argument(
            '--from',
            dest='source',
            metavar='<target>',
            help='Where the backups are: the target that "backup run --to" '
            'wrote to, a directory, restic:REPOSITORY or rclone:REMOTE:PATH '
            '(default: the cloud, by the manifests that runs left there)',
        )
        options.add_selection(
            parser.add_argument_group('selection'),
            'Everything that the chosen run backed up',
        )
        restore_options.add_places(
            parser.add_argument_group('with --depth restore')
        )
        _add_work(parser.add_argument_group('how'))

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Give the names of what the rows have."""
        return columns.VERIFY

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Verify; the summary is said after the rows."""
        from backupclient.osc import problems
        from backupclient.osc import verify_rows

        _check(parsed_args)
        done = self._verify(parsed_args)
        self.exit_code = done.exit_code
        self.problems = problems.of_verification(done)
        self.epilogue = verify_rows.summary(done)
        return verify_rows.rows(done)

    def _verify(self, args: argparse.Namespace) -> 'operation.Report':
        from backupclient.operations import request as words
        from backupclient.operations import verify
        from backupclient.osc import progress

        target = words.target(args.source) if args.source is not None else ''
        session = None if target else self.session_without_target()
        settings = verify.Settings(
            depth=verify.Depth(args.depth),
            sample=args.sample,
            identities=tuple(args.identity),
            ask=options.ask,
            parallel=args.parallel,
            drill=self._drill(args) if args.depth == _RESTORE else None,
        )
        with progress.reporter(self.verbosity) as reporter:
            return verify.verify(
                target,
                args.run_ids,
                options.selection(args),
                reporter,
                settings,
                session,
            )

    def _drill(self, args: argparse.Namespace) -> 'operation.Drill':
        """Log in, where restores are tried."""
        from backupclient.operations import verify

        return verify.Drill(
            self.session(),
            restore_options.mapping(args),
            (args.timeout or _TIMEOUT) * 60.0,
        )


def _add_work(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        '--depth',
        choices=_DEPTHS,
        default=_DEFAULT,
        help=f'How much to prove (default: {_DEFAULT})',
    )
    group.add_argument(
        '--sample',
        metavar='<percent>',
        type=percent,
        help='Hash only so many percent of the bytes, those first that were '
        'not hashed for longest; look for all other files',
    )
    group.add_argument(
        '--identity',
        metavar='<file>',
        action='append',
        default=[],
        help='With --depth keys: open encrypted keys and secrets with this '
        'age identity or SSH private key; can be repeated',
    )
    group.add_argument(
        '--parallel',
        metavar='<number>',
        type=options.positive,
        default=_PARALLEL,
        help=f'How many files are read at a time (default: {_PARALLEL})',
    )
    group.add_argument(
        '--timeout',
        metavar='<minutes>',
        type=options.positive,
        help='With --depth restore: the longest that each wait may take '
        f'(default: {_TIMEOUT})',
    )


def percent(text: str) -> float:
    """Read a percentage, such as ``10%`` or ``2.5``."""
    found = _PERCENT.fullmatch(text)
    if not found or not 0 < float(found[1]) <= 100:
        raise argparse.ArgumentTypeError(
            f'"{text[:20]}" is not a percentage such as 10%'
        )
    return float(found[1])


def _check(args: argparse.Namespace) -> None:
    """Raise UsageError if the options do not fit, before anything is read."""
    if args.identity and args.depth not in _WITH_KEYS:
        raise errors.UsageError(
            f'--identity needs --depth keys: {args.depth} opens no key.'
        )
    if args.depth != _RESTORE and (args.timeout or restore_options.maps(args)):
        raise errors.UsageError(
            '--timeout and what takes the place of what need --depth restore.'
        )

# SPDX-License-Identifier: Apache-2.0
"""``openstack backup restore``."""

import argparse
from collections.abc import Sequence
import shlex
from typing import TYPE_CHECKING

from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import options
from backupclient.osc import restore_check
from backupclient.osc import restore_options

if TYPE_CHECKING:
    from backupclient.model import events
    from backupclient.operations import restore as operation
    from backupclient.operations import sessions

_PARALLEL = 4
_TIMEOUT = 360


class RestoreBackup(base.Lister):
    """Restore resources from backups, into this project or another one.

    Nothing that exists is changed or replaced: what comes back is new, and
    has the old name. ``--from`` names the target with the backup sets.
    Without it, the copies are used that runs left in the cloud; those can be
    restored only in the project that has them.

    See what would be made, restore a server with its volumes, and restore
    everything into the project of another cloud::

        openstack backup restore --from /srv/backups --all --dry-run
        openstack backup restore --from /srv/backups --server web
        openstack --os-cloud new backup restore --from /srv/backups --all --identity key.txt --network public

    Write the data into files, without any cloud::

        openstack backup restore --from /srv/backups --all --to-files /srv/out --decrypt --identity key.txt

    Exit codes: 0 complete; 1 an error, nothing useful was done; 2 wrong
    arguments; 3 incomplete, the table says what failed or was skipped, and
    why; 130 interrupted, or the login has ended: the restore can be resumed.
    What was temporary is gone then, except after a second Ctrl-C and when
    the login has ended: "backup restore --resume" or "backup cleanup" takes
    it away.
    """  # noqa: E501 - commands are one line

    auth_required = False

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        restore_options.add(parser)

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns."""
        if parsed_args.dry_run:
            return columns.STEPS if parsed_args.steps else columns.RESTORING
        return columns.RESTORED

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Restore, or only show the plan."""
        restore_check.check(parsed_args)
        if parsed_args.to_files:
            return self._to_files(parsed_args)
        if parsed_args.dry_run or parsed_args.save:
            return self._dry(parsed_args)
        return self._restore(parsed_args)

    def _dry(self, args: argparse.Namespace) -> base.Table:
        """Show the plan."""
        from backupclient.operations import restore
        from backupclient.osc import problems
        from backupclient.osc import rows

        planned = restore.plan(
            self.session(),
            restore_options.request(args),
            _identities(args),
            save_to=args.save,
        )
        self.exit_code = 0 if planned.complete else 3
        self.problems = problems.of_plan(planned)
        self.epilogue = (
            *problems.warnings_of_plan(planned),
            *rows.plan_summary(planned),
            *_next(args),
        )
        return rows.steps(planned) if args.steps else rows.restoring(planned)

    def _restore(self, args: argparse.Namespace) -> base.Table:
        """Restore; print the summary after the rows."""
        from backupclient.osc import problems
        from backupclient.osc import progress
        from backupclient.osc import rows

        keys = _identities(args)
        session = self.session()
        with progress.reporter(self.verbosity) as reporter:
            done = _done(session, args, keys, reporter)
        self.exit_code = done.report.exit_code
        self.problems = problems.of_run(done)
        self.epilogue = (
            *problems.warnings_of_run(done),
            *rows.run_summary(done),
            *problems.again(done),
        )
        return rows.restored(done.report.outcomes)

    def _to_files(self, args: argparse.Namespace) -> base.Table:
        """Restore to files, without a cloud."""
        from backupclient.operations import restore_files
        from backupclient.osc import problems
        from backupclient.osc import progress
        from backupclient.osc import rows

        keys = _identities(args)
        with progress.reporter(self.verbosity) as reporter:
            done = restore_files.restore(
                restore_options.request(args),
                args.to_files,
                keys,
                reporter,
                args.parallel or _PARALLEL,
            )
        self.exit_code = done.exit_code
        self.problems = problems.of_files(done.outcomes)
        self.epilogue = rows.files_summary(done)
        return rows.restored(done.outcomes)


def _next(args: argparse.Namespace) -> list[str]:
    """Return the message with the command that carries out a saved plan."""
    from backupclient.osc import display

    if not args.save:
        return []
    file = shlex.quote(str(args.save))
    keys = [f'--identity {shlex.quote(one)}' for one in args.identity]
    words = ['openstack backup restore --plan', file, *keys]
    return [
        'Nothing was made. This carries the plan out:',
        display.Command(' '.join(words)),
    ]


def _done(
    session: 'sessions.Session',
    args: argparse.Namespace,
    keys: 'operation.Identities',
    reporter: 'events.Reporter',
) -> 'operation.Result':
    """Start, resume or carry out the restore that the options name."""
    from backupclient.operations import restore

    if args.resume:
        return restore.resume(
            session,
            args.resume,
            keys,
            reporter,
            source=restore_options.source(args),
        )
    settings = restore.Settings(
        parallel=args.parallel or _PARALLEL,
        timeout=(args.timeout or _TIMEOUT) * 60.0,
    )
    if args.plan:
        return restore.carry_out(
            session,
            restore.load(args.plan),
            keys,
            reporter,
            settings,
            replan=args.replan,
            source=restore_options.source(args),
        )
    return restore.restore(
        session, restore_options.request(args), keys, reporter, settings
    )


def _identities(args: argparse.Namespace) -> 'operation.Identities':
    """Read the private keys; an error must come before any request."""
    from backupclient.operations import restore

    return restore.identities(args.identity, options.ask)

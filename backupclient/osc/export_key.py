# SPDX-License-Identifier: Apache-2.0
"""``openstack backup export-key``."""

import argparse
from collections.abc import Sequence
import contextlib
import pathlib
import sys
from typing import TYPE_CHECKING, Any

from backupclient import errors
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import display
from backupclient.osc import options
from backupclient.osc import streams

if TYPE_CHECKING:
    from backupclient.operations import export_key as operation
    from backupclient.operations import sessions

_KINDS = ('volume', 'snapshot', 'backup', 'image', 'secret')
_STDOUT = '-'
_FORMATS = ('passphrase', 'raw', 'hex')


class ExportKey(base.ShowOne):
    """Write the key that opens an encrypted volume, or any secret, to a file.

    The passphrase is what OpenStack gave to LUKS, without a newline: ready
    for ``cryptsetup --key-file``. Who has it can read the data.

    Write the key of a volume to a file, prove it on a downloaded image, and
    use it without a file::

        openstack backup export-key my-volume --file my-volume.key
        openstack backup export-key my-volume --check my-volume.raw
        openstack backup export-key my-volume --file - | cryptsetup ...

    Exit codes: 0 the key was written; 1 an error, or it is not proved that
    the key opens the file of --check, and no key was written; 2 wrong
    arguments; 130 interrupted.
    """

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        parser.add_argument(
            'resource',
            metavar='<resource>',
            help='What the key opens, by name or ID (a secret: href too)',
        )
        parser.add_argument(
            '--kind',
            choices=_KINDS,
            help='What kind of resource it is (default: any)',
        )
        parser.add_argument(
            '--file',
            metavar='<file>',
            help='The file to write, which must not be there; "-" for stdout '
            '(default: <kind>-<id>.key here)',
        )
        parser.add_argument(
            '--key-format',
            choices=_FORMATS,
            help='Write the passphrase that LUKS was given, the raw bytes as '
            'Barbican has them, or their hexadecimal digits (default: '
            'passphrase; of a secret: raw)',
        )
        parser.add_argument(
            '--encrypt-to',
            metavar='<recipient>',
            action='append',
            default=[],
            help='Write the key encrypted to this age or SSH public key (or '
            'a file of them); can be repeated',
        )
        parser.add_argument(
            '--check',
            metavar='<image-file>',
            type=options.path,
            help='First prove that the key opens this downloaded image; '
            'without the proof no key is written',
        )
        parser.add_argument(
            '--allow-unchecked',
            action='store_true',
            help='With --check: accept a file that has no LUKS header, such '
            'as the image of a volume that was never attached',
        )

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns."""
        return columns.KEY

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """Export the key; return facts about it, never the key itself."""
        from backupclient.osc import rows

        if parsed_args.allow_unchecked and not parsed_args.check:
            raise errors.UsageError('--allow-unchecked needs --check.')
        if parsed_args.file == _STDOUT:
            _require_redirected_stdout()
        exported = _export(self.session(), parsed_args)
        self.epilogue = rows.key_cautions(exported)
        return rows.key(exported)

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Any,
        data: Any,
    ) -> int:
        """Show the row; on stderr if the key was written to stdout."""
        row = display.cells(data)
        with contextlib.ExitStack() as shown:
            if parsed_args.file == _STDOUT:
                shown.enter_context(streams.on_stderr(self.app))
            return int(super().produce_output(parsed_args, column_names, row))


def _export(
    session: 'sessions.Session', args: argparse.Namespace
) -> 'operation.Exported':
    """Export the key with the given options."""
    from backupclient.operations import export_key

    return export_key.export(
        session,
        args.resource,
        _destination(args.file),
        kind=export_key.SourceKind(args.kind) if args.kind else None,
        form=export_key.Format(args.key_format) if args.key_format else None,
        recipients=args.encrypt_to,
        check=export_key.Check(args.check, args.allow_unchecked)
        if args.check
        else None,
    )


def _destination(file: str | None) -> 'pathlib.Path | operation.Write | None':
    if file == _STDOUT:
        return _write_to_stdout
    return pathlib.Path(file) if file else None


def _write_to_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as exc:
        raise errors.TargetError(
            f'The key could not be written to stdout: {exc.strerror}.'
        ) from exc


def _require_redirected_stdout() -> None:
    if sys.__stdout__ is None:
        raise errors.UsageError('stdout is closed: give --file a name.')
    if sys.stdout.isatty():
        raise errors.UsageError(
            'A key is not written to a terminal: redirect stdout, or give '
            '--file a name.'
        )

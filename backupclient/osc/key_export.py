# SPDX-License-Identifier: Apache-2.0
"""The work of ``openstack backup export-key``, and its row."""

import argparse
from collections.abc import Iterator
import contextlib
import dataclasses
import pathlib
import sys
from typing import Any, BinaryIO

from backupclient import errors
from backupclient.cloud import door
from backupclient.keys import material
from backupclient.keys import passphrase
from backupclient.keys import protection
from backupclient.keys.luks import proof as luks
from backupclient.operations import session
from backupclient.planner import naming
from backupclient.procedures import single_key
from backupclient.store import base
from backupclient.store import folder


@dataclasses.dataclass(frozen=True, slots=True)
class Exported:
    """What was exported, without the key.

    :param cautions: what the person should know.
    """

    source: single_key.Source
    key: material.KeyMaterial
    form: passphrase.Format
    file: str
    proof: luks.Proof
    sealed: bool

    @property
    def values(self) -> tuple[Any, ...]:
        """The row, in the order of ``columns.KEY``."""
        return (
            self.source.kind.value,
            self.source.id,
            self.key.secret_id,
            self.key.secret_type,
            self.key.algorithm,
            self.key.bit_length,
            self.form.value,
            self.file,
            self.key.fingerprint,
            self.proof.opens.value,
        )

    @property
    def cautions(self) -> list[str]:
        """What the person should know."""
        said = [self.proof.reason] if self.proof.reason else []
        if not self.sealed:
            place = 'stdout' if self.file == '-' else self.file
            said.append(
                f'Caution: {place} has the key unprotected. Keep it where '
                'only you can read it.'
            )
        return said


def export(app: Any, args: argparse.Namespace) -> Exported:
    """Find a key, prove it, and write it.

    :raises BackupError: it cannot be had, or does not open the file.
    """
    recipients = protection.expand(args.encrypt_to)
    cloud = session.connect(app.client_manager.sdk_connection).cloud
    source = _find(cloud, args)
    key = single_key.read(cloud, source)
    proof = single_key.check(
        key,
        _image(args.check),
        str(args.check),
        allow_unchecked=args.allow_unchecked,
    )
    form = (
        passphrase.Format(args.key_format)
        if args.key_format
        else single_key.default_format(source)
    )
    file = args.file or _default_file(source, sealed=bool(recipients))
    data = single_key.content(key, form, proof, recipients)
    if file == '-':
        _write_to_stdout(data)
    else:
        _write(pathlib.Path(file).absolute(), data, sealed=bool(recipients))
    return Exported(source, key, form, file, proof, bool(recipients))


def _find(cloud: door.Cloud, args: argparse.Namespace) -> single_key.Source:
    """Find what the person named.

    :raises UsageError: there is nothing of that name, or more than one.
    """
    kinds = [single_key.Kind(args.kind)] if args.kind else [*single_key.Kind]
    return naming.find_any(
        kinds,
        args.resource,
        single_key.sources(cloud, kinds),
        lambda source: source.details,
    )


def _image(path: pathlib.Path | None) -> luks.Image | None:
    """Give what opens a disk image that the user has named."""
    if path is None:
        return None

    @contextlib.contextmanager
    def opened(offset: int) -> Iterator[BinaryIO]:
        try:
            with path.open('rb') as file:
                file.seek(offset)
                yield file
        except OSError as exc:
            raise errors.DocumentError(
                f'{path} cannot be read: {exc.strerror}.'
            ) from exc

    return opened


def _write(path: pathlib.Path, data: bytes, *, sealed: bool) -> None:
    """Write a key into a file that must not be there.

    :raises TargetError: it is there, or cannot be written safely.
    """
    secrecy = base.Secrecy.SEALED if sealed else base.Secrecy.SECRET
    folder.Folder(path.parent).put(
        path.name, data, replace=False, secrecy=secrecy
    )


def _write_to_stdout(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as exc:
        raise errors.TargetError(
            f'The key could not be written to stdout: {exc.strerror}.'
        ) from exc


def _default_file(source: single_key.Source, *, sealed: bool) -> str:
    return f'{source.kind}-{source.id}.key{".age" if sealed else ""}'

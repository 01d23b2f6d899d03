# SPDX-License-Identifier: Apache-2.0
"""Export one key: ``openstack backup export-key``."""

from collections.abc import Callable, Iterator, Sequence
import contextlib
import dataclasses
import pathlib
from typing import BinaryIO

from backupclient import errors
from backupclient.cloud import door
from backupclient.keys import material
from backupclient.keys import passphrase
from backupclient.keys import protection
from backupclient.keys.luks import proof as luks
from backupclient.operations import key_sources
from backupclient.operations import sessions
from backupclient.planner import naming
from backupclient.store import base
from backupclient.store import localfolder

SourceKind = key_sources.SourceKind
Format = passphrase.Format
Write = Callable[[bytes], None]
"""Writes the content of a key file; raises TargetError on failure."""


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """Ask for a proof that the key opens a downloaded image.

    :param image: the file.
    :param allow_unchecked: export the key also if the file has no LUKS
        header, such as the image of a volume that was never attached.
    """

    image: pathlib.Path
    allow_unchecked: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Exported:
    """Facts about an exported key, never its bytes.

    :param source: the resource that the key opens.
    :param form: the format of the content.
    :param file: the key file; None if the content was passed to a function.
    :param fingerprint: the sha256 of the bytes in Barbican, not of the file.
    :param proof: whether the key opens the image, or why this is unknown.
    :param sealed: True if the content is encrypted to the recipients.
    """

    source: key_sources.Source
    secret_id: str
    secret_type: str
    algorithm: str
    bit_length: int | None
    form: passphrase.Format
    file: pathlib.Path | None
    fingerprint: str
    proof: luks.Proof
    sealed: bool


def export(
    session: sessions.Session,
    resource: str,
    to: pathlib.Path | Write | None = None,
    *,
    kind: key_sources.SourceKind | None = None,
    form: passphrase.Format | None = None,
    recipients: Sequence[str] = (),
    check: Check | None = None,
) -> Exported:
    """Find the key of a resource, prove it if asked, and write it.

    :param resource: a name or an ID; for a secret also its href.
    :param to: a new file, or a function that takes the content; None for
        ``<kind>-<id>.key`` in the current folder, with ``.age`` appended if
        encrypted. Nothing is written if the check fails.
    :param kind: the kind of the resource; None to search all kinds.
    :param form: the format. None means the raw bytes for a secret, else the
        LUKS passphrase: the proved one, or the likely one without a proof.
    :param recipients: age or SSH public keys, or files of them; the content
        is encrypted to them.
    :param check: first prove that the key opens this image; None for no check.
    :raises UsageError: if no resource or several have that name, the resource
        is not encrypted, or a recipient is no public key.
    :raises TargetError: if the file exists, or cannot be written safely.
    :raises BackupError: if the key cannot be read, or the check fails.
    """
    keys = protection.expand(recipients)
    source = _find(session.cloud, resource, kind)
    key = key_sources.read_key(session.cloud, source)
    proof = _checked(key, check)
    form = form or _default_form(source)
    content = _content(key, form, proof)
    if keys:
        content = protection.Protector(keys).seal(content)
    if to is None:
        to = pathlib.Path(_default_file(source, sealed=bool(keys)))
    if isinstance(to, pathlib.Path):
        _write(to.absolute(), content, sealed=bool(keys))
    else:
        to(content)
    return Exported(
        source=source,
        secret_id=key.secret_id,
        secret_type=key.secret_type,
        algorithm=key.algorithm,
        bit_length=key.bit_length,
        form=form,
        file=to if isinstance(to, pathlib.Path) else None,
        fingerprint=key.fingerprint,
        proof=proof,
        sealed=bool(keys),
    )


def _find(
    cloud: door.Cloud, resource: str, kind: key_sources.SourceKind | None
) -> key_sources.Source:
    """Return the resource with a name or an ID.

    :raises UsageError: if no resource or several have that name.
    """
    kinds = [kind] if kind else [*key_sources.SourceKind]
    return naming.find_any(
        kinds,
        resource,
        key_sources.sources(cloud, kinds),
        lambda source: source.details,
    )


def _checked(key: material.KeyMaterial, check: Check | None) -> luks.Proof:
    """Try a key on a downloaded image, if a check was requested.

    :raises BackupError: if the key is not proved to open the image.
    """
    if check is None:
        return luks.Proof(luks.Opens.NOT_CHECKED)
    proof = luks.prove(_opener(check.image), passphrase.candidates(key))
    if proof.opens is luks.Opens.YES:
        return proof
    if proof.headerless and check.allow_unchecked:
        return proof
    raise errors.BackupError(_unproved(key, check.image, proof))


def _opener(path: pathlib.Path) -> luks.Image:
    """Return the function that opens a disk image of this machine."""

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


def _unproved(
    key: material.KeyMaterial, image: pathlib.Path, proof: luks.Proof
) -> str:
    """Return why there is no proof, and what to do about it."""
    if proof.opens is luks.Opens.NO:
        found, advice = 'does not open', ''
    else:
        found = 'could not be tried on'
        advice = (
            ' Is this the right file? If it is, --allow-unchecked exports '
            'the key without a proof.'
            if proof.headerless
            else ' Without --check the key is exported without a proof.'
        )
    return (
        f'Secret {key.secret_id} {found} {image}: {proof.reason} No key file '
        f'was written.{advice}'
    )


def _default_form(source: key_sources.Source) -> passphrase.Format:
    if source.kind is key_sources.SourceKind.SECRET:
        return passphrase.Format.RAW
    return passphrase.Format.PASSPHRASE


def _content(
    key: material.KeyMaterial, form: passphrase.Format, proof: luks.Proof
) -> bytes:
    """Return the content of a key file before encryption."""
    if form is passphrase.Format.PASSPHRASE and proof.opened_by is not None:
        return passphrase.candidates(key)[proof.opened_by]
    return passphrase.encode(key, form)


def _default_file(source: key_sources.Source, *, sealed: bool) -> str:
    return f'{source.kind}-{source.id}.key{".age" if sealed else ""}'


def _write(path: pathlib.Path, content: bytes, *, sealed: bool) -> None:
    """Write a key into a new file.

    :raises TargetError: if the file exists, or cannot be written safely.
    """
    secrecy = base.Secrecy.SEALED if sealed else base.Secrecy.SECRET
    localfolder.Folder(path.parent).put(
        path.name, content, replace=False, secrecy=secrecy
    )

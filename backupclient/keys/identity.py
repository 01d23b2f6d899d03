# SPDX-License-Identifier: Apache-2.0
"""Decrypt exported keys and secrets with a user's private keys.

Supports the files that ``age --identity`` supports: age identities, also
encrypted with a passphrase, and SSH private keys (ed25519 and rsa). Private
keys and decrypted bytes stay in memory: no file, no log, no ``repr`` and no
exception contains them.
"""

import base64
from collections.abc import Callable, Iterable
import pathlib
import re
from typing import NoReturn

from cryptography import exceptions
from cryptography.hazmat.primitives import serialization
import pyrage

from backupclient import errors
from backupclient.keys.luks import memory

_FILE_LIMIT = 1 << 20
_TRIES = 3
_AGE = b'age-encryption.org/v1\n'
_ARMOR = (
    b'-----BEGIN AGE ENCRYPTED FILE-----',
    b'-----END AGE ENCRYPTED FILE-----',
)
_SCRYPT = re.compile(rb'-> scrypt \S+ ([0-9]{1,3})\n')

# age's own limit. scrypt with a block size of 8 takes 1 KiB times 2 to the
# power of the work factor: 256 MiB for the usual 18, 4 GiB for 22.
_MOST_WORK = 22
_SPARE = 64 << 20

Ask = Callable[[str], str]
"""A function that shows a prompt and returns the typed passphrase."""

_Identity = pyrage.x25519.Identity | pyrage.ssh.Identity


class NotOpened(errors.BackupError):
    """None of the identities decrypts a file."""


class Identities:
    """Private keys, which decrypt files that were encrypted to them.

    Instances cannot be pickled or copied, so that no journal contains them.
    """

    def __init__(self, known: Iterable[_Identity] = ()) -> None:
        self._known = tuple(known)

    @classmethod
    def load(
        cls, paths: Iterable[str], ask: Ask | None = None
    ) -> 'Identities':
        """Read identity files.

        :param paths: files of age identities (one on each line; empty lines
            and lines that begin with ``#`` are ignored) or SSH private keys.
        :param ask: asks for the passphrase of a protected file, at most three
            times; None where there is no terminal.
        :returns: the private keys of all files together.
        :raises UsageError: if a file cannot be read or is not an identity;
            the text names the file and repeats nothing of its content.
        """
        return cls(
            identity for path in paths for identity in _identities(path, ask)
        )

    def __bool__(self) -> bool:
        """Return True if there is a private key."""
        return bool(self._known)

    def open(self, data: bytes, what: str) -> bytes:
        """Decrypt the content of an age file.

        :param what: the name of the file, at the start of a message.
        :returns: the plain bytes.
        :raises NotOpened: if no identity was given, none of them fits, or the
            file is not in the age format.
        """
        if not data.startswith(_AGE):
            raise NotOpened(
                f'{what} is not encrypted in the format of age: it is damaged '
                'or was not written by this program.'
            )
        if not self._known:
            raise NotOpened(
                f'{what} is encrypted. Name the age or SSH private key that '
                'decrypts it with "--identity FILE".'
            )
        try:
            return pyrage.decrypt(data, self._known)
        except pyrage.DecryptError:
            raise NotOpened(
                f'{what} is not decrypted by the given identities. It was '
                'encrypted to other recipients, which an age file does not '
                'name, or it is damaged. Name the private key of one of its '
                'recipients with "--identity FILE".'
            ) from None

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied.

        :raises TypeError: always.
        """
        raise TypeError('Private keys are never stored or copied.')


def _identities(path: str, ask: Ask | None) -> list[_Identity]:
    """Return the private keys of a file."""
    data = _read(path)
    if data.startswith((_AGE, _ARMOR[0])):
        return _lines(path, _unsealed(path, data, ask))
    if data.startswith(b'-----BEGIN') and b'PRIVATE KEY' in data:
        return [_ssh(path, data, ask)]
    return _lines(path, data)


def _read(path: str) -> bytes:
    try:
        # Special files are allowed: "--identity <(...)" of a shell is a pipe.
        with pathlib.Path(path).open('rb') as file:
            data = file.read(_FILE_LIMIT + 1)
    except (OSError, ValueError) as failure:
        reason = getattr(failure, 'strerror', None) or 'not a file name'
        raise errors.UsageError(
            f'The identity file {path!r:.99} cannot be read: {reason}.'
        ) from None
    if len(data) > _FILE_LIMIT:
        raise _wrong(path, 'it is larger than 1 MiB')
    return data


def _lines(path: str, data: bytes) -> list[_Identity]:
    """Return the age identities of a file, one on each line."""
    rows = enumerate(data.split(b'\n'), 1)
    found = [
        _line(path, number, text)
        for number, row in rows
        if (text := row.strip()) and not text.startswith(b'#')
    ]
    if not found:
        raise _wrong(path, 'there is no private key in it')
    return found


def _line(path: str, number: int, text: bytes) -> _Identity:
    if text.startswith((b'age1', b'ssh-', b'ecdsa-', b'sk-')):
        public = 'an SSH certificate' if b'-cert-v' in text else 'a public key'
        raise _wrong(path, f'line {number} is {public}, which cannot decrypt')
    if text.upper().startswith(b'AGE-PLUGIN-'):
        raise _wrong(
            path,
            f'line {number} needs a plugin of age. Decrypt the keys of the '
            'set with "age --decrypt", as its RESTORE.md shows',
        )
    try:
        return pyrage.x25519.Identity.from_str(text.decode())
    except (pyrage.IdentityError, UnicodeError):
        raise _wrong(path, f'line {number} is not an age identity') from None


def _unsealed(path: str, data: bytes, ask: Ask | None) -> bytes:
    """Return the content of an identity file that age has encrypted."""
    sealed = _without_armor(path, data)
    _check_work(path, sealed)

    def unseal(passphrase: str) -> bytes | None:
        try:
            return pyrage.passphrase.decrypt(sealed, passphrase)
        except pyrage.DecryptError:
            return None

    return _asked(path, ask, unseal)


def _without_armor(path: str, data: bytes) -> bytes:
    """Return the binary form of an age file."""
    if data.startswith(_AGE):
        return data
    text = data.strip().removeprefix(_ARMOR[0]).removesuffix(_ARMOR[1])
    try:
        return base64.b64decode(b''.join(text.split()), validate=True)
    except ValueError:
        raise _wrong(path, 'it is damaged') from None


def _check_work(path: str, sealed: bytes) -> None:
    """Raise UsageError if scrypt would take too much memory."""
    stanza = _SCRYPT.match(sealed.removeprefix(_AGE))
    if stanza is None:
        raise _wrong(path, 'it is encrypted, but not with a passphrase')
    work = int(stanza[1])
    if work > _MOST_WORK:
        raise _wrong(
            path,
            f'its passphrase is derived with a work factor of {work}, and at '
            f'most {_MOST_WORK} is accepted',
        )
    free = memory.available()
    if free is not None and (1 << 10 + work) + _SPARE > free:
        raise _wrong(
            path,
            f'its passphrase needs {(1 << work) // 1024} MiB of memory, which '
            'is not free',
        )


def _ssh(path: str, data: bytes, ask: Ask | None) -> pyrage.ssh.Identity:
    """Return an SSH private key."""
    try:
        return pyrage.ssh.Identity.from_buffer(data)
    except pyrage.IdentityError:
        pass  # It has a passphrase, or is written in another form.
    try:
        return pyrage.ssh.Identity.from_buffer(_plain_ssh(path, data, ask))
    except pyrage.IdentityError:
        raise _wrong(
            path, 'of SSH keys, age uses those of type ed25519 and rsa only'
        ) from None


def _plain_ssh(path: str, data: bytes, ask: Ask | None) -> bytes:
    """Return an SSH private key in OpenSSH's form, without a passphrase."""

    def decrypted(passphrase: str) -> bytes | None:
        try:
            return _converted(data, passphrase.encode())
        except ValueError:
            return None

    try:
        return _converted(data, None)
    except (TypeError, ValueError) as exc:
        # For a key with a passphrase, ``cryptography`` raises TypeError;
        # version 44 raises ValueError.
        if 'password' not in str(exc).lower():
            raise _wrong(path, 'it is damaged or of an unknown type') from None
    except exceptions.UnsupportedAlgorithm:
        raise _wrong(path, 'it is damaged or of an unknown type') from None
    try:
        return _asked(path, ask, decrypted)
    except exceptions.UnsupportedAlgorithm:
        raise _wrong(
            path, 'the cipher of its passphrase is not available here'
        ) from None


def _converted(data: bytes, passphrase: bytes | None) -> bytes:
    """Return an SSH private key in OpenSSH's form, without a passphrase.

    :raises TypeError: if it has a passphrase and none is given.
    :raises ValueError: if the passphrase is wrong.
    """
    load = (
        serialization.load_ssh_private_key
        if data.startswith(b'-----BEGIN OPENSSH')
        else serialization.load_pem_private_key
    )
    return load(data, passphrase).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )


def _asked(
    path: str, ask: Ask | None, use: Callable[[str], bytes | None]
) -> bytes:
    """Ask for a passphrase until it fits.

    :param use: returns None for a wrong passphrase.
    """
    if ask is None:
        raise errors.UsageError(
            f'The identity file {path!r:.99} has a passphrase, and there is '
            'no terminal to ask for it. Use a terminal, or an identity file '
            'without a passphrase.'
        )
    for _ in range(_TRIES):
        result = use(ask(f'Passphrase of {path!r:.99}: '))
        if result is not None:
            return result
    raise _wrong(path, 'the passphrase is wrong')


def _wrong(path: str, reason: str) -> errors.UsageError:
    return errors.UsageError(
        f'The identity file {path!r:.99} cannot be used: {reason}. Name a '
        'file of age identities (AGE-SECRET-KEY-1...) or an SSH private key '
        '(ed25519 or rsa).'
    )

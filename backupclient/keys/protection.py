# SPDX-License-Identifier: Apache-2.0
"""Encrypt exported keys to public keys, in the format of ``age``."""

from collections.abc import Iterable, Iterator
import pathlib

import pyrage

from backupclient import errors

_FILE_LIMIT = 1 << 20
_PUBLIC = ('age1', 'ssh-')
_SECRET = ('AGE-SECRET-KEY-', 'AGE-PLUGIN-', '-----BEGIN')

_Recipient = pyrage.x25519.Recipient | pyrage.ssh.Recipient


def expand(values: Iterable[str]) -> tuple[str, ...]:
    """Return the public keys of recipients, which can be files.

    :param values: age or SSH public keys, or names of files with one on each
        line (empty lines and lines that begin with ``#`` are ignored).
    :returns: valid public keys in their order, without duplicates.
    :raises UsageError: if a value is neither, or a secret key was given by
        mistake; the text repeats no secret key and no line of a file.
    """
    found: dict[str, None] = {}
    for value in values:
        for place, key in _keys(value):
            _parse(place, key)
            found[key] = None
    return tuple(found)


class Protector:
    """Encrypts to public keys: each of their private keys decrypts.

    :param recipients: age or SSH public keys, not files.
    :raises UsageError: if there is none, or one is no public key.
    """

    def __init__(self, recipients: Iterable[str]) -> None:
        self._recipients = [_parse(_place(key), key) for key in recipients]
        if not self._recipients:
            raise errors.UsageError(
                'There is no recipient to encrypt to. Name an age or SSH '
                'public key.'
            )

    def seal(self, data: bytes) -> bytes:
        """Return encrypted bytes, in age's binary format."""
        return pyrage.encrypt(data, self._recipients)


def _keys(value: str) -> Iterator[tuple[str, str]]:
    """Yield the keys in a value, each with its place for messages."""
    if value.startswith(_PUBLIC) or _is_secret(value):
        yield _place(value), value
        return
    empty = True
    for number, line in enumerate(_read(value).splitlines(), 1):
        if (key := line.strip()) and not key.startswith('#'):
            empty = False
            yield f'Line {number} of {value!r:.99}', key
    if empty:
        raise errors.UsageError(f'There is no public key in {value!r:.99}.')


def _read(name: str) -> str:
    """Return the text of a file of recipients."""
    try:
        with pathlib.Path(name).open('rb') as file:
            return file.read(_FILE_LIMIT).decode()
    except (OSError, ValueError) as failure:
        reason = getattr(failure, 'strerror', None) or 'no text'
        raise errors.UsageError(
            f'The recipient {name!r:.99} is neither an age or SSH public key '
            f'nor a file of them ({reason}).'
        ) from None


def _parse(place: str, key: str) -> _Recipient:
    """Return the recipient of a public key.

    :param place: where the key was given, at the start of a message.
    """
    if _is_secret(key):
        raise errors.UsageError(
            f'{place} is a secret key: give the public key that belongs to '
            'it, and take care of where the secret one may now be seen.'
        )
    try:
        if key.startswith('age1'):
            return pyrage.x25519.Recipient.from_str(key)
        return pyrage.ssh.Recipient.from_str(key)
    except (pyrage.RecipientError, UnicodeError):
        raise errors.UsageError(
            f'{place} is not a public key that age can encrypt to: those '
            'are age1..., ssh-ed25519 ... and ssh-rsa ... (2048 bits or more).'
        ) from None


def _place(value: str) -> str:
    """Return words for a recipient; a secret key is not repeated."""
    return (
        'A recipient' if _is_secret(value) else f'The recipient {value!r:.99}'
    )


def _is_secret(key: str) -> bool:
    return key.upper().startswith(_SECRET)

# SPDX-License-Identifier: Apache-2.0
"""Encrypt exported keys to people: the age format, opened by ``age``."""

from collections.abc import Iterable, Iterator
import pathlib

import pyrage

from backupclient import errors

_FILE_LIMIT = 1 << 20
_PUBLIC = ('age1', 'ssh-')
_SECRET = ('AGE-SECRET-KEY-', 'AGE-PLUGIN-', '-----BEGIN')

_Recipient = pyrage.x25519.Recipient | pyrage.ssh.Recipient


def expand(values: Iterable[str]) -> tuple[str, ...]:
    """Replace the files among recipients by the public keys in them.

    :param values: age or SSH public keys, or names of files with one on each
        line (empty lines and those that begin with ``#`` do not count).
    :returns: public keys that can be encrypted to, each once, in order.
    :raises UsageError: for what is neither, and for a secret key given by
        mistake; the text repeats no secret key and no line of a file.
    """
    found: dict[str, None] = {}
    for value in values:
        for place, key in _keys(value):
            _parse(place, key)
            found[key] = None
    return tuple(found)


class Protector:
    """Encrypts to public keys: only who has a secret one can decrypt.

    :param recipients: age or SSH public keys, not files.
    :raises UsageError: when there is none, or one is no public key.
    """

    def __init__(self, recipients: Iterable[str]) -> None:
        self._recipients = [_parse(_place(key), key) for key in recipients]
        if not self._recipients:
            raise errors.UsageError(
                'There is no recipient to encrypt to. Name an age or SSH '
                'public key.'
            )

    def seal(self, data: bytes) -> bytes:
        """Encrypt.

        :returns: the content of a file in age's binary format.
        """
        return pyrage.encrypt(data, self._recipients)


def _keys(value: str) -> Iterator[tuple[str, str]]:
    """Give the keys that a value stands for, with words for their place."""
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
    """Give the text of a file of recipients."""
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
    """Read a public key.

    :param place: where the key was given, to begin a sentence with.
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
    """Name a recipient, unless it must not be shown."""
    return (
        'A recipient' if _is_secret(value) else f'The recipient {value!r:.99}'
    )


def _is_secret(key: str) -> bool:
    return key.upper().startswith(_SECRET)

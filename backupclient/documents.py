# SPDX-License-Identifier: Apache-2.0
"""Dataclasses as JSON files: read strictly, written atomically.

A class with a field ``version`` is a format of its own. The field's default
is the version to write. That version is read, and those in the class's
attribute ``OLDER``.
"""

import dataclasses
import json
import math
import pathlib
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from backupclient import errors
from backupclient.store import localfile
from backupclient.store import whole

LARGEST = 64 << 20
"""The largest file in bytes that is read."""

_MOST_VALUES = 4_000_000
"""The largest number of JSON values that is read: in memory, a short value
takes up to 100 times its bytes."""

_LARGEST_NUMBER = (1 << 63) - 1
_MOST_DIGITS = 30
_LONGEST_REASON = 300


class Document(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


_Document = TypeVar('_Document', bound=Document)


def read(
    path: pathlib.Path,
    kind: type[_Document],
    what: str,
    *,
    edited: bool = False,
) -> _Document:
    """Read a file of this machine that holds a dataclass.

    :param what: the kind of file, for messages, such as ``saved plan``.
    :param edited: see :func:`decode`.
    :raises DocumentError: if it cannot be read; see also :func:`decode`.
    """
    try:
        data = localfile.read(path, LARGEST + 1)
    except OSError as error:
        raise errors.DocumentError(
            f'The {what} {path} cannot be read: {error.strerror}. Look at '
            'its name and its permissions.'
        ) from error
    return decode(data, kind, f'{what} {path}', edited=edited)


def decode(
    data: bytes, kind: type[_Document], what: str, *, edited: bool = False
) -> _Document:
    """Return the dataclass in a file's content.

    Fields that the class does not have are ignored, unless ``edited``.

    :param data: the content of a file.
    :param what: the kind of file and its path, for messages.
    :param edited: whether people may have written the file. Then unknown
        fields are refused, because a misspelt option would be ignored.
    :raises DocumentError: if it has more than :data:`LARGEST` bytes, is not
        JSON in UTF-8, has another format version, or a value does not fit its
        type or its class; the text names the place, such as
        ``$.items[3].size``.
    :raises NewerDocument: if its format version is newer.
    """
    try:
        _require_few_values(data)
        loaded = json.loads(
            text(data, what),
            parse_float=_finite,
            parse_constant=_finite,
            parse_int=_sensible,
        )
        _check_version(loaded, kind, what)
        found = msgspec.convert(loaded, kind)
        if edited:
            _require_known(loaded, msgspec.to_builtins(found), '$')
        return found
    except RecursionError:
        raise _damaged(what, 'its values are nested too deeply') from None
    except (ValueError, msgspec.ValidationError) as error:
        raise _damaged(what, str(error)) from None


def text(data: bytes, what: str) -> str:
    """Return bytes as a text.

    :raises DocumentError: if they are more than :data:`LARGEST`, or not UTF-8.
    """
    if len(data) > LARGEST:
        raise _damaged(what, f'it has over {LARGEST:,} bytes')
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _damaged(what, 'it is not UTF-8') from error


def encode(value: Document) -> bytes:
    """Return the content of a file: sorted, indented, and in ASCII.

    ASCII makes names harmless in a terminal that have control characters or
    change the direction of writing.
    """
    plain = msgspec.to_builtins(value, order='sorted')
    return f'{json.dumps(plain, indent=2, allow_nan=False)}\n'.encode()


def line(value: Document) -> str:
    """Return a dataclass as one compact line of JSON in ASCII."""
    plain = msgspec.to_builtins(value, order='sorted')
    return json.dumps(plain, separators=(',', ':'), allow_nan=False)


def write(
    path: pathlib.Path, value: Document, *, replace: bool = True
) -> None:
    """Write a dataclass into a file of this machine atomically.

    :param replace: whether to replace an existing plain file; links are never
        followed.
    :raises TargetError: if it cannot be written; an older file stays.
    """
    whole.put(path, encode(value), replace=replace)


def _require_few_values(data: bytes) -> None:
    """Raise ValueError if the values would take too much memory.

    Each value but the first has one of ``,``, ``[`` and ``{`` before it. These
    characters are counted, also inside texts: the result may be too high.
    """
    values = sum(map(data.count, (b',', b'[', b'{')))
    if values > _MOST_VALUES:
        raise ValueError(f'it has {values:,} values')


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f'{text:.20} is not a number in JSON')
    return number


def _sensible(text: str) -> int:
    # Cut the text first: Python raises an error of its own for thousands of
    # digits.
    number = int(text[:_MOST_DIGITS])
    if len(text) >= _MOST_DIGITS or abs(number) > _LARGEST_NUMBER:
        raise ValueError(f'{text:.20} is too large a number')
    return number


def _require_known(loaded: Any, known: Any, place: str) -> None:
    """Raise ValueError if there is a field that its class does not have.

    :param loaded: the JSON values of the file.
    :param known: the values of the dataclass made from them.
    :param place: the path of the value, in msgspec's form.
    """
    if isinstance(loaded, dict) and isinstance(known, dict):
        for name, value in loaded.items():
            if name not in known:
                raise ValueError(
                    f'Object contains unknown field `{name:.80}` - at '
                    f'`{place}`'
                )
            _require_known(value, known[name], f'{place}.{name}')
    elif isinstance(loaded, list) and isinstance(known, list | tuple):
        for number, (one, other) in enumerate(
            zip(loaded, known, strict=False)
        ):
            _require_known(one, other, f'{place}[{number}]')


def _check_version(loaded: object, kind: type[Document], what: str) -> None:
    known = next(
        (f.default for f in dataclasses.fields(kind) if f.name == 'version'),
        None,
    )
    if known is None or not isinstance(loaded, dict):
        return
    found = loaded.get('version')
    if type(found) is not int:
        raise _damaged(what, 'it has no format version')
    if isinstance(known, int) and found > known:
        raise errors.NewerDocument(
            f'The {what} was written by a newer release: it has the format '
            f'version {found}, and this release reads version {known}. '
            'Upgrade python-backupclient.'
        )
    if found not in (known, *getattr(kind, 'OLDER', ())):
        raise errors.DocumentError(
            f'The {what} has the format version {found}, but this '
            f'program reads version {known}: use the release of '
            'python-backupclient that wrote it.'
        )


def _damaged(what: str, reason: str) -> errors.DocumentError:
    return errors.DocumentError(
        f'The {what} is not valid: {reason[:_LONGEST_REASON]}. It was damaged '
        'or changed after it was written, or is a file of another kind. Use '
        'an unchanged copy, or make a new one.'
    )

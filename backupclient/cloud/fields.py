# SPDX-License-Identifier: Apache-2.0
"""Read the fields of a service's JSON, and check their types.

A field that is missing or null counts as unknown, which is no error: older
releases and narrower policies leave fields out.
"""

from collections.abc import Callable, Mapping, Sequence
import functools
import json
from typing import Any, Concatenate, ParamSpec, TypeVar

from backupclient import errors

Json = Mapping[str, Any]
P = ParamSpec('P')
T = TypeVar('T')
_Reader = Callable[Concatenate[Json, P], T]

LARGEST = (1 << 63) - 1
"""The largest size or count that is accepted."""


def reader(noun: str) -> Callable[[_Reader[P, T]], _Reader[P, T]]:
    """Return a decorator that turns a reader's ValueError into a CloudError.

    :param noun: the kind of object that the function reads, for messages.
    """

    def decorate(read: _Reader[P, T]) -> _Reader[P, T]:
        @functools.wraps(read)
        def checked(raw: Json, /, *args: P.args, **more: P.kwargs) -> T:
            try:
                return read(raw, *args, **more)
            except ValueError as exc:
                raise errors.CloudError(
                    f'The cloud sent a {noun} ({str(raw.get("id"))[:80]!r}) '
                    f'that makes no sense: {exc}. Ask its operator.'
                ) from exc

        return checked

    return decorate


def answer(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a response, None if it is something else."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def text(raw: Json, key: str) -> str:
    """Return a text, ``''`` if it is unknown.

    A lone surrogate, which is valid in JSON but not in UTF-8, becomes a
    question mark.

    :raises ValueError: if it is an object or a list.
    """
    return _text(key, raw.get(key) or '')


def texts(raw: Json, key: str) -> tuple[str, ...]:
    """Return the texts of a list, an empty one if it is unknown.

    :raises ValueError: if it is not a list of texts.
    """
    return tuple(_text(key, one) for one in _list(raw, key))


def pairs(raw: Json) -> dict[str, str]:
    """Return an object's names and values as texts, without null values."""
    return {
        _plain(name): _plain(value)
        for name, value in raw.items()
        if value is not None
    }


def number(raw: Json, key: str, least: int = 0) -> int | None:
    """Return a whole number, None if it is unknown.

    :raises ValueError: if it is not a number, or is less than ``least`` or
        greater than :data:`LARGEST`.
    """
    value = raw.get(key)
    if value is None or value == '':
        return None
    try:
        found = int(value)
    except (ArithmeticError, TypeError, ValueError):
        raise _wrong(key, value, 'a number') from None
    if not least <= found <= LARGEST:
        raise _wrong(key, value, 'a sensible number')
    return found


def inner(raw: Json, key: str) -> Json:
    """Return an object, an empty one if it is unknown.

    :raises ValueError: if it is not an object.
    """
    value = raw.get(key) or {}
    if not isinstance(value, Mapping):
        raise _wrong(key, value, 'an object')
    return value


def objects(raw: Json, key: str) -> Sequence[Json]:
    """Return the objects of a list, an empty one if it is unknown.

    :raises ValueError: if it is not a list of objects.
    """
    found = _list(raw, key)
    for one in found:
        if not isinstance(one, Mapping):
            raise _wrong(key, one, 'an object')
    return found


def _list(raw: Json, key: str) -> Sequence[Any]:
    value = raw.get(key) or ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(key, value, 'a list')
    return value


def _text(key: str, value: object) -> str:
    # A fast path: nearly every field of nearly every row is ASCII.
    if type(value) is str and value.isascii():
        return value
    if isinstance(value, Mapping | list):
        raise _wrong(key, value, 'a text')
    return _plain(value)


def _plain(value: object) -> str:
    if type(value) is str and value.isascii():
        return value
    return str(value).encode(errors='replace').decode()


def _wrong(key: str, value: object, kind: str) -> ValueError:
    return ValueError(f'{key[:80]!r} is {str(value)[:80]!r}, not {kind}')

# SPDX-License-Identifier: Apache-2.0
"""The fields of a service's JSON: each is what it should be, or an error.

What is missing or null is not known, which is no error: older releases and
narrower policies leave fields out.
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
"""No size and no count is larger."""


def reader(noun: str) -> Callable[[_Reader[P, T]], _Reader[P, T]]:
    """Decorate what reads an object: its ValueError becomes a CloudError.

    :param noun: what it reads, for messages.
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
    """Read the JSON object that an answer is, None when it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def text(raw: Json, key: str) -> str:
    """Give a text, ``''`` when it is not known.

    Half a surrogate pair, which JSON can hold and nothing else, becomes a
    question mark.
    """
    return _text(key, raw.get(key) or '')


def texts(raw: Json, key: str) -> tuple[str, ...]:
    """Give the texts of a list."""
    return tuple(_text(key, one) for one in _list(raw, key))


def pairs(raw: Json) -> dict[str, str]:
    """Give names and values as texts, without those that are null."""
    return {
        _plain(name): _plain(value)
        for name, value in raw.items()
        if value is not None
    }


def number(raw: Json, key: str, least: int = 0) -> int | None:
    """Give a whole number, None when it is not known.

    :raises ValueError: it is smaller, or larger than any size.
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
    """Give an object, an empty one when it is not known."""
    value = raw.get(key) or {}
    if not isinstance(value, Mapping):
        raise _wrong(key, value, 'an object')
    return value


def objects(raw: Json, key: str) -> Sequence[Json]:
    """Give the objects of a list."""
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
    # Nearly every field of nearly every row is that: it is worth a line.
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

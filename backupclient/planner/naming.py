# SPDX-License-Identifier: Apache-2.0
"""Finding the one resource that a person means by a name or an ID."""

from collections.abc import Callable, Iterable, Sequence
import difflib
from typing import Protocol, TypeVar

from backupclient import errors
from backupclient.model import ids
from backupclient.model import resources

_SUGGESTIONS = 5
_LISTS = {'snapshot': 'volume snapshot', 'backup': 'volume backup'}
"""The nouns in "openstack ... list" that differ from the kind."""


class Named(Protocol):
    """Something that a person can name."""

    @property
    def kind(self) -> str:
        """Its kind, as in the names of commands."""

    @property
    def name(self) -> str:
        """Its name, ``''`` without one."""

    @property
    def id(self) -> str:
        """Its ID."""

    @property
    def label(self) -> str:
        """Kind, name and ID, for messages."""


N = TypeVar('N', bound=Named)


def _nothing(_: Named) -> str:
    return ''


def find(
    kind: resources.Kind,
    text: str,
    known: Iterable[resources.Resource],
    about: Callable[[resources.Resource], str] = _nothing,
) -> resources.Resource:
    """Return the resource with an ID, a name, or the ID at an href's end.

    Only the ID is read from an href; no request goes to its host.

    :param known: resources of all kinds; other kinds serve as hints.
    :param about: returns details that distinguish resources with the same
        name.
    :raises UsageError: if no resource fits, or more than one.
    """
    return find_any((kind,), text, known, about)


def find_any(
    kinds: Sequence[str],
    text: str,
    known: Iterable[N],
    about: Callable[[N], str],
    where: str = '',
) -> N:
    """Return the one thing of these kinds, as :func:`find` does.

    :param where: a sentence that names the command which lists all things;
        ``''`` for ``openstack KIND list``.
    :raises UsageError: if no thing fits, or more than one.
    """
    known = list(known)
    same = [one for one in known if one.kind in kinds]
    found = (
        [one for one in same if one.id == text]
        or [one for one in same if text and one.name == text]
        or [one for one in same if one.id == _id_in(text)]
    )
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.UsageError(_ambiguous(kinds, text, found, about))
    raise errors.UsageError(
        f'No {_either(kinds)} has the name or ID "{text}". '
        f'{_hint(kinds, text, known, where)}'
    )


def _ambiguous(
    kinds: Sequence[str],
    text: str,
    found: Sequence[N],
    about: Callable[[N], str],
) -> str:
    told = [
        f'{one.label}{f", {what}" if (what := about(one)) else ""}'
        for one in found
    ]
    advice = 'Give the ID of the one that you mean'
    if len({one.kind for one in found}) > 1:
        advice += ', or its --kind'
    return (
        f'More than one {_either(kinds)} has the name "{text}": '
        f'{_list(told, "; ")}. {advice}.'
    )


def _either(kinds: Sequence[str]) -> str:
    *others, last = kinds
    return f'{", ".join(others)} or {last}' if others else last


def _id_in(href: str) -> str:
    last = href.rstrip('/').rpartition('/')[2]
    return last if ids.is_id(last) else ''


def _hint(
    kinds: Sequence[str], text: str, known: Sequence[Named], where: str
) -> str:
    close = _close(text, [one for one in known if one.kind in kinds])
    if close:
        return f'It could mean: {_list(_labels(close))}.'
    other = [one for one in known if text and text in (one.id, one.name)]
    if other:
        return f'But there is: {_list(_labels(other))}.'
    if where:
        return where
    first = f'"openstack {_LISTS.get(kinds[0], kinds[0])} list"'
    if len(kinds) == 1:
        return f'{first} shows what there is.'
    return f'{first} and the lists of the other kinds show what there is.'


def _close(text: str, known: Sequence[Named]) -> list[Named]:
    """Return things with a similar name or ID; case does not matter."""
    lower = text.lower()
    names = {one.name.lower() for one in known if one.name}
    alike = difflib.get_close_matches(lower, sorted(names), _SUGGESTIONS)
    return [
        one
        for one in known
        if one.name.lower() in alike
        or (lower and lower in one.name.lower())
        or (lower and one.id.lower().startswith(lower))
    ]


def _labels(found: Iterable[Named]) -> list[str]:
    return [one.label for one in found]


def _list(texts: Iterable[str], between: str = ', ') -> str:
    texts = sorted(texts)
    more = len(texts) - _SUGGESTIONS
    shown = between.join(texts[:_SUGGESTIONS])
    return f'{shown} and {more} more' if more > 0 else shown

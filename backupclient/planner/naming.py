# SPDX-License-Identifier: Apache-2.0
"""From what a person typed to the one resource that it means."""

from collections.abc import Iterable
import difflib
import re

from backupclient import errors
from backupclient.model import resources

UUID = r'[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'

_SUGGESTIONS = 5


def find(
    kind: resources.Kind, text: str, known: Iterable[resources.Resource]
) -> resources.Resource:
    """Find the resource with an ID, a name, or the ID at an href's end.

    Of an href only the ID is taken: its host is never asked.

    :param known: resources of all kinds; the others serve as hints.
    :raises UsageError: when none fits, or more than one.
    """
    known = list(known)
    same = [resource for resource in known if resource.kind is kind]
    found = (
        [resource for resource in same if resource.id == text]
        or [resource for resource in same if text and resource.name == text]
        or [resource for resource in same if resource.id == _id_in(text)]
    )
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.UsageError(
            f'More than one {kind} has the name "{text}": {_list(found)}. '
            'Give the ID of the one that you mean.'
        )
    raise errors.UsageError(
        f'No {kind} has the name or ID "{text}". {_hint(kind, text, known)}'
    )


def _id_in(href: str) -> str:
    last = href.rstrip('/').rpartition('/')[2]
    return last if re.fullmatch(UUID, last) else ''


def _hint(
    kind: resources.Kind, text: str, known: list[resources.Resource]
) -> str:
    close = _close(text, [one for one in known if one.kind is kind])
    if close:
        return f'It could mean: {_list(close)}.'
    other = [one for one in known if text and text in (one.id, one.name)]
    if other:
        return f'But there is: {_list(other)}.'
    return f'"openstack {kind} list" shows what there is.'


def _close(
    text: str, known: list[resources.Resource]
) -> list[resources.Resource]:
    """Find what was perhaps meant, for the case and for typing errors too."""
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


def _list(found: list[resources.Resource]) -> str:
    labels = sorted(resource.label for resource in found)
    more = len(labels) - _SUGGESTIONS
    shown = ', '.join(labels[:_SUGGESTIONS])
    return f'{shown} and {more} more' if more > 0 else shown

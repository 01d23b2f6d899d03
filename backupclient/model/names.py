# SPDX-License-Identifier: Apache-2.0
"""The names of artifacts and restored resources in the cloud.

Names are for people only: the program finds its resources by their tags. A
name shows a person what the artifact is, is unique in its run, and is valid
for Cinder and Glance.
"""

from collections import Counter
from collections.abc import Iterable
import unicodedata

from backupclient.model import ids
from backupclient.model import resources
from backupclient.model import tags

LONGEST = 255
"""The longest name in characters. Cinder and Glance count characters, not
bytes (``cinder/api/validation/parameter_types.py``, Glance's image schema)."""

LONGEST_START = 200
"""The longest ``--name`` in characters: an ID still fits behind it."""

LONGEST_END = 100
"""The longest ``--suffix`` in characters: most of a name still fits before
it."""

SUFFIX = '\ufdd0'
"""The suffix of names that get theirs later, as in RESTORE.md, which asks the
reader for it. U+FDD0 is no character in Unicode, so no real name has it."""

_TEMPORARY = 'restore-'
_REPLACEMENT = '\N{REPLACEMENT CHARACTER}'
_CUT = '...'


def require_start(text: str) -> None:
    """Raise ValueError if a text cannot be the start of names.

    :raises ValueError: if it is blank or too long, or has a control character.
    """
    if text.isspace():
        raise ValueError('it is blank. Leave the option out, or give a text.')
    if len(text) > LONGEST_START:
        raise ValueError(
            f'it has {len(text)} characters. At most {LONGEST_START} are '
            'possible: the name or ID of each resource is added, and a name '
            f'in the cloud has at most {LONGEST}.'
        )
    _require_printable(text)


def require_end(text: str) -> None:
    """Raise ValueError if a text cannot be the end of names.

    :raises ValueError: if it ends with a blank, is too long, or has a control
        character.
    """
    if text != text.rstrip(' '):
        raise ValueError('it ends with a blank, which Nova refuses in a name.')
    if len(text) > LONGEST_END:
        raise ValueError(
            f'it has {len(text)} characters. At most {LONGEST_END} are '
            'possible: it follows the name of each resource, and a name in '
            f'the cloud has at most {LONGEST}.'
        )
    _require_printable(text)


def _require_printable(text: str) -> None:
    for place, char in enumerate(text, 1):
        if not _printable(char):
            raise ValueError(
                f'character {place} is U+{ord(char):04X}, a line break, '
                'control or formatting character. Use characters that can be '
                'seen.'
            )


def shared(found: Iterable[resources.Resource]) -> frozenset[str]:
    """Return the names that several of these resources have.

    Names that look the same in the cloud count as one.
    """
    counts = Counter(plain(resource.name) for resource in found)
    return frozenset(name for name, count in counts.items() if count > 1)


def artifact(
    run: str,
    resource: resources.Resource,
    start: str = '',
    same: frozenset[str] = frozenset(),
) -> str:
    """Return the name of a resource's artifact.

    :param start: the value of ``--name``, ``''`` for our default. A run of an
        earlier release may have a value that :func:`require_start` refuses.
    :param same: the result of :func:`shared` for the resources of the run.
    :returns: a name that is unique in the run.
    """
    name = plain(resource.name)
    if not start:
        own = tags.name(run, resource)
        return f'{own} ({_cut(name, LONGEST - len(own) - 3)})' if name else own
    full = f'{plain(start)}-{name or resource.id}'
    if len(full) <= LONGEST and name not in same:
        return full
    end = f'-{resource.id}'
    return _cut(full, LONGEST - len(end)) + end


def description(run: str, resource: resources.Resource) -> str:
    """Return the description of a Cinder backup."""
    kind, end = resource.kind.capitalize(), f'({resource.id}), run {run}'
    name = _cut(plain(resource.name), LONGEST - len(kind) - len(end) - 4)
    return f'{kind} "{name}" {end}' if name else f'{kind} {end}'


def temporary_image(resource: resources.Resource) -> str:
    """Return the name of the image through which RESTORE.md uploads a disk.

    Cinder records it as ``image_name`` of the volume that it makes.
    """
    return f'{_TEMPORARY}{resource.id}'


def is_temporary_image(name: str) -> bool:
    """Return whether a name could come from :func:`temporary_image`."""
    start, end = name[: len(_TEMPORARY)], name[len(_TEMPORARY) :]
    return start == _TEMPORARY and ids.is_id(end)


def plain(text: str) -> str:
    """Return a text with only characters that Cinder and Glance accept.

    Cinder refuses unprintable characters in a description. Both may refuse
    characters of four bytes in UTF-8 (``glance/common/utils.py:
    no_4byte_params``, and databases with three bytes per character).
    """
    return ''.join(map(_plain, text)).strip()


def _plain(char: str) -> str:
    if char.isspace():
        return ' '
    return char if _printable(char) and char <= '\uffff' else _REPLACEMENT


def _printable(char: str) -> bool:
    """Return whether Cinder accepts a character as printable."""
    category = unicodedata.category(char)
    return category == 'Zs' or category[0] not in 'CZ'


def _cut(text: str, length: int) -> str:
    """Return a text, with dots in place of its end if it is too long."""
    if len(text) <= length:
        return text
    return text[: length - len(_CUT)] + _CUT


def restored(name: str, suffix: str) -> str:
    """Return the name of a restored resource.

    :param name: the original name; a nameless resource stays nameless.
    :param suffix: the value of ``--suffix``.
    """
    return _cut(name, LONGEST - length(suffix)) + suffix if name else ''


def length(name: str) -> int:
    """Return the length of a name in characters, as far as it is known."""
    return len(name.replace(SUFFIX, ''))

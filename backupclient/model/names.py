# SPDX-License-Identifier: Apache-2.0
"""What the backups in the cloud are called, for people who see them listed.

The program itself finds its things by their tags. A name only has to tell a
person what the thing is, to differ from the others of its run, and to be one
that Cinder and Glance accept.
"""

from collections import Counter
from collections.abc import Iterable
import unicodedata

from backupclient.model import ids
from backupclient.model import resources
from backupclient.model import tags

LONGEST = 255
"""Characters, however many bytes each has: so Cinder and Glance count
(``cinder/api/validation/parameter_types.py``, Glance's image schema)."""

LONGEST_START = 200
"""Characters of ``--name``: an ID still fits behind it."""

_TEMPORARY = 'restore-'
_REPLACEMENT = '\N{REPLACEMENT CHARACTER}'
_CUT = '...'


def require_start(text: str) -> None:
    """Raise ValueError if a text cannot be the start of names.

    :raises ValueError: it is blank or too long, or has a control character.
    """
    if text.isspace():
        raise ValueError('it is blank. Leave the option out, or give a text.')
    if len(text) > LONGEST_START:
        raise ValueError(
            f'it has {len(text)} characters. At most {LONGEST_START} are '
            'possible: the name or ID of each resource is added, and a name '
            f'in the cloud has at most {LONGEST}.'
        )
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
    """Return the name of what a run keeps of a resource in the cloud.

    :param start: of ``--name``, ``''`` for our own. A run of an earlier
        release may have one that :func:`require_start` refuses.
    :param same: the names that several resources of the run have.
    :returns: a name that nothing else of this run has.
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
    """Return what is said of a backup beside its name."""
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
    """Return a text in characters that Cinder and Glance accept.

    Cinder refuses what cannot be printed in a description, and both may
    refuse what has four bytes in UTF-8 (``glance/common/utils.py:
    no_4byte_params``, and databases with three bytes a character).
    """
    return ''.join(map(_plain, text)).strip()


def _plain(char: str) -> str:
    if char.isspace():
        return ' '
    return char if _printable(char) and char <= '\uffff' else _REPLACEMENT


def _printable(char: str) -> bool:
    """Tell whether Cinder calls a character printable."""
    category = unicodedata.category(char)
    return category == 'Zs' or category[0] not in 'CZ'


def _cut(text: str, length: int) -> str:
    """Return a text, its end replaced by dots where it is too long."""
    if len(text) <= length:
        return text
    return text[: length - len(_CUT)] + _CUT


def restored(name: str, suffix: str) -> str:
    """Return the name of what is made of a backup.

    :param name: the old one; a thing without a name gets none.
    :param suffix: of ``--suffix``.
    """
    return _cut(name, LONGEST - len(suffix)) + suffix if name else ''

# SPDX-License-Identifier: Apache-2.0
"""The result of a verification as a property of its manifest's image.

A Glance property holds 65,535 bytes, and image lists contain all properties.
To be short, the text names resources by their numbers in the manifest, and
groups those with equal results. Notes on good backups are left out, except
for hashes: a later verification compares with them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import re

from backupclient import documents
from backupclient import errors
from backupclient.model import resources
from backupclient.model import tags
from backupclient.model import verification

LONGEST = 32_000
"""The largest result in bytes; about half of what a property can hold."""

_Notes = Callable[[verification.Row], tuple[str, ...]]

MOST = 24
"""The number of results kept for a manifest; older ones are removed."""

_PROPERTY = tags.VERIFIED
_HASH = 'sha512:'
_LONGEST_NOTE = 300
_RANGE = re.compile(r'(0|[1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?')
_SET = 'set'
_MOST_NUMBERS = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Resources with equal results.

    :param items: their numbers in the manifest, such as ``0-9,12``; ``set``
        for the set itself.
    """

    items: str
    depth: verification.Depth
    result: verification.Result
    notes: tuple[str, ...] = ()
    provable: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """A verification; its fields are those of the model's Verification."""

    verified_at: str
    depth: verification.Depth
    groups: tuple[Group, ...]
    host: str = ''
    program_version: str = ''
    version: int = 1


def encode(
    found: verification.Verification, manifest: Sequence[resources.Resource]
) -> str:
    """Return the text of a verification, if need be with no notes but hashes.

    :param manifest: the resources of the manifest, in its order.
    :raises TargetError: if the text is longer than :data:`LONGEST`.
    """
    for notes in (_notes, _hashes):
        text = documents.line(_kept(found, manifest, notes))
        if len(text) <= LONGEST:
            return text
    raise errors.TargetError(
        f'it has {len(text):,} bytes, and at most {LONGEST:,} are kept in the '
        'cloud.'
    )


def decode(
    text: str, run: str, manifest: Sequence[resources.Resource], what: str
) -> verification.Verification:
    """Return the verification in a text.

    :param run: the manifest's run.
    :param manifest: the resources of the manifest, in its order.
    :param what: the name of the text, for messages.
    :raises DocumentError: if the text is damaged or does not fit the manifest.
    """
    kept = documents.decode(text.encode(), Kept, what)
    try:
        rows = tuple(_rows(kept, run, manifest))
    except (LookupError, ValueError) as exc:
        raise errors.DocumentError(
            f'The {what} does not fit its manifest: {exc}.'
        ) from exc
    return verification.Verification(
        run,
        kept.verified_at,
        kept.depth,
        rows,
        kept.host,
        kept.program_version,
    )


def vain(
    properties: Mapping[str, str],
    new: verification.Verification,
    manifest: Sequence[resources.Resource],
) -> list[str]:
    """Return the properties whose results a new verification supersedes.

    The oldest results beyond :data:`MOST` are among them.

    :param properties: the image's properties, without the new result.
    """
    known = sorted(name for name in properties if name.startswith(_PROPERTY))
    found = known[: max(0, len(known) + 1 - MOST)]
    for name in known[len(found) :]:
        try:
            old = decode(properties[name], new.run, manifest, name)
        except errors.DocumentError:
            continue
        if _superseded(old, new):
            found.append(name)
    return found


def _superseded(
    old: verification.Verification, new: verification.Verification
) -> bool:
    """Return whether a new verification covers all of an older one."""
    later = {(row.kind, row.id): row for row in new.rows}
    return all(_covers(later.get((row.kind, row.id)), row) for row in old.rows)


def _covers(new: verification.Row | None, old: verification.Row) -> bool:
    if new is None or new.depth.number < old.depth.number:
        return False
    if not new.result.bad and new.depth is verification.Depth.NONE:
        return not old.result.bad and old.depth is verification.Depth.NONE
    # Keep the older result: it tells when the damaged backup was good.
    if new.result.bad and not old.result.bad:
        return False
    return bool(_hashes(new)) or not _hashes(old)


def _kept(
    found: verification.Verification,
    manifest: Sequence[resources.Resource],
    notes_of: _Notes,
) -> Kept:
    numbers = {(one.kind.value, one.id): n for n, one in enumerate(manifest)}
    groups: dict[Group, list[int]] = {}
    for row in found.rows:
        number = numbers.get((row.kind, row.id))
        group = Group(
            _SET if row.kind == verification.SET else '',
            row.depth,
            row.result,
            notes_of(row),
            row.provable,
        )
        if group.items or number is not None:
            groups.setdefault(group, []).append(number or 0)
    return Kept(
        found.verified_at,
        found.depth,
        tuple(
            group
            if group.items
            else dataclasses.replace(group, items=_ranges(sorted(found_)))
            for group, found_ in groups.items()
        ),
        found.host,
        found.program_version,
    )


def _notes(row: verification.Row) -> tuple[str, ...]:
    """Return the notes to keep: all of a bad result, hashes of a good one."""
    if row.result is verification.Result.GOOD:
        return _hashes(row)
    return tuple(note[:_LONGEST_NOTE] for note in row.notes)


def _hashes(row: verification.Row) -> tuple[str, ...]:
    return tuple(note for note in row.notes if note.startswith(_HASH))


def _ranges(numbers: Iterable[int]) -> str:
    """Return the text of sorted numbers, such as ``0-9,12``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ','.join(
        str(first) if first == last else f'{first}-{last}'
        for first, last in spans
    )


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(','):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError(f'{part[:80]!r} are no numbers')
        first, last = int(match[1]), int(match[2] or match[1])
        yield from range(first, last + 1)


def _rows(
    kept: Kept, run: str, manifest: Sequence[resources.Resource]
) -> Iterator[verification.Row]:
    seen = 0
    for group in kept.groups:
        if group.items == _SET:
            yield _row(group, run, verification.SET, '', run)
            continue
        for number in _numbers(group.items):
            seen += 1
            if seen > _MOST_NUMBERS:
                raise ValueError('it names too many resources')
            one = manifest[number]
            yield _row(group, run, one.kind.value, one.name, one.id)


def _row(
    group: Group, run: str, kind: str, name: str, id_: str
) -> verification.Row:
    return verification.Row(
        run,
        kind,
        name,
        id_,
        group.depth,
        group.result,
        group.notes,
        group.provable,
    )

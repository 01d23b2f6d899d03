# SPDX-License-Identifier: Apache-2.0
"""Find implausible values in a manifest: values that no run writes.

A damaged or forged manifest can still be readable. An entry with such a value
does not count as a backup: it must not take the place of a good one.
"""

from collections import Counter
from collections.abc import Iterator
import dataclasses
import datetime

from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import stamps

_COMPLETE = results.State.COMPLETE
_FAILED = results.State.FAILED


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A manifest whose implausible entries are in the state FAILED.

    :param doubts: a sentence on each implausible value.
    """

    manifest: manifests.Manifest
    doubts: tuple[str, ...] = ()


def check(manifest: manifests.Manifest) -> Checked:
    """Look for values that no run writes.

    In the returned manifest, complete entries with such a value are in the
    state FAILED, with the reason.
    """
    counts = Counter(
        (one.resource.kind, one.resource.id) for one in manifest.items
    )
    found = {
        number: why
        for number, entry in enumerate(manifest.items)
        if (why := _of_entry(entry, counts))
    }
    labels = (
        f'{manifest.items[number].resource.label}: {why}'
        for number, why in found.items()
    )
    said = tuple(dict.fromkeys((*_of_times(manifest), *labels)))
    if not found:
        return Checked(manifest, said)
    items = tuple(
        _failed(entry, found[number]) if number in found else entry
        for number, entry in enumerate(manifest.items)
    )
    return Checked(dataclasses.replace(manifest, items=items), said)


def _failed(entry: manifests.Entry, why: str) -> manifests.Entry:
    if entry.state is not _COMPLETE:
        return entry
    return dataclasses.replace(
        entry,
        state=_FAILED,
        reason=f'{why} Its manifest was changed after it was written.',
    )


def _of_times(manifest: manifests.Manifest) -> Iterator[str]:
    for name, text in (
        ('created_at', manifest.created_at),
        ('finished_at', manifest.finished_at),
    ):
        if why := _of_time(text):
            yield f'{name}: {why}'


def _of_entry(
    entry: manifests.Entry, counts: Counter[tuple[resources.Kind, str]]
) -> str:
    """Return why an entry is implausible, ``''`` if it is plausible."""
    resource = entry.resource
    if counts[resource.kind, resource.id] > 1:
        return 'The manifest lists it more than once.'
    if entry.size is not None and entry.size < 0:
        return f'It cannot have {entry.size:,} bytes.'
    if entry.captured_at and (why := _of_time(entry.captured_at)):
        return why
    has_copy = entry.file or entry.key or entry.artifact or _is_empty(entry)
    if entry.state is _COMPLETE and not has_copy and not entry.covered_by:
        return 'It is called complete, but nothing is listed that holds it.'
    return ''


def _is_empty(entry: manifests.Entry) -> bool:
    """Return whether the record is all that there was of a resource.

    A backup without data never counts like one with a file, so nothing is won
    by claiming that a secret has no payload.
    """
    return entry.secret is not None and not entry.secret.content_type


def _of_time(text: str) -> str:
    """Return why a text is not a time with a zone, ``''`` if it is one."""
    if stamps.read(text) is None:
        return f'{text[:40]!r} is no time.'
    if datetime.datetime.fromisoformat(text).tzinfo is None:
        return f'The time {text[:40]} has no zone.'
    return ''

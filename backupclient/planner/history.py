# SPDX-License-Identifier: Apache-2.0
"""The rows of a history, and selecting them by time and number."""

from collections import Counter
from collections.abc import Iterable, Iterator
import datetime

from backupclient.model import histories
from backupclient.model import manifests
from backupclient.model import stamps
from backupclient.model import verification

_DAY = datetime.timedelta(days=1)
_HOUR = datetime.timedelta(hours=1)


def backup(
    entry: manifests.Entry,
    run: str,
    started_at: str,
    place: str,
    standing: verification.Standing,
) -> histories.Backup:
    """Return the row of a resource in a run."""
    return histories.Backup(
        run=run,
        captured_at=entry.captured_at,
        time=entry.captured_at or started_at,
        kind=entry.resource.kind.value,
        name=entry.resource.name,
        id=entry.resource.id,
        procedure=entry.procedure.value,
        state=histories.State(entry.state.value),
        size=entry.size,
        place=place,
        standing=standing,
        notes=tuple(filter(None, (entry.reason, *entry.notes))),
    )


def within(text: str, since: str, until: str) -> bool:
    """Return whether a time is within limits, which are included.

    :param text: ISO 8601. A text that is no time is within no limit.
    :param since: ISO 8601, ``''`` for no limit; ``until`` likewise.
    """
    time = stamps.read(text)
    first, last = stamps.read(since), stamps.read(until)
    if time is None:
        return first is None and last is None
    return (first is None or first <= time) and (last is None or time <= last)


def newest(
    rows: Iterable[histories.Backup], count: int | None
) -> Iterator[histories.Backup]:
    """Yield the newest rows of each resource in each place.

    :param rows: the newest first.
    :param count: the number of rows for a resource in a place, None for all.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        key = (row.place, row.kind, row.id)
        seen[key] += 1
        if count is None or seen[key] <= count:
            yield row


def note(
    captured_at: str, standing: verification.Standing, now: datetime.datetime
) -> str:
    """Return a sentence on the age of a backup and of its verification.

    :param captured_at: the time of the resource's last backup, ISO 8601.
    :param standing: the result of that backup's verifications.
    :param now: an aware time.
    """
    backed_up = f'Last backup {_ago(captured_at, now)}'
    if standing.damaged:
        return f'{backed_up}, found damaged.'
    if standing.at:
        return f'{backed_up}, verified {_ago(standing.at, now)}.'
    return f'{backed_up}, never verified.'


def _ago(text: str, now: datetime.datetime) -> str:
    time = stamps.read(text)
    if time is None:
        return 'at an unknown time'
    age = max(now - time, datetime.timedelta())
    if age < _HOUR:
        return 'less than an hour ago'
    if age < _DAY:
        return _count(age // _HOUR, 'hour')
    return _count(age // _DAY, 'day')


def _count(number: int, unit: str) -> str:
    return f'{number} {unit}{"" if number == 1 else "s"} ago'

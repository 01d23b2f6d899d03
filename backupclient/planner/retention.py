# SPDX-License-Identifier: Apache-2.0
"""Deciding which backups of one resource in one place are kept. Pure.

The rules are restic's (``internal/restic/snapshot_policy.go``). For example,
``--keep-daily 7`` keeps the newest backup of each of the newest seven days
(in UTC) that have a backup. A backup is kept if any rule keeps it. This module
has further rules, which only ever keep more backups:

* The newest backup that is not known as damaged stays.
* A damaged backup is not counted. If the resource has no good backup, the
  newest damaged one stays, because some of its data may be intact.
* A backup whose time is in the future stays and is not counted.
* A kept incremental backup keeps what it builds on (:func:`foundations`).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
import dataclasses
import datetime
import re

FUTURE = 'Its time is in the future.'
NEWEST = 'It is the newest backup that is not known as damaged.'
NEWEST_DAMAGED = 'It is damaged, but there is no good backup.'

_DURATION = re.compile('(?:[0-9]{1,6}[ymdh])+')
_EARLIEST = datetime.datetime.min.replace(tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Duration:
    """A span of time in calendar units, such as ``1y6m2d12h``."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    def __str__(self) -> str:
        return ''.join(
            f'{number}{unit}'
            for number, unit in (
                (self.years, 'y'),
                (self.months, 'm'),
                (self.days, 'd'),
                (self.hours, 'h'),
            )
            if number
        )

    def __bool__(self) -> bool:
        return bool(self.years or self.months or self.days or self.hours)

    def before(self, time: datetime.datetime) -> datetime.datetime:
        """Return the time that is this duration before another.

        A day that the month does not have continues into the next month, as
        in Go's ``Time.AddDate``, so that the result is the same as restic's:
        one month before 31 October is 1 October.
        """
        months = time.year * 12 + time.month - 1
        year, month = divmod(months - self.years * 12 - self.months, 12)
        try:
            first = time.replace(year=year, month=month + 1, day=1)
            return first + datetime.timedelta(
                days=time.day - 1 - self.days, hours=-self.hours
            )
        except (OverflowError, ValueError):
            return _EARLIEST


def duration(text: str) -> Duration:
    """Return the duration in a text such as ``30d`` or ``1y6m``.

    :raises ValueError: if the text is not a duration, or its length is zero.
    """
    parts = re.findall('([0-9]+)([ymdh])', text)
    found = {unit: int(number) for number, unit in parts}
    valid = _DURATION.fullmatch(text) and len(found) == len(parts)
    if not valid or not any(found.values()):
        raise ValueError(
            f'"{text[:20]}" is not a duration in years, months, days and '
            'hours such as 30d or 1y6m'
        )
    return Duration(*(found.get(unit, 0) for unit in 'ymdh'))


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """The rules for each resource. 0 means that there is no such rule.

    :param last: the number of the newest backups to keep.
    :param hourly: the number of hours of which the newest backup is kept;
        ``daily``, ``weekly``, ``monthly`` and ``yearly`` likewise.
    :param within: keep all backups of this duration before the newest one.
    :param verified: the number of the newest backups to keep that were
        verified at the depth ``data`` or more.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: Duration = Duration()
    verified: int = 0

    def __post_init__(self) -> None:
        if min(count for _, count in self.counts()) < 0 or self.verified < 0:
            raise ValueError('A rule cannot keep less than nothing.')

    def __bool__(self) -> bool:
        counts = (self.verified, *(count for _, count in self.counts()))
        return bool(self.within) or any(counts)

    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return restic's rules with a number: option name and number."""
        return (
            ('last', self.last),
            ('hourly', self.hourly),
            ('daily', self.daily),
            ('weekly', self.weekly),
            ('monthly', self.monthly),
            ('yearly', self.yearly),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Backup:
    """A complete backup of the resource.

    :param id: unique in the place; if two backups have the same time, the one
        with the greater ID counts as newer.
    :param at: when the data were captured, an aware time.
    :param verified: whether it was verified at the depth ``data`` or more.
    """

    id: str
    at: datetime.datetime
    damaged: bool = False
    verified: bool = False


def keep(
    backups: Iterable[Backup], rules: Rules, now: datetime.datetime
) -> dict[str, tuple[str, ...]]:
    """Return which backups of a resource in a place are kept.

    :param backups: all complete backups of the resource in the place.
    :param now: an aware time.
    :returns: the reasons by the ID of each kept backup, the newest first.
    """
    every = sorted(backups, key=lambda one: (one.at, one.id), reverse=True)
    past = [one for one in every if one.at <= now]
    good = [one for one in past if not one.damaged]
    found: dict[str, list[str]] = {one.id: [] for one in every}
    for one in every:
        if one.at > now:
            found[one.id].append(FUTURE)
    for one, rule in _by_rules(good, rules):
        found[one.id].append(rule)
    # Last, so that the user's rules come first among the reasons.
    for one in good[:1]:
        found[one.id].append(NEWEST)
    for one in past[:1] if not good else ():
        found[one.id].append(NEWEST_DAMAGED)
    return {id_: tuple(why) for id_, why in found.items() if why}


def _by_rules(
    good: Sequence[Backup], rules: Rules
) -> Iterator[tuple[Backup, str]]:
    """Yield each backup that a rule keeps, with the rule's option.

    :param good: the backups that are not damaged, the newest first.
    """
    for name, count in rules.counts():
        for one in _newest_of_each(good, _BUCKETS[name], count):
            yield one, f'--keep-{name} {count}'
    if good and rules.within:
        since = rules.within.before(good[0].at)
        for one in good:
            if one.at > since:
                yield one, f'--keep-within {rules.within}'
    for one in [one for one in good if one.verified][: rules.verified]:
        yield one, f'--keep-verified {rules.verified}'


def _newest_of_each(
    good: Sequence[Backup],
    bucket: Callable[[Backup], Hashable],
    count: int,
) -> Iterator[Backup]:
    """Yield the newest backup of each of the newest buckets.

    :param good: the newest first.
    :param bucket: returns the bucket of a backup, such as its day.
    :param count: the number of buckets.
    """
    last: Hashable = None
    for one in good:
        if not count:
            return
        if (here := bucket(one)) != last:
            yield one
            last, count = here, count - 1


def _utc(one: Backup) -> datetime.datetime:
    return one.at.astimezone(datetime.UTC)


_BUCKETS: dict[str, Callable[[Backup], Hashable]] = {
    'last': lambda one: one.id,
    'hourly': lambda one: _utc(one).strftime('%Y-%m-%d %H'),
    'daily': lambda one: _utc(one).date(),
    'weekly': lambda one: _utc(one).isocalendar()[:2],
    'monthly': lambda one: (_utc(one).year, _utc(one).month),
    'yearly': lambda one: _utc(one).year,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """A backup in the chain of a volume.

    :param id: the backup's ID.
    :param at: the time of its data, an aware time.
    """

    id: str
    volume_id: str
    at: datetime.datetime
    incremental: bool


def foundations(one: Link, others: Iterable[Link]) -> frozenset[str]:
    """Return the IDs of the backups that a backup may build on.

    Cinder does not show the parent of an incremental backup. It is the newest
    available backup of the volume (``cinder/backup/api.py:create``), but
    several can have been made at the same time. So an incremental backup may
    build on every older one of its volume, back to the nearest full one.

    :param one: the backup; if it is full, the result is empty.
    :param others: all backups of the project, this program's or not.
    """
    if not one.incremental:
        return frozenset()
    older = [
        each
        for each in others
        if each.volume_id == one.volume_id
        and each.id != one.id
        and each.at <= one.at
    ]
    steps = {each.at for each in older if each.incremental}
    # A full backup ends the chain only if no incremental one has the same
    # time: that one may be the parent, and builds on older backups.
    full = [
        each.at
        for each in older
        if not each.incremental and each.at < one.at and each.at not in steps
    ]
    start = max(full, default=_EARLIEST)
    return frozenset(each.id for each in older if each.at >= start)

# SPDX-License-Identifier: Apache-2.0
"""Which backups of one resource in one place are kept. Pure.

The rules are restic's (``internal/restic/snapshot_policy.go``): a rule such as
``--keep-daily 7`` keeps the newest backup of each of the newest seven days
that have one, in UTC, and a backup is kept if any rule keeps it. What this
module adds only ever keeps more:

* The newest backup that is not known as damaged stays.
* A damaged backup is not counted. The newest one stays while the resource has
  no good one: a part of it may be all that is left.
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
        """Return the time that lies this span before another.

        A day that a month does not have counts on into the next month, as in
        Go's ``Time.AddDate``, so that restic decides the same: one month
        before 31 October is 1 October.
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
    """Read a duration such as ``30d`` or ``1y6m``.

    :raises ValueError: it is none, or it is no time at all.
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
    """How many backups of each resource are kept. 0 is no rule.

    :param within: keep what is not older than this, counted from the newest
        backup.
    :param verified: keep the newest so many that were verified at the depth
        ``data`` or more.
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
        """Return the rules of restic that count, by their options' names."""
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

    :param id: tells it from the others; the greater one counts as the newer
        where times are the same.
    :param at: when the data were captured, an aware time.
    :param verified: at the depth ``data`` or more.
    """

    id: str
    at: datetime.datetime
    damaged: bool = False
    verified: bool = False


def keep(
    backups: Iterable[Backup], rules: Rules, now: datetime.datetime
) -> dict[str, tuple[str, ...]]:
    """Decide which backups of a resource in a place are kept.

    :param backups: all complete ones of it there.
    :returns: the reasons, by the IDs of those that are kept, newest first.
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
    # Last, so that a rule which keeps it is named before.
    for one in good[:1]:
        found[one.id].append(NEWEST)
    for one in past[:1] if not good else ():
        found[one.id].append(NEWEST_DAMAGED)
    return {id_: tuple(why) for id_, why in found.items() if why}


def _by_rules(
    good: Sequence[Backup], rules: Rules
) -> Iterator[tuple[Backup, str]]:
    """Find what the rules keep.

    :param good: the newest first.
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
    """Find the newest backup of each of the newest buckets."""
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

    :param id: of the backup.
    :param at: the time of its data, an aware time.
    """

    id: str
    volume_id: str
    at: datetime.datetime
    incremental: bool


def foundations(one: Link, others: Iterable[Link]) -> frozenset[str]:
    """Return the IDs of the backups that one may build on.

    Cinder does not show a parent. It takes the newest backup of the volume
    that is available (``cinder/backup/api.py:create``), and several can have
    been made at the same time. So an incremental backup may build on every
    older one of its volume, back to the nearest full one.

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
    # Where both kinds have the same time, the parent may be the incremental
    # one, which builds on those before it.
    full = [
        each.at
        for each in older
        if not each.incremental and each.at < one.at and each.at not in steps
    ]
    start = max(full, default=_EARLIEST)
    return frozenset(each.id for each in older if each.at >= start)

# SPDX-License-Identifier: Apache-2.0
import datetime
import itertools
import pathlib
import random

import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.planner import retention
from backupclient.tests.unit import examples
from backupclient.tests.unit.planner import restic_repository

NOW = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def time(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def backup(text, **fields):
    """A backup whose ID is its time."""
    return retention.Backup(text, time(text), **fields)


def keep(backups, rules=None, now=NOW):
    return retention.keep(backups, rules or retention.Rules(), now)


NIGHTS = [backup(f'2026-11-{day:02}T01:00') for day in range(1, 27)]


def nights(*days):
    return [f'2026-11-{day:02}T01:00' for day in days]


class RulesTestCase(testtools.TestCase):
    """What each rule keeps, of a backup each night of November."""

    def kept(self, backups=NIGHTS, **rules):
        return sorted(keep(backups, retention.Rules(**rules)))

    def test_last(self):
        self.assertEqual(nights(24, 25, 26), self.kept(last=3))

    def test_last_of_the_same_time(self):
        every = [retention.Backup(id_, NOW) for id_ in 'abc']
        self.assertEqual(['b', 'c'], self.kept(every, last=2))

    def test_hourly(self):
        every = [
            backup('2026-11-26T09:10'),
            backup('2026-11-26T09:50'),
            backup('2026-11-26T10:00'),
            backup('2026-11-26T10:59'),
        ]
        self.assertEqual(
            ['2026-11-26T09:50', '2026-11-26T10:59'],
            self.kept(every, hourly=2),
        )

    def test_the_same_hour_of_two_days(self):
        every = [backup('2026-11-25T09:10'), backup('2026-11-26T09:50')]
        self.assertEqual(2, len(self.kept(every, hourly=2)))

    def test_daily(self):
        every = [*NIGHTS, backup('2026-11-25T13:00')]
        self.assertEqual(
            [*nights(24), '2026-11-25T13:00', *nights(26)],
            self.kept(every, daily=3),
        )

    def test_days_are_those_of_utc(self):
        early = datetime.datetime(
            2026, 11, 26, 0, 30, tzinfo=datetime.timezone(HOUR)
        )
        every = [retention.Backup('a', early), backup('2026-11-25T01:00')]
        self.assertEqual(['a'], self.kept(every, daily=2))

    def test_weekly(self):
        # The 26th is a Thursday.
        self.assertEqual(nights(15, 22, 26), self.kept(weekly=3))

    def test_the_week_between_two_years(self):
        every = [backup('2025-12-29T01:00'), backup('2026-01-01T01:00')]
        self.assertEqual(['2026-01-01T01:00'], self.kept(every, weekly=2))

    def test_monthly(self):
        every = [*NIGHTS, backup('2026-10-05T01:00'), backup('2025-11-28T01')]
        self.assertEqual(
            ['2025-11-28T01', '2026-10-05T01:00', *nights(26)],
            self.kept(every, monthly=5),
        )

    def test_yearly(self):
        every = [*NIGHTS, backup('2024-10-05T01:00'), backup('2023-11-28T01')]
        self.assertEqual(
            ['2024-10-05T01:00', *nights(26)], self.kept(every, yearly=2)
        )

    def test_within_counts_from_the_newest(self):
        every = NIGHTS[:-5]
        within = retention.duration('2d')
        self.assertEqual(nights(20, 21), self.kept(every, within=within))

    def test_verified(self):
        every = [
            *NIGHTS[2:],
            backup(*nights(1), verified=True),
            backup(*nights(2), verified=True),
        ]
        self.assertEqual(nights(2, 26), self.kept(every, verified=1))

    def test_what_is_verified_and_damaged_since(self):
        every = [
            *NIGHTS[1:],
            backup(*nights(1), verified=True, damaged=True),
        ]
        self.assertEqual(nights(26), self.kept(every, verified=1))

    def test_rules_add_up(self):
        self.assertEqual(
            nights(15, 22, 25, 26), self.kept(last=2, weekly=3, daily=1)
        )

    def test_a_rule_with_more_than_there_is(self):
        self.assertEqual(nights(*range(1, 27)), self.kept(daily=99))

    def test_nothing_below_nothing(self):
        self.assertRaises(ValueError, retention.Rules, last=-1)
        self.assertRaises(ValueError, retention.Rules, verified=-1)

    def test_no_rule(self):
        self.assertFalse(retention.Rules())
        self.assertTrue(retention.Rules(verified=1))
        self.assertTrue(retention.Rules(yearly=1))
        self.assertTrue(retention.Rules(within=retention.duration('1h')))


class AdditionsTestCase(testtools.TestCase):
    """What is kept whatever the rules say."""

    def test_reasons(self):
        rules = retention.Rules(last=2, within=retention.duration('1d12h'))
        self.assertEqual(
            {
                '2026-11-26T01:00': (
                    '--keep-last 2',
                    '--keep-within 1d12h',
                    retention.NEWEST,
                ),
                '2026-11-25T01:00': ('--keep-last 2', '--keep-within 1d12h'),
            },
            keep(NIGHTS, rules),
        )

    def test_the_newest_good_one_stays(self):
        every = [
            *NIGHTS[:-2],
            backup(*nights(25), damaged=True),
            backup(*nights(26), damaged=True),
        ]
        self.assertEqual(
            {'2026-11-24T01:00': (retention.NEWEST,)}, keep(every)
        )

    def test_damaged_ones_are_not_counted(self):
        every = [*NIGHTS[:-1], backup(*nights(26), damaged=True)]
        self.assertEqual(
            nights(24, 25), sorted(keep(every, retention.Rules(last=2)))
        )

    def test_the_newest_stays_where_none_is_good(self):
        every = [backup(one.id, damaged=True) for one in NIGHTS]
        self.assertEqual(
            {'2026-11-26T01:00': (retention.NEWEST_DAMAGED,)},
            keep(every, retention.Rules(last=3)),
        )

    def test_the_future_stays_and_is_not_counted(self):
        every = [*NIGHTS, backup('2027-01-01T00:00')]
        found = keep(every, retention.Rules(last=1))
        self.assertEqual((retention.FUTURE,), found['2027-01-01T00:00'])
        self.assertEqual([*nights(26), '2027-01-01T00:00'], sorted(found))

    def test_within_does_not_count_from_the_future(self):
        every = [*NIGHTS, backup('2027-01-01T00:00')]
        rules = retention.Rules(within=retention.duration('1d'))
        self.assertEqual(
            [*nights(26), '2027-01-01T00:00'], sorted(keep(every, rules))
        )

    def test_nothing_is_there(self):
        self.assertEqual({}, keep([], retention.Rules(last=1)))


class DurationTestCase(testtools.TestCase):
    def test_texts(self):
        for text in ('1y6m2d12h', '30d', '1h', '999999d'):
            self.assertEqual(text, str(retention.duration(text)))
        self.assertEqual('1y2d', str(retention.duration('2d1y')))

    def test_no_durations(self):
        for text in ('', '0d', '7', 'd', '7w', '-1d', '1d1d', '1 d', '7D'):
            error = self.assertRaises(ValueError, retention.duration, text)
            self.assertIn('30d or 1y6m', str(error))

    def test_before(self):
        for text, before in {
            '1m': '2026-10-01T12:00',  # There is no 31 September.
            '13m': '2025-10-01T12:00',
            '1y': '2025-10-31T12:00',
            '1d': '2026-10-30T12:00',
            '36h': '2026-10-30T00:00',
        }.items():
            newest = time('2026-10-31T12:00')
            self.assertEqual(
                time(before), retention.duration(text).before(newest)
            )

    def test_before_all_time(self):
        within = retention.duration('999999y')
        self.assertEqual(1, within.before(NOW).year)
        self.assertEqual(1, retention.duration('999999d').before(NOW).year)


class FoundationsTestCase(testtools.TestCase):
    """What an incremental backup may build on."""

    CHAIN = (
        retention.Link('full-1', 'v', NOW - 9 * DAY, False),
        retention.Link('step-1', 'v', NOW - 8 * DAY, True),
        retention.Link('full-2', 'v', NOW - 7 * DAY, False),
        retention.Link('step-2', 'v', NOW - 6 * DAY, True),
        retention.Link('step-3', 'v', NOW - 5 * DAY, True),
        retention.Link('step-4', 'v', NOW - 4 * DAY, True),
        retention.Link('other', 'w', NOW - 6 * DAY, False),
    )

    def of(self, id_, chain=CHAIN):
        one = next(each for each in chain if each.id == id_)
        return sorted(retention.foundations(one, chain))

    def test_a_full_one_builds_on_nothing(self):
        self.assertEqual([], self.of('full-2'))

    def test_a_chain(self):
        self.assertEqual(['full-2', 'step-2'], self.of('step-3'))
        self.assertEqual(['full-1'], self.of('step-1'))

    def test_without_its_full_one(self):
        rest = self.CHAIN[3:]
        self.assertEqual(['step-2', 'step-3'], self.of('step-4', rest))

    def test_of_the_same_time(self):
        """Two at a time: which one was the parent cannot be told."""
        twins = [
            retention.Link('full', 'v', NOW - DAY, False),
            retention.Link('twin', 'v', NOW - DAY, False),
            retention.Link('a', 'v', NOW, True),
            retention.Link('b', 'v', NOW, True),
        ]
        self.assertEqual(['b', 'full', 'twin'], self.of('a', twins))


counts = st.integers(0, 6)
rules = st.builds(
    retention.Rules,
    *(counts,) * 6,
    st.builds(
        retention.Duration,
        st.integers(0, 2),
        st.integers(0, 13),
        st.integers(0, 40),
        st.integers(0, 50),
    ),
    counts,
)
times = st.one_of(
    st.integers(-20_000, 48).map(lambda hours: NOW + hours * HOUR),
    st.integers(-200, 5).map(lambda minutes: NOW + minutes * HOUR / 60),
)
histories = st.lists(
    st.tuples(times, st.booleans(), st.booleans()), max_size=40
).map(
    lambda rows: [
        retention.Backup(f'{number:02}', at, damaged, verified)
        for number, (at, damaged, verified) in enumerate(rows)
    ]
)


class PropertiesTestCase(testtools.TestCase):
    @examples.examples(500)
    @hypothesis.given(histories, rules)
    def test_the_newest_good_one_always_stays(self, history, rules):
        found = keep(history, rules)
        good = [one for one in history if not one.damaged and one.at <= NOW]
        if good:
            newest = max(good, key=lambda one: (one.at, one.id))
            self.assertIn(newest.id, found)
        elif history:
            self.assertNotEqual({}, found)

    @examples.examples(500)
    @hypothesis.given(histories, rules, rules)
    def test_more_rules_never_keep_less(self, history, some, more):
        both = retention.Rules(
            *(
                max(one, other)
                for (_, one), (_, other) in zip(
                    some.counts(), more.counts(), strict=True
                )
            ),
            some.within,
            max(some.verified, more.verified),
        )
        self.assertLessEqual(
            keep(history, some).keys(), keep(history, both).keys()
        )
        self.assertLessEqual(keep(history).keys(), keep(history, some).keys())

    @examples.examples(500)
    @hypothesis.given(histories, rules, st.randoms())
    def test_the_order_of_the_input_is_nothing(self, history, rules, chance):
        shuffled = list(history)
        chance.shuffle(shuffled)
        self.assertEqual(keep(history, rules), keep(shuffled, rules))

    @examples.examples(500)
    @hypothesis.given(histories, rules)
    def test_no_rule_keeps_more_than_it_says(self, history, rules):
        """A count is a limit, and each reason is one of those that exist."""
        found = keep(history, rules)
        for name, count in rules.counts():
            reason = f'--keep-{name} {count}'
            self.assertLessEqual(
                sum(reason in why for why in found.values()), count
            )
        by_id = {one.id: one for one in history}
        for id_, why in found.items():
            future = by_id[id_].at > NOW
            self.assertEqual(future, retention.FUTURE in why)
            self.assertEqual(len(set(why)), len(why))

    @examples.examples(500)
    @hypothesis.given(
        st.lists(
            st.tuples(st.sampled_from('vw'), st.integers(0, 9), st.booleans()),
            max_size=12,
        )
    )
    def test_a_kept_incremental_one_keeps_its_chain(self, rows):
        """The parent as Cinder chooses it is among what is kept."""
        chain = [
            retention.Link(str(number), volume, NOW + at * HOUR, incremental)
            for number, (volume, at, incremental) in enumerate(rows)
        ]
        for one in chain:
            found = retention.foundations(one, chain)
            older = [
                each
                for each in chain
                if each.volume_id == one.volume_id and each.at < one.at
            ]
            if one.incremental and older:
                parent = max(older, key=lambda each: each.at)
                self.assertIn(parent.id, found)
                # And so on, down to a full one.
                self.assertLessEqual(
                    retention.foundations(parent, chain), found
                )
            if not one.incremental:
                self.assertEqual(frozenset(), found)


class ResticTestCase(testtools.TestCase):
    """The same as restic itself keeps, on 20 histories."""

    RULES = (
        {'last': 3},
        {'hourly': 5},
        {'daily': 4},
        {'weekly': 3},
        {'monthly': 4},
        {'yearly': 2},
        {'last': 2, 'daily': 7, 'weekly': 4, 'monthly': 6, 'yearly': 1},
        {'hourly': 24, 'daily': 2},
        {'within': '1h'},
        {'within': '36h'},
        {'within': '1m'},
        {'within': '1y1m1d1h'},
        {'within': '8d', 'monthly': 2},
    )

    def setUp(self):
        super().setUp()
        place = self.useFixture(fixtures.TempDir()).path
        repository = pathlib.Path(place) / 'repository'
        repository.mkdir()
        self.repository = restic_repository.Repository(repository)

    def histories(self):
        """Make histories of several shapes, each snapshot at its own time."""
        chance = random.Random(20261126)
        for number in range(20):
            step = chance.choice((0.2, 1, 5, 24, 24, 24 * 7, 24 * 30))
            newest = NOW - chance.uniform(0, 24 * 60) * HOUR
            hours = itertools.accumulate(
                chance.uniform(0.3, 1.7) * step for _ in range(40)
            )
            count = chance.randint(1, 40)
            yield (
                f'history={number}',
                [
                    (newest - hour * HOUR).replace(microsecond=0)
                    for hour in itertools.islice(hours, count)
                ],
            )

    def test_the_same_is_kept(self):
        histories: dict = {}
        for group, times in self.histories():
            histories[group] = [
                retention.Backup(
                    self.repository.add(group, at.isoformat()), at
                )
                for at in times
            ]
        self.assertEqual(20, len(histories))
        for rule in self.RULES:
            kept = self.repository.forget(
                *(f'--keep-{name}={value}' for name, value in rule.items())
            )
            self.assertEqual(histories.keys(), kept.keys())
            within = rule.get('within')
            ours = retention.Rules(
                **rule
                | ({'within': retention.duration(within)} if within else {})
            )
            for group, every in histories.items():
                found = keep(every, ours)
                only_ours = {
                    id_
                    for id_, why in found.items()
                    if why == (retention.NEWEST,)
                }
                self.assertEqual(kept[group], found.keys() - only_ours, rule)
                # The newest is kept by each of these rules anyway.
                self.assertEqual(set(), only_ours)

# SPDX-License-Identifier: Apache-2.0
"""The rules of the schedule, each as a property of many random runs.

What holds at each event (quotas, slots, claims, what a flow waits for) the
simulation checks by itself.
"""

from collections import Counter

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.engine import messages
from backupclient.engine import rehearsal
from backupclient.engine import schedules
from backupclient.engine import standings
from backupclient.model import graphs
from backupclient.model import plans
from backupclient.procedures import compiler
from backupclient.tests.unit import examples
from backupclient.tests.unit.engine import projects
from backupclient.tests.unit.engine import simulation

ACT, NEWS, ENDING = messages.Act, messages.News, messages.Ending
SNAPSHOT, BACKUP = (
    plans.Procedure.SNAPSHOT_IMAGE,
    plans.Procedure.VOLUME_BACKUP,
)
STOPPED = plans.Consistency.STOPPED
Chances = simulation.Chances


@st.composite
def projects_(draw, **fixed):
    """Plans, and what is free."""
    options = {
        'stopped': draw(st.sampled_from((0.1, 0.3, 0.6))),
        'backups': draw(st.sampled_from((0.0, 0.3, 0.9))),
        **fixed,
    }
    seed = draw(st.integers(0, 10**6))
    planned = projects.random_plan(draw(st.integers(1, 30)), seed, **options)
    room = draw(st.sampled_from((1.0, 1.5, 2.0, 4.0)))
    return planned, projects.quotas(planned, room)


def chances(most=0.2):
    """How often each kind of trouble comes."""
    often = st.sampled_from((0.0, most / 4, most))
    return st.builds(
        Chances,
        fail=often,
        refuse=often,
        busy=often,
        unavailable=often,
        unwritten=often,
        start_fails=often,
    )


PARALLEL = st.sampled_from((1, 2, 3, 8))
SEEDS = st.integers(0, 10**6)


def simulated(project, parallel, **options):
    planned, free = project
    flows = compiler.compile(planned)
    return simulation.Simulation(flows, parallel, free, **options)


def did(one, act=ACT.DO, **fields):
    """Give the actions of a kind, with their times."""
    return [
        (when, action)
        for when, action in one.log
        if action.act is act
        and all(
            getattr(action.flow, name) == value
            for name, value in fields.items()
        )
    ]


class RulesTestCase(testtools.TestCase):
    @examples.examples(40)
    @hypothesis.given(projects_(), PARALLEL, chances(), SEEDS)
    def test_it_ends(self, project, parallel, trouble, seed):
        """Rules 5, 11, 13: whatever happens, each group ends, once."""
        one = simulated(project, parallel, chances=trouble, seed=seed).run()
        self.assertEqual(
            {group.id for group in one.graph.groups}, one.endings.keys()
        )

    @examples.examples(20)
    @hypothesis.given(projects_(), PARALLEL, SEEDS)
    def test_all_is_done(self, project, parallel, seed):
        """Where nothing goes wrong, all is complete, each flow done once."""
        one = simulated(project, parallel, seed=seed).run()
        self.assertEqual({'complete'}, {*one.counts()})
        done = Counter(action.flow.place for _, action in did(one))
        flows = {
            flow.place
            for group in one.graph.groups
            for flow in group.flows
            if flow.steps
        }
        self.assertEqual(dict.fromkeys(flows, 1), done)
        self.assertEqual([], did(one, ACT.UNDO))

    @examples.examples(20)
    @hypothesis.given(projects_(), PARALLEL, SEEDS)
    def test_stopped_with_a_slot_and_quota(self, project, parallel, seed):
        """Rule 2: for its first capture; and its captures come first."""
        one = simulated(project, parallel, seed=seed)
        one.schedule = Watched(one.graph, parallel, one.free)
        one.run()

    @examples.examples(30)
    @hypothesis.given(
        projects_(stopped=0.6), PARALLEL, chances(), SEEDS, st.floats(1, 4000)
    )
    def test_started_again(self, project, parallel, trouble, seed, when):
        """Rule 3: on every way out; if that fails, the run has not ended."""
        one = simulated(
            project, parallel, chances=trouble, seed=seed, stop_at=when
        ).run()
        stops = [a.group for _, a in did(one, on_demand=True)]
        starts = [a.group for _, a in did(one, always=True)]
        for group, count in Counter(stops).items():
            # One that fails is tried once more.
            self.assertIn(starts.count(group), (count, count + 1))
        for group in one.down:
            self.assertIs(ENDING.OPEN, one.endings[group].ending)

    def test_several_servers(self):
        """Rule 4: a disk of two servers is captured when both are off."""
        planned = projects.plan_of(
            *(
                projects.server(each, consistency=STOPPED)
                for each in ('a', 'b')
            ),
            projects.volume(
                'shared',
                SNAPSHOT,
                'a',
                'b',
                group='a',
                stops=('a', 'b'),
                consistency=STOPPED,
            ),
            stop_servers=True,
        )
        for parallel in (1, 3):
            one = simulated((planned, {}), parallel).run()
            self.assertEqual({'complete': 3}, one.counts())
            self.assertEqual(2, len(one.downtime))

    @examples.examples(20)
    @hypothesis.given(projects_(), PARALLEL, SEEDS)
    def test_more_than_there_is(self, project, parallel, seed):
        """Rule 5: where nothing fits, they come one after the other."""
        planned, free = project
        little = {name: 0 for name in free if not name.startswith('backup')}
        one = simulated(
            (planned, little), parallel, seed=seed, strict=False
        ).run()
        self.assertEqual({'complete'}, {*one.counts()})
        holds = {
            group.id
            for group in one.graph.groups
            for flow in group.flows
            if any(name in little for name, _ in flow.takes)
        }
        at_a_time = _at_a_time(one, holds)
        self.assertLessEqual(at_a_time, 1)

    def test_order(self):
        """What has begun goes on first, and what gives quota back before."""
        planned = projects.plan_of(
            projects.volume('new', SNAPSHOT, 'elsewhere', to_file=True),
            projects.server('s', consistency=STOPPED, to_file=True),
            projects.volume(
                'its', SNAPSHOT, 's', group='s', consistency=STOPPED,
                to_file=True,
            ),
            projects.image('last'),
            stop_servers=True,
        )  # fmt: skip
        flows = rehearsal.rehearse(compiler.compile(planned))
        self.assertEqual(
            [
                'volume/new/capture',
                'volume/new/convert',
                'volume/new/deliver',
                'downtime/s/stop',
                'server/s/capture',
                'volume/its/capture',
                'downtime/s/start',
                'volume/its/convert',
                'server/s/deliver',
                'volume/its/deliver',
                'image/last/deliver',
            ],
            [flow.place for flow in flows],
        )

    def test_two_captured_ones(self):
        """Rule 5: none takes the room that the other needs to go on."""
        planned = projects.plan_of(
            *(
                projects.volume(
                    each, SNAPSHOT, 's', size=100,
                    group='s', consistency=STOPPED,
                )
                for each in ('a', 'b', 'c')
            ),
            stop_servers=True,
        )  # fmt: skip
        for parallel in (1, 2, 4):
            free = {'gigabytes': 300, 'volumes': 1, 'snapshots': 9}
            one = simulated((planned, free), parallel).run()
            self.assertEqual({'complete': 3}, one.counts())

    @examples.examples(30)
    @hypothesis.given(projects_(), PARALLEL, SEEDS)
    def test_refused(self, project, parallel, seed):
        """Rule 6: undone, then once more and alone; then it has failed."""
        trouble = Chances(refuse=0.3)
        one = simulated(project, parallel, chances=trouble, seed=seed).run()
        tries = Counter(action.group for _, action in did(one, part='capture'))
        self.assertLessEqual(max(tries.values(), default=0), 2)
        for group, count in tries.items():
            failed = one.endings[group].ending is ENDING.FAILED
            self.assertEqual(2 if failed else count, count)
            if count == 2:
                _, last = [
                    when for when, a in did(one, part='capture')
                    if a.group == group
                ]  # fmt: skip
                others = {
                    a.group
                    for when, a in did(one)
                    if when >= last and tries[a.group] != 2
                }
                self.assertEqual(
                    set(), {g for g in others if not g.startswith('down')}
                )

    @examples.examples(30)
    @hypothesis.given(projects_(backups=0.9), PARALLEL, SEEDS, st.booleans())
    def test_one_finds_out_for_all(self, project, parallel, seed, service):
        """Rule 7: until it is known, one flow probes, and no server waits."""
        trouble = Chances(unavailable=0.0 if service else 1.0)
        one = simulated(project, parallel, chances=trouble, seed=seed).run()
        self.assertEqual({'complete'}, {*one.counts()})
        probes = did(one, probes=compiler.SERVICE)
        others = {group.id for group in one.graph.groups if group.instead} - {
            action.group for _, action in probes[:1]
        }
        if not service:
            self.assertLessEqual(len(probes), 1)
            self.assertEqual(
                {g.id for g in one.graph.groups if g.instead}, {*one.ways}
            )
            self.assertEqual(bool(others), bool(others & one.ways.keys()))
        for _, action in did(one, ACT.DISPROVE):
            self.assertEqual(probes[0][1].group, action.group)

    def test_no_server_is_off_for_what_is_not_known(self):
        """Rule 7: only that of the disk that finds it out."""
        disks = [
            projects.volume(
                f'{server}-{number}',
                BACKUP,
                server,
                group=server,
                consistency=STOPPED,
                fallback=projects.volume(
                    f'{server}-{number}', SNAPSHOT, server,
                    group=server, consistency=STOPPED,
                ),
            )
            for server in ('a', 'b')
            for number in (1, 2)
        ]  # fmt: skip
        planned = projects.plan_of(*disks, stop_servers=True)
        for news in (NEWS.DONE, NEWS.FAILED, NEWS.UNAVAILABLE):
            one = simulated((planned, {}), 4)
            one._fate = lambda flow, news=news: (
                news if flow.id == 'volume/a-1/capture#1' else NEWS.DONE
            )
            one.run()
            known = next(w for w, a in did(one) if a.group == 'volume/b-1')
            (stop,) = (
                when
                for when, a in did(one, on_demand=True)
                if a.group == 'downtime/b'
            )
            probe = did(one, probes=compiler.SERVICE)[0]
            self.assertEqual('volume/a-1', probe[1].group)
            self.assertGreater(stop, probe[0])
            self.assertGreater(known, stop)

    def test_nobody_can_find_out(self):
        """Rule 7: who waits for it goes on, when nobody is left to."""
        planned = projects.plan_of(
            projects.server('s', consistency=STOPPED),
            projects.volume(
                'a', BACKUP, 's', group='s', consistency=STOPPED,
                fallback=projects.volume('a', SNAPSHOT, 's', group='s'),
            ),
            stop_servers=True,
        )  # fmt: skip
        one = simulated((planned, {}), 2)
        claim = one._do_claim

        def busy(action):
            if action.group == 'volume/a':
                one._tell(0.1, NEWS.BUSY, action.group)
            else:
                claim(action)

        one._do_claim = busy
        one.run()
        self.assertEqual({'complete': 1, 'skipped': 1}, one.counts())

    def test_unavailable_later_on(self):
        """Rule 7: once it has answered, it concerns that one alone."""
        volumes = [
            projects.volume(
                each, BACKUP, fallback=projects.volume(each, SNAPSHOT)
            )
            for each in 'abc'
        ]
        one = simulated((projects.plan_of(*volumes), {}), 1)
        one._fate = lambda flow: (
            NEWS.UNAVAILABLE if flow.id.startswith('volume/b/capture#1')
            else NEWS.DONE
        )  # fmt: skip
        one.run()
        self.assertEqual({'volume/b': 1}, one.ways)
        self.assertEqual([], did(one, ACT.DISPROVE))

    def test_parked_when_it_is_found_out(self):
        """Rule 7: what waits to be alone is done in its other way as well."""
        volumes = [
            projects.volume(
                each, BACKUP, fallback=projects.volume(each, SNAPSHOT)
            )
            for each in 'abc'
        ]
        one = simulated((projects.plan_of(*volumes), {}), 1)
        fates = iter((NEWS.REFUSED, NEWS.UNAVAILABLE))
        one._fate = lambda flow: next(fates) if flow.probes else NEWS.DONE
        one.run()
        self.assertEqual({'complete': 3}, one.counts())
        self.assertEqual(2, len(did(one, probes=compiler.SERVICE)))
        self.assertEqual(3, len(one.ways))

    def test_stuck(self):
        """Rule 7: the volume that found it out is lost, and no other."""
        volumes = [
            projects.volume(
                each, BACKUP, fallback=projects.volume(each, SNAPSHOT)
            )
            for each in 'abc'
        ]
        one = simulated((projects.plan_of(*volumes), {}), 3)
        one._fate = lambda flow: NEWS.STUCK if flow.probes else NEWS.DONE
        one.run()
        self.assertEqual({'complete': 2, 'failed': 1}, one.counts())
        self.assertIs(ENDING.FAILED, one.endings['volume/a'].ending)

    @examples.examples(30)
    @hypothesis.given(projects_(), PARALLEL, SEEDS)
    def test_busy(self, project, parallel, seed):
        """Rule 8: nothing has begun, so it is skipped."""
        trouble = Chances(busy=0.3)
        one = simulated(project, parallel, chances=trouble, seed=seed).run()
        self.assertEqual(set(), {*one.counts()} - {'complete', 'skipped'})
        for group, end in one.endings.items():
            if end.ending is ENDING.SKIPPED:
                self.assertNotIn(group, one.begun)

    @examples.examples(40)
    @hypothesis.given(
        projects_(), PARALLEL, chances(0.1), SEEDS, st.floats(1, 4000)
    )
    def test_stop(self, project, parallel, trouble, seed, when):
        """Rule 9: nothing new; what is not complete is undone."""
        one = simulated(
            project, parallel, chances=trouble, seed=seed, stop_at=when
        )
        stopping = []
        answer = one.schedule.stop
        one.schedule.stop = lambda: stopping.append(one.now) or answer()
        one.run()
        for now in stopping:
            new = [
                action for when, action in did(one)
                if when > now and not action.flow.always
            ]  # fmt: skip
            self.assertEqual([], new)
        for group, end in one.endings.items():
            if not group.startswith('downtime/') and (
                end.ending is not ENDING.COMPLETE
            ):
                left = [p for p in one.done if graphs.group_of(p) == group]
                self.assertEqual([], left, end)

    @examples.examples(30)
    @hypothesis.given(projects_(), PARALLEL, SEEDS)
    def test_undone_backwards(self, project, parallel, seed):
        """Rule 10: within the group, from the last flow to the first."""
        trouble = Chances(fail=0.3)
        one = simulated(project, parallel, chances=trouble, seed=seed).run()
        undone = {}
        for _, action in did(one, ACT.UNDO):
            undone.setdefault(action.group, []).append(action.flow)
        for group, end in one.endings.items():
            flows = [
                action.flow for _, action in did(one) if action.group == group
            ]
            if end.ending is ENDING.FAILED and not group.startswith('down'):
                # The last one failed, and its worker has undone it.
                self.assertEqual(flows[-2::-1], undone.get(group, []))

    @examples.examples(40)
    @hypothesis.given(
        projects_(), PARALLEL, chances(0.1), SEEDS, st.integers(1, 80)
    )
    def test_resumed(self, project, parallel, trouble, seed, events):
        """Rule 12: what is done stays, and the rest is done."""
        one = simulated(project, parallel, chances=trouble, seed=seed)
        for _ in range(events):
            one.step()
        again = simulated(
            project, parallel, seed=seed, earlier=one.past(), strict=False
        )
        again.down = {
            group: 0.0 for group in one.down if one.schedule.board[group].begun
        }
        again.done = {*one.done}
        again.run()
        self.assertNotIn('open', again.counts())
        self.assertEqual({}, again.down)
        done = {p for p in one.done if not p.startswith('downtime')}
        undone = {a.flow.place for _, a in did(again, ACT.UNDO)}
        for _, action in did(again):
            self.assertNotIn(action.flow.place, done - undone)

    def test_resumed_with_a_server_that_is_due(self):
        """Rule 12: it is started before anything else."""
        one = simulated(_two_disks(), 1)
        while not did(one, always=True):
            one.step()
        again = simulated(_two_disks(), 1, earlier=one.past())
        again.done, again.down = {*one.done}, {'downtime/s': 0.0}
        first, *_ = again.schedule.begin()
        self.assertEqual('downtime/s', first.group)

    def test_resumed_while_a_server_is_off(self):
        """Rule 12: somebody may have started it: it is stopped once more."""
        one = simulated(_two_disks(), 1)
        while not did(one, part='capture'):
            one.step()
        again = simulated(
            _two_disks(), 1, earlier=one.past(), strict=False
        ).run()
        first, *_ = did(again)
        self.assertEqual('downtime/s/stop', first[1].flow.place)
        self.assertEqual({'complete': 2}, again.counts())
        self.assertEqual(1, len(did(again, always=True)))

    def test_resumed_with_a_fact_that_is_known(self):
        """Rule 12: what a complete group has found out is not asked again."""
        volumes = [
            projects.volume(
                each, BACKUP, fallback=projects.volume(each, SNAPSHOT)
            )
            for each in 'abc'
        ]
        one = simulated((projects.plan_of(*volumes), {}), 1)
        while not did(one, ACT.END):
            one.step()
        again = simulated(
            (projects.plan_of(*volumes), {}), 3, earlier=one.past()
        )
        actions = again.schedule.begin()
        self.assertEqual(
            ['volume/b', 'volume/c'], [each.group for each in actions]
        )

    def test_login_ended(self):
        """All stays as it is: nothing can be undone."""
        one = simulated(_two_disks(), 2)
        one._fate = lambda flow: (
            NEWS.LOGIN_ENDED if flow.part == 'convert' else NEWS.DONE
        )
        one.run()
        self.assertEqual({'open': 2}, one.counts())
        self.assertEqual([], did(one, ACT.UNDO))

    def test_gone(self):
        """What an earlier process made is not there: once more, from 0."""
        one = simulated(_two_disks(), 1)
        while not did(one, part='convert'):
            one.step()
        again = simulated(_two_disks(), 1, earlier=one.past(), strict=False)
        again.done = {*one.done}
        again.down = {g: 0.0 for g in one.down}
        gone = []

        def fate(flow):
            if flow.part == 'convert' and flow.group not in gone:
                gone.append(flow.group)
                return NEWS.GONE
            return NEWS.DONE

        again._fate = fate
        again.run()
        self.assertEqual({'complete': 2}, again.counts())
        self.assertEqual(2, len(gone))
        # The server is stopped once more for them.
        self.assertIn('downtime/s', again.downtime)

    def test_parts_of_a_whole(self):
        """A group without steps ends when its parts have ended."""
        planned = projects.plan_of(
            projects.server(
                's', plans.Procedure.NONE, covered_by='it', parts=('a', 'b')
            ),
            projects.volume('a', SNAPSHOT, 's'),
            projects.volume('b', SNAPSHOT, 's'),
        )
        one = simulated((planned, {}), 2).run()
        ends = [a.group for _, a in did(one, ACT.END)]
        self.assertEqual('server/s', ends[-1])


def _two_disks():
    planned = projects.plan_of(
        *(
            projects.volume(
                each, SNAPSHOT, 's', group='s', consistency=STOPPED
            )
            for each in ('a', 'b')
        ),
        stop_servers=True,
    )
    return planned, {}


def _at_a_time(one, groups):
    """Count how many of these groups ever hold something together."""
    holding, most = set(), 0
    for _, action in one.log:
        if action.group in groups:
            if action.act is ACT.DO and action.flow.part == 'capture':
                holding.add(action.group)
            elif action.act is ACT.END or (
                action.flow and action.flow.part == 'deliver'
            ):
                holding.discard(action.group)
            scopes = {one.graph.group(g).flows[0].waits for g in holding}
            most = max(most, len(scopes) if holding else 0)
    return most


class Watched(schedules.Schedule):
    """Checks at each slot that it gives whose turn it is."""

    def _assign(self, group):
        rank = (
            self.board.rank(group)
            if self.board[group].phase is standings.Phase.WAITING
            else 0
        )
        for place, need in self._line._entries.values():
            if (
                self.board[place.group].phase is standings.Phase.WAITING
                and self.board.rank(place.group) < rank
                and self._fits(place.group, need)
            ):
                raise simulation.Wrong(f'{place} was before {group}')
        super()._assign(group)

    def _order(self, act, group, *more):
        one = self.board[group]
        if act is ACT.DO and one.flow.on_demand:
            ready = [
                each
                for each in self.board.dependents(group)
                if self.board[each].phase is standings.Phase.ASSIGNED
                and each in self._slots
            ]
            if not ready:
                raise simulation.Wrong(f'{group} is stopped for nobody')
        super()._order(act, group, *more)


class LargeTestCase(testtools.TestCase):
    def test_ten_thousand(self):
        """A project of 10,000 resources, and about 500 stopped servers."""
        planned = projects.random_plan(10_000, 1, stopped=0.065)
        trouble = Chances(
            fail=0.03,
            refuse=0.02,
            busy=0.02,
            unavailable=0.05,
            unwritten=0.01,
        )
        one = simulated(
            (planned, projects.quotas(planned, 2.0)),
            8,
            chances=trouble,
            seed=3,
        )
        scopes = [g for g in one.graph.groups if g.item is None]
        self.assertGreater(len(scopes), 480)
        one.run()
        self.assertEqual({}, one.down)
        counts = one.counts()
        self.assertEqual(10_000, sum(counts.values()))
        self.assertGreater(counts['complete'], 8_500)
        self.assertEqual(8, one.most)

    def test_stopped_in_the_middle(self):
        planned = projects.random_plan(3_000, 2, stopped=0.065)
        one = simulated(
            (planned, projects.quotas(planned, 2.0)), 8, stop_at=12_000.0
        ).run()
        self.assertEqual({}, one.down)
        self.assertLess(one.now, 13_000)
        self.assertEqual({'complete', 'open'}, {*one.counts()})

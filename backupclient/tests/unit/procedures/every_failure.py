# SPDX-License-Identifier: Apache-2.0
"""A failure at each place where one can be."""

from backupclient import errors
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures import base

_ENOUGH = 6
"""So often does a request fail that no repetition helps."""

_REFUSAL = wire.Answer(403, {'forbidden': {'message': 'no'}})
_WRITES = {'fits': wire.writes}

# That reads are repeated is proved once, in the tests of the service.
PASSING = {
    'lost once': {'how': wire.Lost(), **_WRITES},
    'lost once, done': {'how': wire.Lost(), 'done': True, **_WRITES},
}
LASTING = {
    'refused': {'how': _REFUSAL},
    'broken': {'how': wire.Answer(500), 'times': _ENOUGH, **_WRITES},
    'lost': {'how': wire.Lost(), 'times': _ENOUGH, **_WRITES},
}
KILLS = {
    'before': {'how': wire.Killed()},
    'after': {'how': wire.Killed(), 'done': True, **_WRITES},
}


class EveryFailure(base.TestCase):
    """To be inherited beside the description of a procedure."""

    passing = PASSING
    lasting = LASTING
    kills = KILLS

    def check_complete(self, made):
        """Check the result; that nothing else is there is checked here."""
        raise NotImplementedError

    def test_as_planned(self):
        made = self.go()
        self._check(made)
        self.assertEqual((), made.notes)

    def test_all_that_passes_is_overcome(self):
        for name, fault in self.passing.items():
            self._at_each_request(name, fault, self._overcomes)

    def test_all_that_lasts_is_undone(self):
        for name, fault in self.lasting.items():
            self._at_each_request(name, fault, self._ends_well_or_undone)

    def test_interrupted_at_each_wait(self):
        for number in range(1, 1000):
            self.begin()
            self.new_process(fake_clock.FakeClock(stop_at=number))
            try:
                made = self.go()
            except errors.Interrupted:
                self._check_undone()
                self.new_process()
                made = self.go()
            self._check(made)
            if len(self.clock.pauses) < number:
                return

    def test_killed_at_each_request(self):
        self.go()
        created = self.cloud.world.created()
        for name, fault in self.kills.items():
            self._at_each_request(
                name, fault, lambda fault: self._resumes(fault, created)
            )

    def _at_each_request(self, name, fault, check):
        """Let each request fail in turn, until all were let through."""
        for skip in range(1000):
            self.begin()
            injected = wire.Fault(**fault, skip=skip)
            self.cloud.faults.append(injected)
            try:
                check(injected)
            except Exception as exc:
                hit = injected.hit[:1]
                raise AssertionError(
                    f'{name} at request {skip} {[*map(str, hit)]}: {exc}'
                ) from exc
            if not injected.hit:
                return

    def _overcomes(self, fault):
        self._check(self.go())

    def _ends_well_or_undone(self, fault):
        try:
            made = self.go()
        except errors.BackupError:
            self.assertEqual([], self.left_over)
            self._check_undone()
            return
        told = ' '.join(each for each in made.notes if 'temporary' in each)
        for kind, id_ in self.new_things():
            thing = self.cloud.world.things[kind].get(id_)
            if thing and id_ in told:
                if kind == 'images':
                    self.cloud.glance.drop(thing)
                else:
                    self.cloud.remove(kind, id_)
        self._check(made)

    def _resumes(self, fault, created):
        try:
            made = self.go()
        except wire.Killed:
            self.new_process()
            made = self.go()
        self._check(made)
        self.assertEqual(created, self.cloud.world.created())

    def _check(self, made):
        self.check_untouched()
        self.check_complete(made)

    def _check_undone(self):
        self.check_untouched()
        self.assertEqual({}, self.new_things())
        self.assertEqual({}, self.folder.files())

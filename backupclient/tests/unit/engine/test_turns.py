# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient.engine import turns
from backupclient.model import inventory
from backupclient.model import plan
from backupclient.model import resources


def _item(procedure, size_gib=100, type_name='fast'):
    volume = resources.Volume(
        'v', 'data', 'in-use', size_gib, type_name=type_name
    )
    return plan.Item(volume.resource, procedure, 'because', volume=volume)


def _attached(size_gib=100, **fields):
    """One that takes a snapshot and a volume: twice its size."""
    return _item(plan.Procedure.SNAPSHOT_IMAGE, size_gib, **fields)


def _detached():
    """One that takes nothing of Cinder's quotas."""
    return _item(plan.Procedure.VOLUME_IMAGE)


def _backup(size_gib=100):
    return _item(plan.Procedure.VOLUME_BACKUP, size_gib)


class TurnsTestCase(testtools.TestCase):
    def _turns(self, *items, parallel=4, servers=None, **free):
        quotas = {
            name: inventory.Quota(-1 if left is None else left + 7, 7)
            for name, left in free.items()
        }
        downtimes = {n: {name} for n, name in (servers or {}).items()}
        made = turns.Turns(items, parallel, quotas, downtimes)
        made.add(range(len(items)))
        return made

    def _check(self, made, *numbers):
        self.assertEqual([*numbers], [*made.begin()])

    def test_all_at_once_where_nothing_is_known(self):
        self._check(self._turns(*[_attached()] * 4), 0, 1, 2, 3)

    def test_all_at_once_without_a_limit(self):
        made = self._turns(*[_attached()] * 4, gigabytes=None, volumes=None)
        self._check(made, 0, 1, 2, 3)

    def test_no_more_than_parallel(self):
        made = self._turns(*[_detached()] * 3, parallel=2)
        self._check(made, 0, 1)
        self._check(made)
        made.end(1, complete=True)
        self._check(made, 2)

    def test_one_after_the_other(self):
        """Any of the quotas may be the narrow one."""
        for quota, left in (
            ('gigabytes', 399),
            ('snapshots', 1),
            ('volumes', 1),
            ('gigabytes_fast', 200),
            ('snapshots_fast', 1),
            ('volumes_fast', 1),
        ):
            made = self._turns(_attached(), _attached(), **{quota: left})
            self._check(made, 0)
            self._check(made)
            made.end(0, complete=True)
            self._check(made, 1)

    def test_just_enough(self):
        made = self._turns(
            _attached(), _attached(), gigabytes=400, volumes=2, snapshots=2
        )
        self._check(made, 0, 1)

    def test_quota_of_another_type(self):
        made = self._turns(
            _attached(), _attached(type_name='slow'), volumes_slow=1
        )
        self._check(made, 0, 1)

    def test_who_needs_nothing_does_not_wait(self):
        made = self._turns(
            _attached(), _attached(), _detached(), gigabytes=200
        )
        self._check(made, 0, 2)

    def test_smaller_one_goes_before(self):
        made = self._turns(
            _attached(60), _attached(60), _attached(20), gigabytes=160
        )
        self._check(made, 0, 2)

    def test_without_its_temporaries(self):
        made = self._turns(_attached(), _attached(), gigabytes=200)
        self._check(made, 0)
        made.without_temporaries(0)
        self._check(made, 1)
        made.end(0, complete=True)
        self._check(made)
        self.assertTrue(made)
        made.end(1, complete=False)
        self.assertFalse(made)

    def test_backups_stay(self):
        for quota, left in (('backups', 2), ('backup_gigabytes', 299)):
            made = self._turns(*[_backup()] * 3, **{quota: left})
            self._check(made, 0, 1)
            made.end(0, complete=True)
            self._check(made)
            made.end(1, complete=False)
            self._check(made, 2)

    def test_too_large_for_all(self):
        """It has its turn, and the cloud the last word."""
        made = self._turns(_attached(500), _attached(10), gigabytes=100)
        self._check(made, 0)
        made.end(0, complete=False)
        self._check(made, 1)

    def test_too_large_comes_when_nobody_else_runs(self):
        made = self._turns(_detached(), _attached(500), gigabytes=100)
        self._check(made, 0)
        made.end(0, complete=True)
        self._check(made, 1)

    def test_alone(self):
        """Neither beside those that run, nor they beside it."""
        made = self._turns(*[_detached()] * 4, parallel=2)
        self._check(made, 0, 1)
        made.end(0, complete=False)
        made.add_alone(0)
        self._check(made, 2)
        made.end(1, complete=True)
        self._check(made, 3)
        made.end(2, complete=True)
        self._check(made)
        made.end(3, complete=True)
        self._check(made, 0)
        made.add([1])
        self._check(made)
        made.end(0, complete=True)
        self._check(made, 1)

    def test_item_that_was_planned_anew(self):
        """Who falls back to another way needs what that way needs."""
        items = [_backup(), _backup()]
        made = turns.Turns(items, 4, {'volumes': inventory.Quota(1, 0)}, {})
        made.add([0, 1])
        self._check(made, 0, 1)
        for number in (0, 1):
            made.end(number, complete=False)
            items[number] = _attached()
            made.add([number])
        self._check(made, 0)

    def test_over(self):
        made = self._turns(_detached())
        self.assertTrue(made)
        self._check(made, 0)
        self.assertTrue(made)
        made.end(0, complete=True)
        self.assertFalse(made)

    def test_disks_of_a_stopped_server_come_first(self):
        """Then what is captured goes on, and then others come."""
        servers = {0: 'web', 2: 'web', 3: 'web'}
        made = self._turns(*[_attached()] * 4, parallel=1, servers=servers)
        self._check(made, 0)
        made.pause(0)
        self._check(made, 2)
        made.pause(2)
        self._check(made, 3)
        made.pause(3)
        for number in 0, 2, 3, 1:
            self._check(made, number)
            made.end(number, complete=True)
        self.assertFalse(made)

    def test_captured_ones_make_room(self):
        """No snapshot takes the room for the volume that goes on with one."""
        servers = {0: 'web', 1: 'web', 2: 'web'}
        made = self._turns(
            *[_attached()] * 3, servers=servers, gigabytes=300, volumes=1
        )
        self._check(made, 0, 1)
        made.pause(0)
        made.pause(1)
        self._check(made, 0)
        self._check(made)
        made.without_temporaries(0)
        self._check(made, 2)
        made.pause(2)
        made.end(0, complete=True)
        self._check(made, 1)
        made.end(1, complete=True)
        self._check(made, 2)
        made.end(2, complete=True)
        self.assertFalse(made)

    def test_too_little_for_both_halves(self):
        """The cloud has the last word."""
        servers = {0: 'web', 1: 'web'}
        made = self._turns(*[_attached()] * 2, servers=servers, gigabytes=50)
        self._check(made, 0)
        made.pause(0)
        self._check(made, 0)
        made.end(0, complete=False)
        self._check(made, 1)

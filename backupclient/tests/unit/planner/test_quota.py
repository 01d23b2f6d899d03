# SPDX-License-Identifier: Apache-2.0

from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

IMAGE = {'volume_method': requests.VolumeMethod.IMAGE}
BACKUP = {'volume_method': requests.VolumeMethod.BACKUP}


def quotas(**free):
    """Quotas with so much left."""
    return {
        'quotas': {
            name: inventories.Quota(limit=100 + left, used=100)
            for name, left in free.items()
        }
    }


class TestBackups(base.TestCase):
    def _procedures(self, cloud, *sizes, **options):
        volumes = [
            samples.volume(f'v{number}', size_gib=size)
            for number, size in enumerate(sizes)
        ]
        made = self.plan(*volumes, cloud=cloud, **(options or BACKUP))
        return [item.procedure.value for item in made.items], made

    def test_count(self):
        found, made = self._procedures(quotas(backups=2), 1, 1, 1)
        self.assertEqual(['volume-backup', 'volume-backup', 'none'], found)
        self.refuses(
            made.items[2],
            'backups: 3 needed with what stands before it, 2 free',
        )
        self.assertFalse(made.complete)

    def test_size_first_come_first(self):
        found, made = self._procedures(quotas(backup_gigabytes=10), 6, 5, 4, 1)
        self.assertEqual(
            ['volume-backup', 'none', 'volume-backup', 'none'], found
        )
        self.refuses(
            made.items[1], 'backup_gigabytes: 11 needed with', '10 free'
        )

    def test_both(self):
        _found, made = self._procedures(
            quotas(backups=0, backup_gigabytes=0), 1
        )
        self.refuses(
            made.items[0],
            'backup_gigabytes: 1 needed, 0 free; backups: 1 needed, 0 free',
        )

    def test_exactly(self):
        cloud = quotas(backups=2, backup_gigabytes=3)
        self.assertTrue(self._procedures(cloud, 1, 2)[1].complete)

    def test_overdrawn(self):
        cloud = {'quotas': {'backups': inventories.Quota(5, 7)}}
        _found, made = self._procedures(cloud, 1)
        self.refuses(made.items[0], 'backups: 1 needed, 0 free')

    def test_no_limit(self):
        cloud = {'quotas': {'backups': inventories.Quota(-1, 500)}}
        self.assertTrue(self._procedures(cloud, *[1] * 20)[1].complete)

    def test_not_known(self):
        self.assertTrue(self._procedures({}, *[1] * 20)[1].complete)

    def test_images_need_none(self):
        found, made = self._procedures(quotas(backups=0), 1, **IMAGE)
        self.assertEqual(['volume-image'], found)
        self.assertEqual((), made.peaks)

    def test_refused_items_take_nothing(self):
        broken = samples.volume('a', 'error', size_gib=50)
        good = samples.volume('b', size_gib=2)
        made = self.plan(
            broken, good, cloud=quotas(backup_gigabytes=2), **BACKUP
        )
        self.assertTrue(made.items[1].possible)


class TestSnapshots(base.TestCase):
    """Temporaries are made one after the other when room is short."""

    def _plan(self, cloud, *sizes):
        volumes = [
            samples.attached(f'v{n}', 'web', size_gib=size, type_name='ssd')
            for n, size in enumerate(sizes)
        ]
        return self.plan(*volumes, cloud=cloud, **IMAGE)

    def test_one_at_a_time(self):
        cloud = quotas(snapshots=1, volumes=1, gigabytes=20)
        self.assertTrue(self._plan(cloud, 10, 10, 5).complete)

    def test_alone_too_big(self):
        made = self._plan(quotas(gigabytes=20), 10, 11, 1)
        self.assertEqual(
            [True, False, True], [item.possible for item in made.items]
        )
        self.refuses(made.items[1], 'gigabytes: 22 needed, 20 free')

    def test_each_quota(self):
        for name, free, needed in (
            ('snapshots', 0, 1),
            ('volumes', 0, 1),
            ('gigabytes', 19, 20),
            ('snapshots_ssd', 0, 1),
            ('volumes_ssd', 0, 1),
            ('gigabytes_ssd', 19, 20),
        ):
            made = self._plan(quotas(**{name: free}), 10)
            self.refuses(
                made.items[0], f'{name}: {needed} needed, {free} free'
            )

    def test_of_another_type(self):
        self.assertTrue(self._plan(quotas(volumes_hdd=0), 10).complete)

    def test_detached_needs_nothing(self):
        cloud = quotas(snapshots=0, volumes=0, gigabytes=0)
        made = self.plan(samples.volume('a'), cloud=cloud, **IMAGE)
        self.assertTrue(made.complete)
        self.assertEqual((), made.peaks)


class TestFallback(base.TestCase):
    def _item(self, **free):
        volume = samples.attached('data', 'web', size_gib=10)
        return self.item(volume, cloud=quotas(**free))

    def test_fits(self):
        item = self._item(snapshots=1, gigabytes=20)
        self.assertIs(plans.Procedure.SNAPSHOT_IMAGE, item.fallback.procedure)

    def test_does_not_fit(self):
        item = self._item(snapshots=0)
        self.assertTrue(item.possible)
        self.assertIsNone(item.fallback)
        self.says(item.notes[-1], 'no other way', 'snapshots: 1 needed')


class TestPeaks(base.TestCase):
    def _peaks(self, *volumes, cloud, **options):
        made = self.plan(*volumes, cloud=cloud, **options)
        return {peak.quota: peak for peak in made.peaks}

    def test_artifacts_add_up(self):
        peaks = self._peaks(
            samples.volume('a', size_gib=3),
            samples.attached('b', 'web', size_gib=4),
            cloud=quotas(backups=5, backup_gigabytes=50, volumes=9),
            **BACKUP,
        )
        self.assertEqual(
            {
                'backups': plans.Peak('backups', 2, 5),
                'backup_gigabytes': plans.Peak('backup_gigabytes', 7, 50),
            },
            peaks,
        )

    def test_largest_temporary(self):
        peaks = self._peaks(
            samples.attached('a', 'web', size_gib=3, type_name='ssd'),
            samples.attached('b', 'web', size_gib=4, type_name='hdd'),
            cloud=quotas(
                snapshots=9, volumes=9, gigabytes=90, gigabytes_ssd=70
            ),
            **IMAGE,
        )
        needed = {name: peak.needed for name, peak in peaks.items()}
        self.assertEqual(
            {
                'snapshots': 1,
                'volumes': 1,
                'gigabytes': 8,
                'gigabytes_ssd': 6,
            },
            needed,
        )

    def test_in_order(self):
        peaks = self._peaks(
            samples.attached('a', 'web'),
            cloud=quotas(volumes=9, snapshots=9, gigabytes=90),
            **IMAGE,
        )
        self.assertEqual(['gigabytes', 'snapshots', 'volumes'], [*peaks])

    def test_no_limit(self):
        cloud = {'quotas': {'backups': inventories.Quota(-1, 3)}}
        peaks = self._peaks(samples.volume('a'), cloud=cloud, **BACKUP)
        self.assertIsNone(peaks['backups'].free)

    def test_counts_what_was_refused_for_it(self):
        peaks = self._peaks(
            *(samples.volume(name) for name in 'abc'),
            cloud=quotas(backups=2),
            **BACKUP,
        )
        self.assertEqual(plans.Peak('backups', 3, 2), peaks['backups'])

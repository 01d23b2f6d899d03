# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import inventories
from backupclient.model import requests
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

IMAGE = {'volume_method': requests.VolumeMethod.IMAGE}
BACKUP = {'volume_method': requests.VolumeMethod.BACKUP}
INCREMENTAL = {'chain': requests.Chain.INCREMENTAL}
PLAIN = {'target': '/backups', **base.KEYS}
TO = {'target': '/backups', 'recipients': ('age1x',)}

VOLUME = samples.volume('data')
ATTACHED = samples.attached('data', 'web')
BROKEN = samples.volume('data', 'error')
LUKS = samples.encrypted(VOLUME)
SERVER = samples.server('web', disk_gib=1)
STOPPED = samples.server('web', 'SHUTOFF', disk_gib=1)
IMAGE_ = samples.image('golden')
LUKS_IMAGE = samples.image(
    'luks', properties={'cinder_encryption_key_id': 'key'}
)
SECRET = samples.secret('password')
WITHOUT_PAYLOAD = samples.secret('empty', content_type='')


class TestCautions(base.TestCase):
    """Each caution: when it is said, and when not."""

    def _check(self, words, said, unsaid):
        for cases, check in (
            (said, self.assertIn),
            (unsaid, self.assertNotIn),
        ):
            for record, options in cases:
                check(words, ' '.join(self.plan(record, **options).cautions))

    def test_crash_consistent(self):
        self._check(
            'Captured while in use',
            [(ATTACHED, {}), (ATTACHED, TO), (SERVER, {})],
            [
                (VOLUME, {}),
                (STOPPED, {}),
                (SERVER, {'stop_servers': True}),
                (IMAGE_, TO),
            ],
        )

    def test_crash_consistent_counts(self):
        made = self.plan(SERVER, ATTACHED, samples.volume('other'))
        self.assertIn('in use: 2. ', ' '.join(made.cautions))

    def test_raw_luks(self):
        self._check(
            'raw LUKS blocks',
            [(LUKS, IMAGE), (LUKS, TO), (LUKS, PLAIN)],
            [(LUKS, BACKUP), (VOLUME, TO), (SERVER, TO)],
        )

    def test_plaintext(self):
        self._check(
            'written in plaintext',
            [(SECRET, PLAIN), (LUKS, PLAIN), (LUKS_IMAGE, PLAIN)],
            [
                (SECRET, TO),
                (LUKS, TO),
                (VOLUME, PLAIN),
                (LUKS, {**BACKUP, **PLAIN}),
                (SECRET, {'target': '/backups'}),
                (WITHOUT_PAYLOAD, PLAIN),
            ],
        )

    def test_plaintext_elsewhere(self):
        """A storage has an operator, and restic encrypts."""
        rclone = {**PLAIN, 'target': 'rclone:s3:bucket'}
        restic = {**PLAIN, 'target': 'restic:/srv/repository'}
        self._check('operator of that storage', [(SECRET, rclone)], [])
        self._check('type crypt', [(SECRET, rclone)], [(SECRET, PLAIN)])
        self._check(
            'whoever has the password', [(LUKS, restic)], [(LUKS, rclone)]
        )
        self._check('in plaintext', [(LUKS, rclone)], [(LUKS, restic)])

    def test_backups_stay(self):
        self._check(
            'Cinder backups cannot leave the cloud',
            [(VOLUME, {}), (VOLUME, {**BACKUP, **TO})],
            [(VOLUME, TO), (VOLUME, IMAGE), (BROKEN, {})],
        )

    def test_no_service(self):
        self._check(
            'Whether a backup service answers',
            [(VOLUME, {})],
            [(VOLUME, BACKUP), (VOLUME, TO)],
        )

    def test_images_stay(self):
        self._check(
            'Images that stay in the cloud',
            [(VOLUME, IMAGE), (ATTACHED, IMAGE), (SERVER, {})],
            [(VOLUME, TO), (SERVER, TO), (VOLUME, BACKUP)],
        )

    def test_always_full(self):
        self._check(
            'Images are always full',
            [
                (VOLUME, {**INCREMENTAL, **TO}),
                (ATTACHED, {**INCREMENTAL, **IMAGE}),
            ],
            [
                (VOLUME, TO),
                (VOLUME, INCREMENTAL),
                (SERVER, {**INCREMENTAL, **TO}),
            ],
        )

    def test_only_disks(self):
        bfv = samples.server('web', image_id='')
        self._check(
            'Of servers only the disks',
            [(SERVER, {}), (bfv, {})],
            [(VOLUME, {}), (IMAGE_, TO)],
        )

    def test_unknown_size(self):
        self._check(
            'Of unknown size',
            [
                (samples.server('web'), {}),
                (samples.image('i', 'saving', size=None), TO),
            ],
            [(SERVER, {}), (IMAGE_, TO), (SECRET, TO)],
        )

    def test_unknown_size_counts(self):
        made = self.plan(samples.server('db'), SERVER)
        self.assertIn('not in the sums: 1.', ' '.join(made.cautions))

    def test_one_of_many_is_enough(self):
        others = (samples.volume('broken', 'error'), samples.server('db'))
        made = self.plan(VOLUME, *others)
        self.assertIn('Whether a backup', ' '.join(made.cautions))
        made = self.plan(LUKS, *others, IMAGE_, **PLAIN)
        for words in ('raw LUKS blocks', 'written in plaintext'):
            self.assertIn(words, ' '.join(made.cautions))

    def test_login(self):
        for login, said in (
            (inventories.Login(), ''),
            (
                inventories.Login(renewable=False, ends_at='2026-11-27T01:02'),
                'This login cannot be renewed and ends at 2026-11-27T01:02:',
            ),
            (
                inventories.Login(renewable=False),
                'This login cannot be renewed and ends:',
            ),
            (
                inventories.Login(ends_at='soon', seconds_left=6 * 86400.0),
                'application credential of this login ends at soon:',
            ),
            (inventories.Login(ends_at='late', seconds_left=8 * 86400.0), ''),
        ):
            cautions = self.plan(VOLUME, cloud={'login': login}).cautions
            found = [each for each in cautions if 'login' in each]
            self.assertEqual(bool(said), bool(found), cautions)
            if said:
                self.assertIn(said, found[0])
                self.assertIn('--resume', found[0])

    def test_login_that_ends_before_so_much_is_moved(self):
        """20 TiB take more than three weeks, if a cloud is slow."""
        login = inventories.Login(ends_at='then', seconds_left=20 * 86400.0)
        large = dataclasses.replace(VOLUME, size_gib=20 << 10)
        for record, count in ((VOLUME, 0), (large, 1)):
            cautions = self.plan(record, cloud={'login': login}).cautions
            self.assertEqual(count, ' '.join(cautions).count('ends at then'))

    def test_login_without_work(self):
        """Nothing is done, so that nothing can be too late."""
        login = inventories.Login(renewable=False)
        made = self.plan(BROKEN, cloud={'login': login})
        self.assertNotIn('login', ' '.join(made.cautions))

    def test_what_could_not_be_read_comes_first(self):
        made = self.plan(
            VOLUME, cloud={'unread': {'secret': 'No secrets: 403.'}}
        )
        self.assertEqual(
            'No secrets: 403. No secret is in this plan.', made.cautions[0]
        )

# SPDX-License-Identifier: Apache-2.0

from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

TO = {'target': '/backups', **base.KEYS}


class TestRoles(base.TestCase):
    def _warnings(self, record, *roles, **options):
        item = self.item(
            record, cloud={'roles': frozenset(roles)}, **{**TO, **options}
        )
        return [note for note in item.notes if 'Your roles' in note]

    def test_readers(self):
        for roles in (
            ('reader',),
            ('AUDIT', 'Reader'),
            ('audit', 'auditor', 'observer', 'reader'),
        ):
            for record in (
                samples.volume('data'),
                samples.server('web'),
                samples.image('golden'),
                samples.secret('password'),
            ):
                (warning,) = self._warnings(record, *roles)
                self.says(warning, *roles, 'member')

    def test_no_refusal(self):
        item = self.item(
            samples.volume('data'), cloud={'roles': frozenset({'reader'})}
        )
        self.assertTrue(item.possible)

    def test_others(self):
        for roles in (
            (),
            ('member',),
            ('reader', 'member'),
            ('operator-of-a-kind',),
        ):
            self.assertEqual(
                [], self._warnings(samples.volume('data'), *roles)
            )

    def test_keys(self):
        for record in (
            samples.secret('password'),
            samples.encrypted(samples.volume('data')),
            samples.image('i', properties={'cinder_encryption_key_id': 'k'}),
        ):
            for role in (
                'member',
                'creator',
                'admin',
                'manager',
                'Member',
                '_member_',
            ):
                self.assertEqual([], self._warnings(record, role))
            (warning,) = self._warnings(record, 'custom', 'reader')
            self.says(warning, 'custom, reader', 'key', 'creator')

    def test_key_of_a_backup_is_cloned_in_the_users_name(self):
        volume = samples.encrypted(samples.volume('data'))
        self.assertEqual(1, len(self._warnings(volume, 'custom', target='')))

    def test_not_beside_a_refusal(self):
        broken = samples.volume('data', 'error')
        self.assertEqual([], self._warnings(broken, 'reader'))

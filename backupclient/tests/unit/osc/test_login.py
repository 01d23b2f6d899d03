# SPDX-License-Identifier: Apache-2.0

from backupclient.model import tags
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.osc import base

ENDED = (
    'The login has ended, Keystone does not renew it: Failed to validate '
    'token (HTTP 404). Log in again.'
)


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        for name in ('one', 'two', 'three'):
            self.fake.cinder.add_volume(name, b'data' * 9000)

    def _ends(self, text, **more):
        return self.fake.fail(self.fake.end_login, text, **more)

    def _sentences(self):
        lines = self.err.said.splitlines()
        return [line for line in lines if 'login' in line]


class LoginEndsTestCase(TestCase):
    def test_run(self):
        self._ends('POST cinder /volumes/', skip=1)
        words = ['--all', '--to', self.target, '--parallel', 1]
        rows = self.rows('run', *words, code=130)
        outcomes = {row['Name']: row['Outcome'] for row in rows}
        self.assertEqual(['complete', 'skipped'], sorted({*outcomes.values()}))
        (said,) = self._sentences()
        self.assertIn(ENDED, said)
        self.assertIn('"openstack backup cleanup" then deletes', said)
        self.assertIn('    openstack backup run --resume 2', self.err.said)
        self.assertNotIn('Interrupted. ', self.err.said)
        self.fake.ended = None
        rows = self.rows('run', '--resume', 'last')
        self.assertEqual(3, len(rows))

    def test_run_and_cleanup(self):
        """Who does not go on takes away what is there."""
        self._ends('POST cinder /volumes/', skip=1)
        self.rows('run', '--all', '--to', self.target, code=130)
        self.fake.ended = None
        self.rows('cleanup', '--yes')
        self.assertEqual({}, self.fake.world.things['images'])

    def test_plan(self):
        # With the first of the lists: the others are refused.
        self._ends('GET')
        self.assertEqual(130, self.openstack('backup', 'plan'))
        self.assertEqual([ENDED], self._sentences())

    def test_cleanup(self):
        self._ends('POST cinder /volumes/', skip=1)
        self.rows('run', '--all', '--to', self.target, code=130)
        self.fake.ended = None
        self._ends('DELETE glance')
        rows = self.rows('cleanup', '--yes', code=130)
        self.assertIn('delete', {row['Action'] for row in rows})
        self.assertEqual([ENDED], self._sentences())
        self.fake.ended = None
        self.rows('cleanup', '--yes')
        self.assertEqual({}, self.fake.world.things['images'])

    def test_export_key(self):
        self._ends('GET cinder /volumes/detail')
        words = ['backup', 'export-key', 'one']
        self.assertEqual(130, self.openstack(*words))
        self.assertEqual([ENDED], self._sentences())

    def test_keystone_in_trouble(self):
        """It is asked again, and the run is complete."""
        self.fake.fail(wire.Answer(401), 'POST cinder /volumes/')
        login, left = self.fake._login, [wire.Answer(503), wire.Answer(401)]

        def answer(raw):
            if left and self.fake.faults[0].hit and raw.method == 'POST':
                return left.pop(0)
            return login(raw)

        self.patch(self.fake, '_login', answer)
        self.rows('run', '--all', '--to', self.target)
        self.assertEqual([], left)


class LaterCommandsTestCase(TestCase):
    """The commands that work with backups which are there already."""

    def setUp(self):
        super().setUp()
        self.rows('run', '--all', '--to', self.target)
        self.before = self.fake.world.holdings()
        self.fake.seen.clear()

    def check_ended(self, *words, skip=0):
        """Lose the login at a request: one sentence, hardly a request."""
        fault = self._ends(words[0], skip=skip)
        self.assertEqual(130, self.openstack('backup', *words[1:]))
        (said,) = self._sentences()
        self.assertIn(ENDED, said)
        seen = [*map(id, self.fake.seen)]
        after = self.fake.seen[seen.index(id(fault.hit[0])) + 1 :]
        self.assertLessEqual(len(after), 2, [*map(str, after)])
        self.fake.ended = None
        return said

    def test_restore(self):
        words = ['restore', '--from', self.target, '--all', '--parallel', 1]
        said = self.check_ended('POST cinder /volumes', *words, skip=1)
        self.assertIn('"openstack backup cleanup" then deletes', said)
        self.assertIn('    openstack backup restore --resume 2', self.err.said)
        rows = self.rows('restore', '--resume', 'last')
        self.assertEqual({'complete'}, {row['Outcome'] for row in rows})
        self.assertEqual(6, len(self.fake.world.things['volumes']))

    def test_verify(self):
        """What the drill made stays, and ``cleanup`` is named."""
        words = ['verify', '--from', self.target, '--depth', 'restore']
        words += ['--parallel', '1']
        said = self.check_ended('GET cinder /volumes/', *words, skip=2)
        self.assertIn('"openstack backup cleanup" then deletes what was', said)
        self.assertNotEqual(self.before, self.fake.world.holdings())
        self.rows('cleanup', '--yes')
        self.assertEqual(self.before, self.fake.world.holdings())
        self.assertEqual(0, self.openstack('backup', *words))

    def test_prune(self):
        """In the middle, and when all but a manifest is deleted."""
        words = ['prune', '--keep-last', '1', '--yes']
        for at in 'DELETE cinder /backups/', 'DELETE glance':
            for _ in range(2):
                self.rows('run', '--all', '--full')
                for _ in range(3):
                    self.fake.world.tick()
            self.check_ended(at, *words)
            # Its lease is left, and no other run waits for it.
            self.rows('run', '--all', '--full')
            self.rows('cleanup', '--yes')
            self.rows(*words)
            self.fake.world.settle()
            self.assertEqual(3, len(self.fake.world.things['backups']))
            (image,) = self.fake.world.things['images'].values()
            self.assertEqual(tags.Role.MANIFEST, image[tags.ROLE])

    def test_history(self):
        self.check_ended('GET glance', 'history')

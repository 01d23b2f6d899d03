# SPDX-License-Identifier: Apache-2.0
"""``devcloud up`` with processes that fail while they start."""

import pathlib
import threading

import fixtures
import testtools

from devcloud import commands
from devcloud import control
from devcloud import parts
from devcloud import processes
from devcloud import settings
from devcloud import starting

LIVES = 'exec sleep 300'
REFUSES = (
    'echo "2026-11-26 10:11:12.131 7 INFO nova.service [-] Starting compute"; '
    'echo "2026-11-26 10:11:13.000 7 CRITICAL nova [-] Unhandled error: '
    'nova.exception.InvalidConfiguration: refusing to start!"; '
    f'{LIVES}'
)
DIES = 'echo ready soon; echo "ERROR: no such table"; echo; exit 3'


def never():
    return False


class TestCase(testtools.TestCase):
    """A state folder of its own; the processes are real."""

    def setUp(self):
        super().setUp()
        self.state = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('run', 'log', 'home', 'done'):
            (self.state / name).mkdir()
        for name, path in (
            ('STATE', self.state),
            ('RUN', self.state / 'run'),
            ('LOG', self.state / 'log'),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f'devcloud.settings.{name}', path)
            )
        self.said = []
        for module in ('processes', 'control'):
            self.useFixture(
                fixtures.MonkeyPatch(
                    f'devcloud.{module}.say', self.said.append
                )
            )

    def run_(self, name, script):
        self.addCleanup(processes.stop, name)
        processes.start(name, ['sh', '-c', script], {})

    def fails(self, checks, error=commands.Failed, seconds=60.0, failed=None):
        found = self.assertRaises(
            error,
            starting.wait_ready,
            checks,
            failed or threading.Event(),
            seconds,
        )
        self.assertIs(error, type(found), found)
        return str(found)


class WaitTestCase(TestCase):
    def test_dead(self):
        """It is seen though another one is waited for, with its reason."""
        (self.state / 'log/nova.log').write_text('ERROR of yesterday\n')
        self.run_('slow', LIVES)
        self.run_('nova', DIES)
        text = self.fails({'slow': never, 'nova': never})
        self.assertEqual(
            'nova ended with exit code 3:\n'
            '    ERROR: no such table\n'
            f'  all it said: {self.state}/log/nova.log',
            text,
        )

    def test_killed(self):
        self.run_('nova', 'echo one; echo two; kill -9 $$')
        text = self.fails({'nova': never})
        self.assertIn('nova was killed by signal 9:\n    one\n    two\n', text)

    def test_dead_before_anyone_waits(self):
        """One that another devcloud has started."""
        self.run_('nova', DIES)
        commands.wait(lambda: not processes.running('nova'), 60)
        for name in ('_children', '_log_begins'):
            self.useFixture(
                fixtures.MonkeyPatch(f'devcloud.processes.{name}', {})
            )
        self.assertIn('nova died:', self.fails({'nova': never}))

    def test_service_that_gave_up_in_a_process_that_lives(self):
        """As nova-compute where libvirt has guests that it does not know."""
        self.run_('nova', REFUSES)
        text = self.fails({'nova': never})
        self.assertTrue(text.startswith('nova does not start:\n'), text)
        self.assertIn('InvalidConfiguration: refusing to start!', text)
        self.assertNotIn('Starting compute', text)
        self.assertTrue(processes.running('nova'))

    def test_of_an_earlier_start(self):
        """What the log says of it is no reason to give up."""
        (self.state / 'log/nova.log').write_text(
            '7 CRITICAL nova [-] Unhandled error: x\n'
        )
        self.run_('nova', LIVES)
        starting.wait_ready({'nova': lambda: True}, threading.Event())
        self.assertTrue(processes.record('nova').ready)

    def test_ready_once(self):
        self.run_('nova', LIVES)
        starting.wait_ready({'nova': lambda: True}, threading.Event())
        starting.wait_ready({'nova': never}, threading.Event(), 0.0)

    def test_each_when_it_is_ready(self):
        asked = []
        self.run_('nova', LIVES)
        self.run_('cinder', LIVES)

        def later():
            asked.append('nova')
            return len(asked) == 3

        starting.wait_ready(
            {'nova': later, 'cinder': lambda: True}, threading.Event()
        )
        self.assertEqual(3, len(asked))
        for name in ('nova', 'cinder'):
            self.assertTrue(processes.record(name).ready)

    def test_too_slow(self):
        self.run_('nova', f'echo "no Error yet"; {LIVES}')
        log = self.state / 'log/nova.log'
        commands.wait(log.read_text, 60)
        text = self.fails({'nova': never}, seconds=0.0)
        self.assertIn('nova is not ready after 0 s:\n    no Error yet', text)

    def test_something_else_failed(self):
        self.run_('nova', LIVES)
        failed = threading.Event()
        failed.set()
        self.fails({'nova': never}, starting.GivenUp, failed=failed)

    def test_long_lines(self):
        """The last lines, and not all of each."""
        self.run_(
            'nova',
            'for i in 1 2 3 4 5 6 7 8 9; do printf "ERROR $i "; '
            'printf "%01000d\\n" 0; done; exit 1',
        )
        text = self.fails({'nova': never})
        self.assertNotIn('ERROR 1 ', text)
        self.assertIn('    ERROR 2 000', text)
        self.assertLess(max(map(len, text.splitlines())), 310)


class PartsTestCase(TestCase):
    """Parts that need nothing of each other start at the same time."""

    def _part(self, name, script, needs=()):
        self.addCleanup(processes.stop, name)
        return parts.Part(
            name,
            'why',
            needs,
            (parts.Process(name, lambda: ['sh', '-c', script], never),),
        )

    def test_one_fails(self):
        """Nobody waits for the others, and the reason is what is told."""
        slow = self._part('slow', LIVES)
        dead = self._part('dead', DIES)
        next_ = self._part('next', LIVES, ('dead',))
        error = self.assertRaises(
            commands.Failed, control._start_parts, [slow, dead, next_]
        )
        self.assertIn('dead ended with exit code 3', str(error))
        self.assertIn('ERROR: no such table', str(error))
        self.assertIsNone(processes.record('next'))
        self.assertTrue(processes.running('slow'))

    def test_one_process_of_several(self):
        part = self._part('first', LIVES)
        more = self._part('second', DIES).processes
        error = self.assertRaises(
            commands.Failed, control._start, (*part.processes, *more)
        )
        self.assertIn('second ended with exit code 3', str(error))
        self.assertEqual(self.state, settings.STATE)

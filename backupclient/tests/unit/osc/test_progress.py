# SPDX-License-Identifier: Apache-2.0

from concurrent import futures
import contextlib
import re
import sys

import fixtures
import pyte
import testtools

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results
from backupclient.osc import live
from backupclient.osc import progress
from backupclient.osc import verbosity
from backupclient.tests.unit.osc import base

RESOURCE = resources.Resource(resources.Kind.VOLUME, 'da\x1b[31mta', 'id-1')
FAILED = results.Outcome(
    RESOURCE, plans.Procedure.VOLUME_IMAGE, results.State.FAILED, 'be\x07ll'
)
OTHER = resources.Resource(resources.Kind.IMAGE, '[red]markup[/red]', 'id-2')


NOW = r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'


class TestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.EnvironmentVariable('COLUMNS', '200'))
        self.useFixture(fixtures.EnvironmentVariable('TERM', 'xterm'))

    def tell(self, terminal, work, level=1):
        """Give what a reporter writes while it is told something."""
        stream = base.Stream(terminal)
        loud = verbosity.Verbosity(level)
        with (
            contextlib.redirect_stderr(stream),
            progress.reporter(loud) as reporter,
        ):
            work(reporter)
        return stream.said


class LinesTestCase(TestCase):
    def test_a_line_for_each(self):
        def work(reporter):
            reporter.say('Run r')
            reporter.step(RESOURCE, 'download')
            reporter.progress(RESOURCE, 1, 2)
            reporter.ended(FAILED)

        self.assertEqual(
            [
                'Run r',
                r'TIME volume "da\x1b[31mta" (id-1): download',
                r'TIME volume "da\x1b[31mta" (id-1): failed: be\x07ll',
            ],
            re.sub(NOW, 'TIME', self.tell(False, work)).splitlines(),
        )

    def test_each_line_has_the_time(self):
        """Also before the first step, and where there are no steps."""

        def work(reporter):
            reporter.say('Run 20260102T030405Z-abcd, resumed')
            reporter.say('Caution: It is late.')
            reporter.warn('Run 20260102T030405Z-wxyz is here, too.')
            reporter.say('delete volume "data" (id-1)')
            reporter.done(RESOURCE, 'good')
            reporter.leave('Left at once.')

        self.assertEqual(
            [
                'Run 20260102T030405Z-abcd, resumed',
                'TIME Caution: It is late.',
                'TIME Run 20260102T030405Z-wxyz is here, too.',
                'TIME delete volume "data" (id-1)',
                r'TIME volume "da\x1b[31mta" (id-1): good',
                'TIME Left at once.',
            ],
            re.sub(NOW, 'TIME', self.tell(False, work)).splitlines(),
        )

    def test_quiet(self):
        """Only what went wrong; what failed is said at the end."""

        def work(reporter):
            reporter.say('Run r')
            reporter.warn('The disk is full.')
            reporter.step(RESOURCE, 'download')
            reporter.progress(RESOURCE, 1, 2)
            reporter.ended(FAILED)

        for terminal in False, True:
            said = self.tell(terminal, work, level=0)
            self.assertEqual('The disk is full.\n', said)

    def test_the_log_has_each_step(self):
        def work(reporter):
            reporter.say('Run r')
            reporter.warn('The disk is full.')
            reporter.step(RESOURCE, 'download')
            reporter.ended(FAILED)

        for level in 0, 1, 2, 3:
            with fixtures.FakeLogger('backupclient') as log:
                self.tell(False, work, level=level)
            self.assertEqual(
                [
                    'Run r',
                    'The disk is full.',
                    r'volume "da\x1b[31mta" (id-1): download',
                    r'volume "da\x1b[31mta" (id-1): failed: be\x07ll',
                ],
                log.output.splitlines(),
            )

    def test_bytes_now_and_then(self):
        times = iter((0.0, 10.0, 29.0, 31.0, 50.0, 62.0))
        self.useFixture(
            fixtures.MonkeyPatch('time.monotonic', lambda: next(times))
        )

        def work(reporter):
            reporter.step(OTHER, 'download')
            for done in range(1, 6):
                reporter.progress(OTHER, done << 20, 8 << 20)

        self.assertEqual(
            ['download', '3.0 MiB of 8.0 MiB', '5.0 MiB of 8.0 MiB'],
            [
                line.rpartition(': ')[2]
                for line in self.tell(False, work).splitlines()
            ],
        )


def _screen(said):
    """Return the lines of a terminal, down to that of the cursor."""
    lines, row = [''], 0
    for text in re.findall(
        r'\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+', said
    ):
        if text == '\n':
            row += 1
            lines += [''] * (row + 1 - len(lines))
        elif text.endswith('A') and text[0] == '\x1b':
            row -= int(text[2:-1] or 1)
        elif text == '\x1b[2K':
            lines[row] = ''
        elif text[0] not in '\x1b\r':
            lines[row] += text
    return lines[: row + 1]


class LiveTestCase(TestCase):
    def test_said_things_stay(self):
        def work(reporter):
            reporter.say('[b]Run r[/b]')
            reporter.step(RESOURCE, 'download')
            reporter.progress(RESOURCE, 1 << 20, 2 << 20)
            reporter.step(OTHER, 'upload')
            reporter.progress(OTHER, 1, None)
            reporter.ended(FAILED)

        said = self.tell(True, work)
        self.assertIn('[b]Run r[/b]', said)
        self.assertIn('[red]markup[/red]', said)
        self.assertIn(r'volume "da\x1b[31mta" (id-1): failed: be\x07ll', said)
        self.assertNotIn('\x1b[31m', said)
        self.assertNotIn('\x07', said)

    def test_the_cursor_stays(self):
        """For who leaves at once, and does not bring it back."""
        stream = base.Stream(True)
        with contextlib.redirect_stderr(stream), live.Live():
            said = stream.said
        self.assertLess(said.rfind('\x1b[?25l'), said.rfind('\x1b[?25h'))

    def test_the_last_word(self):
        """Nothing moves after it, and the prompt has a line of its own."""
        stream = base.Stream(True)
        with contextlib.redirect_stderr(stream):
            shown = live.Live()
            shown.__enter__()
            shown.say('Run r')
            shown.step(RESOURCE, 'download')
            # Of the terminal itself, where the cursor is.
            stream.write('^C')
            shown.leave('Left at once.')
            said = stream.said
        lines = _screen(said)
        self.assertEqual(['Run r', 'Left at once.', ''], lines[-3:])

    def test_many_threads(self):
        every = [
            resources.Resource(
                resources.Kind.VOLUME, f'v{number}', str(number)
            )
            for number in range(20)
        ]

        def work(reporter):
            def one(resource):
                for done in range(50):
                    reporter.step(resource, 'step')
                    reporter.progress(resource, done, 50)
                reporter.ended(
                    results.Outcome(
                        resource,
                        plans.Procedure.VOLUME_IMAGE,
                        results.State.COMPLETE,
                    )
                )

            with futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(one, every))

        said = self.tell(True, work)
        for resource in every:
            self.assertIn(f'{resource.label}: complete', said)

    def test_no_line_stays_between_what_is_said(self):
        """Threads draw one after the other."""
        every = [
            resources.Resource(
                resources.Kind.VOLUME, f'v{number}', f'{number}'
            )
            for number in range(64)
        ]

        def one(reporter, resource):
            for step in 'copy the volume', 'download', 'delete the image':
                reporter.step(resource, step)
                reporter.say(f'{resource.label}: {step}')
            reporter.done(resource, 'complete')

        def work(reporter):
            with futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda each: one(reporter, each), every))

        before = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, before)
        sys.setswitchinterval(1e-5)
        lines = self._screen(200, work, rows=500)
        self.assertEqual(4 * len(every), len(lines))
        for line in lines:
            self.assertRegex(line, r'^volume "v\d+" \(\d+\): ')

    def _screen(self, width, work, rows=50):
        """Give the lines of a terminal while something is told."""
        self.useFixture(fixtures.EnvironmentVariable('COLUMNS', str(width)))
        stream = base.Stream(True)
        with contextlib.redirect_stderr(stream), live.Live() as reporter:
            work(reporter)
            reporter._progress.refresh()
            said = stream.said
        screen = pyte.Screen(width, rows)
        pyte.Stream(screen).feed(said.replace('\n', '\r\n'))
        return [line.rstrip() for line in screen.display if line.strip()]

    def test_a_line_is_a_line(self):
        """What is too long for one is shortened, and never wrapped."""
        names = ('data', 'x' * 255, '\u6771\u4eac' * 127, 'vol luks attached')
        every = [
            resources.Resource(resources.Kind.VOLUME, name, f'id-{number}')
            for number, name in enumerate(names)
        ]

        def work(reporter):
            for resource in every:
                reporter.step(resource, 'copy the volume to an image')
            reporter.step(every[0], 'download')
            reporter.progress(every[0], 712 << 20, 1 << 30)

        for width in 60, 80, 100, 120, 200:
            lines = self._screen(width, work)
            self.assertEqual(len(names), len(lines), lines)
            for line in lines:
                self.assertRegex(line, ' volume .*0:00:00$')
            self.assertIn('download: 712.0 MiB of 1.0 GiB', lines[0])
            self.assertIn('copy the volume to an image', lines[1])
            self.assertRegex(lines[1], r'volume x+\.\.\.x+ ')

    def test_the_least_that_is_said_of_bytes(self):
        def work(reporter):
            reporter.step(OTHER, 'a step with a long name')
            reporter.progress(OTHER, 712 << 20, 1 << 30)

        self.assertIn('name: 70 %', self._screen(60, work)[0])
        self.assertIn('712.0 MiB of', self._screen(100, work)[0])

    def test_sentences_are_wrapped_at_words(self):
        text = 'The quick brown fox jumps over the lazy dog. ' * 9

        def work(reporter):
            reporter.say(text.strip())

        for width in 60, 80, 200:
            lines = self._screen(width, work)
            self.assertEqual(text.split(), ' '.join(lines).split())
            self.assertGreater(len(lines), 1)

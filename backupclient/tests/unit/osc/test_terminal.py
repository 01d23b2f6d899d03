# SPDX-License-Identifier: Apache-2.0
"""What a person sees on terminals of any width."""

import datetime
import re
import shlex
import textwrap

import fixtures
import pyte
import wcwidth

from backupclient.model import resources
from backupclient.model import tags
from backupclient.osc import fitting
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.osc import base

WIDTHS = (60, 80, 100, 120, 200)
NAMES = (
    'data',
    'pvc-2f3b7a54-8b5e-4a39-bd5b-5c6a3b1d9d2e',
    'backup of the accounting database',
    'x' * 255,
    '\u6771\u4eac' * 20,
    '\U0001f4a3 boom',
    'red \x1b[31m\nalert',
    'right\u202eleft',
    'vol_with_underscores.and.dots',
    '| a | b |',
)
SOURCE = resources.Resource(resources.Kind.VOLUME, 'data', 'id-1')
REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


def words_of(text):
    """Give the words of sentences, as if they had not been wrapped."""
    return text.replace('\n  ', ' ').split()


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.EnvironmentVariable('TERM', 'xterm'))
        self.fake.cinder.limits |= {'backups': 99, 'snapshots': 99}
        self.fake.cinder.limits |= {'volumes': 99}

    def project(self, count, size=1):
        """Fill a project; one of its volumes cannot be backed up."""
        self.fake.cinder.add_volume('broken one', status='error')
        server = self.fake.nova.add_server('web', b'root')['id']
        self.fake.cinder.add_volume('of web', b'w', size=size, server=server)
        for number in range(count - 3):
            name = NAMES[number % len(NAMES)]
            self.fake.cinder.add_volume(name, b'data')

    def see(self, width, *words):
        """Give what a command writes on a terminal: stdout, stderr."""
        columns = fixtures.EnvironmentVariable('COLUMNS', str(width))
        with columns:
            self.openstack('backup', *words, terminal=True)
        return self.out.said, self.err.said

    def check(self, width, text):
        for line in text.splitlines():
            self.assertNotIn('\x1b', line)
            self.assertLessEqual(wcwidth.wcswidth(line), width, line)


class WidthTestCase(TestCase):
    """No line is wider than the terminal, and no word is broken."""

    COMMANDS = (
        ['plan'],
        ['plan', '--long'],
        ['plan', '--steps'],
        ['plan', '-c', 'Name', '-c', 'Notes'],
    )

    def _look(self, count):
        self.project(count)
        for words in self.COMMANDS:
            _, unbroken = self.see(5000, *words)
            for width in WIDTHS:
                out, err = self.see(width, *words)
                self.check(width, out)
                self.check(width, err)
                self.assertEqual(unbroken.split(), words_of(err), width)
                self.assertIn(' web', out)

    def test_three(self):
        self._look(3)

    def test_forty(self):
        self._look(40)

    def test_a_row_has_few_lines(self):
        """Also where somebody has odd names."""
        self.project(40)
        for width, most in ((60, 120), (80, 80), (100, 70), (200, 60)):
            out, _ = self.see(width, 'plan')
            self.assertLess(len(out.splitlines()), most, out)

    def test_the_borders_are_straight(self):
        """Wide characters count by the cells that they take."""
        self.project(13)
        for width in WIDTHS:
            out, _ = self.see(width, 'plan')
            screen = pyte.Screen(width, 200)
            pyte.Stream(screen).feed(out.replace('\n', '\r\n'))
            rows = [row for row in screen.display if '|' in row]
            bars = [{m.start() for m in re.finditer('\\|', r)} for r in rows]
            self.assertEqual(set(), bars[0].difference(*bars[1:]), out)

    def test_words_of_the_table(self):
        self.project(3, size=100)
        for width in WIDTHS:
            out, _ = self.see(width, 'plan')
            joined = re.sub(r'[|+-]+\n', '\n', out)
            for word in 'volume-', 'server-', 'crash-', 'consistent':
                self.assertIn(word, joined)
            self.assertIn(' 100.0 GiB ', out)

    def test_cleanup(self):
        run = '20260101T000000Z-aaaa'
        made = self.fake.world.now() - datetime.timedelta(days=2)
        for _ in range(3):
            self.fake.cinder.add_volume(
                tags.name(run, SOURCE),
                metadata=tags.metadata(run, SOURCE, tags.Role.TEMPORARY),
                created_at=made.replace(tzinfo=None).isoformat(),
            )
        for width in WIDTHS:
            for words in [], ['--long']:
                out, err = self.see(width, 'cleanup', '--dry-run', *words)
                self.check(width, out)
                self.assertIn(run, out)
                self.assertIn('3 to delete; 3.0 GiB in all\n', err)
        self.assertIn(' 2 d ', out)

    def test_the_ids_of_runs_are_broken_last(self):
        rows = [('snapshot', 'r' * 16 + '-aaaa', '59 min 59 s', '900.0 GiB')]
        names = ('Kind', 'Run', 'Age', 'Size')
        columns = fitting.columns(names, rows, [False] * 4, brief=True)
        for width, run in (70, 21), (58, 21), (49, 17):
            self.assertEqual(run, fitting.fit(columns, width).widths[1])
        self.assertIsNone(fitting.fit(columns, 45))

    def test_words_of_names_stay_whole(self):
        """Of 24 cells; only longer ones are broken or shortened."""
        for name, least in (
            ('golden', 6),
            ('db-password', 8),
            ('kubernetes-node-worker-1', 11),
            ('Buchhaltungsdatenbank', 21),
            ('x' * 24, 24),
            ('x' * 25, 8),
            (f'{"x" * 99} Buchhaltungsdatenbank', 21),
        ):
            found = fitting.columns(['Name'], [[name]], [False], brief=True)
            self.assertIsNone(fitting.fit(found, least - 1))
            self.assertEqual((least,), fitting.fit(found, least).widths)

    def test_lines_of_names(self):
        (column,) = fitting.columns(['Name'], [['']], [False], brief=True)
        for name, lines in (
            ('web-frontend-01-berlin-x', 'web- frontend- 01- berlin-x'),
            (f'web-{"x" * 30}-frontend', 'web- xxxxxx... -frontend'),
            ('backup of the big database 7', 'backup of ... atabase 7'),
        ):
            self.assertEqual(lines, ' '.join(column.lines(name, 9)), name)

    def test_a_key(self):
        self.fake.barbican.add_secret('word', b'sesame')
        for width in WIDTHS:
            file = self.root / f'a.{width}'
            out, err = self.see(width, 'export-key', 'word', '--file', file)
            self.check(width, out + err)
            self.assertIn('source_kind', out)


class ColumnsTestCase(TestCase):
    """Which columns a person gets, and what a program gets."""

    def setUp(self):
        super().setUp()
        self.project(3)

    def _head(self, *words, terminal=True):
        self.openstack('backup', *words, terminal=terminal)
        return self.out.said.splitlines()[1].strip('| ').split(' | ')

    def test_few(self):
        for terminal in True, False:
            for words, names in (
                (['plan'], 'Kind Name Size Procedure Consistency'),
                (['run', '--all'], 'Kind Name Procedure Outcome Size'),
            ):
                head = self._head(*words, terminal=terminal)
                self.assertEqual(names.split(), [one.strip() for one in head])

    def test_long(self):
        head = [name.strip() for name in self._head('plan', '--long')]
        self.assertEqual(
            [
                'Kind',
                'Name',
                'ID',
                'Size',
                'Procedure',
                'Consistency',
                'Result',
                'Notes',
            ],
            head,
        )

    def test_chosen(self):
        """From all of them; without --long, too."""
        head = self._head('plan', '-c', 'ID', '-c', 'Result')
        self.assertEqual(['ID', 'Result'], [name.strip() for name in head])

    def test_sorted_by_one_that_is_not_shown(self):
        words = ['plan', '--sort-column', 'ID', '--sort-descending']
        rows = self.rows('plan', code=3)
        self.openstack('backup', *words)
        found = [line.split('|')[2:3] for line in self.out.said.splitlines()]
        names = [cell[0].strip() for cell in found if cell][1:]
        wanted = sorted(rows, key=lambda row: row['ID'], reverse=True)
        self.assertEqual([row['Name'] for row in wanted], names)

    def test_machines_get_all(self):
        for words in [], ['--long']:
            self.assertEqual(8, len(self.rows('plan', *words, code=3)[0]))

    def test_records(self):
        """What does not fit side by side is written one below the other."""
        out, _ = self.see(80, 'plan', '--long', '--volume', 'broken one')
        lines = out.splitlines()
        self.assertEqual('volume broken one', lines[0])
        self.assertEqual(
            ['ID', 'Size', 'Procedure', 'Notes'],
            [line.split()[0] for line in lines[1:5]],
        )

    def test_steps_can_be_copied(self):
        for width in WIDTHS[:4]:
            out, _ = self.see(
                width, 'plan', '--steps', '--server', 'web', '--to', self.root
            )
            self.assertEqual('server web', out.splitlines()[0])
            text = re.sub(r' \\\n +', ' ', out)
            rows = self.rows(
                'plan', '--steps', '--server', 'web', '--to', self.root
            )
            for row in rows:
                self.assertIn(f'    Command  {row["Command"]}\n', text)

    def test_steps_of_several_lines_can_be_copied(self):
        """They are no row between borders, and no word of them changes."""
        self.fake.barbican.add_secret("it's\nsecret", b'sesame')
        words = ('run', '--all', '--to', self.target, '--plaintext-keys')
        self.see(80, *words)
        words = ('restore', '--from', self.target, '--all', '--dry-run')
        rows = self.rows(*words, '--steps', code=3)
        several = [row['Command'] for row in rows if '\n' in row['Command']]
        self.assertTrue(any('"payload"' in each for each in several))
        for width in WIDTHS:
            out, _ = self.see(width, *words, '--steps')
            # A quoted word is never broken, even if it is too wide.
            self.check(max(width, 100), out)
            self.assertNotIn(r'\\n', out)
            # Beside its label, or below it.
            fields = re.split(r'(?m)^    (?=Step|Command)', out)
            shown = [
                textwrap.dedent(
                    field.replace('Command\n', '', 1).replace(
                        'Command', ' ' * 11, 1
                    )
                )
                for each in fields
                for field in [each.partition('\n\n')[0]]
                if field.startswith('Command')
            ]
            self.assertEqual(len(rows), len(shown))
            for row, text in zip(rows, shown, strict=True):
                self.assertEqual(
                    shlex.split(row['Command'].replace('\\\n', ' ')),
                    shlex.split(text.replace('\\\n', ' ')),
                )

    def test_steps_on_a_pipe(self):
        """Each line of a command is a line; values have escapes."""
        self.see(80, 'run', '--volume', 'of web', '--to', self.target)
        words = ('restore', '--from', self.target, '--all', '--dry-run')
        self.openstack('backup', *words, '--steps')
        self.assertRegex(self.out.said, r'(?m) create \\ +\|\n')
        self.openstack('backup', *words, '--steps', '-f', 'value')
        lines = self.out.said.splitlines()
        self.assertEqual(len(self.rows(*words, '--steps')), len(lines))
        self.assertIn(r' create \\\n    --image ', lines[1])

    def test_nothing(self):
        self.openstack('backup', 'cleanup', '--dry-run')
        self.assertEqual('', self.out.said)


class LastLinesTestCase(TestCase):
    """The end of a run tells all that matters."""

    def _run(self, count, *words):
        self.project(count)
        _, err = self.see(80, 'run', '--all', '--to', self.target, *words)
        screen = pyte.HistoryScreen(80, 1000)
        pyte.Stream(screen).feed(err.replace('\n', '\r\n'))
        lines = [line.rstrip() for line in screen.display]
        return [line for line in lines if line]

    def test_three(self):
        lines = self._run(3)
        (folder,) = self.target.iterdir()
        (broken,) = (
            each['id']
            for each in self.fake.world.things['volumes'].values()
            if each['status'] == 'error'
        )
        start = lines.index(f'Run {folder.name}', 1)
        text = ' '.join(lines[start:])
        self.assertIn('2 complete, 0 failed, 1 skipped; ', text)
        self.assertRegex(text, r'; [0-9.]+ [KMG]?i?B in \d+ s ')
        self.assertIn(f'Backup set: {folder}', text.replace('- ', '-'))
        command = text.replace(' \\', '').partition('missing: ')[2].split()
        self.assertEqual(
            f'openstack backup run --volume {broken} --to {self.target}',
            ' '.join(command),
        )
        note = ' '.join(lines[:start]).split('Its state "error"')
        self.assertIn('volume "broken one"', note[-2])
        self.assertIn('skipped:', note[-2])

    def test_forty(self):
        """The table is above them."""
        lines = self._run(40)
        self.assertIn(
            '39 complete, 0 failed, 1 skipped; ', ' '.join(lines[-9:])
        )

    def test_same_trouble_is_said_once(self):
        self.fake.fail(REFUSED, 'POST cinder', times=99, same=False)
        lines = self._run(12)
        text = ' '.join(lines)
        self.assertIn('failed', text)
        end = text[text.rindex(' complete, ') :]
        self.assertIn('give the command again', end)

    def test_options_are_repeated(self):
        lines = self._run(
            3, '--plaintext-keys', '--keep-images', '--stop-servers'
        )
        text = ' '.join(lines)
        for word in '--plaintext-keys', '--keep-images', '--stop-servers':
            self.assertIn(word, text[text.index('missing:') :])

    def test_nothing_is_missing(self):
        self.fake.cinder.add_volume('data', b'data')
        self.openstack('backup', 'run', '--all')
        last = self.err.said.splitlines()[-1]
        self.assertRegex(last, r'^1 complete, 0 failed, 0 skipped; .+ in .+$')


class NotesTestCase(TestCase):
    """What is said below the table."""

    FLAVOR = {'disk': 1, 'ephemeral': 5, 'swap': 0}
    WARNING = r'(?m)^server "web" \(\S+\): caution: .*ephemeral disk \(5 GiB\)'

    def test_warnings(self):
        self.fake.nova.add_server('web', b'root', flavor=self.FLAVOR)
        for words in ['plan'], ['run', '--all']:
            self.assertEqual(0, self.openstack('backup', *words))
            self.assertRegex(self.err.said, self.WARNING)
            # What each server has is no warning.
            self.assertNotIn('suspend the guest', self.err.said)
            self.assertEqual(0, self.openstack('-q', 'backup', *words))
            self.assertEqual('', self.err.said)

    def test_what_nobody_planned(self):
        """A complete row may have a note that is not in the plan."""
        self.fake.cinder.add_volume('data', b'data')
        self.fake.fail(REFUSED, 'DELETE glance /images', times=99, same=False)
        self.openstack('-q', 'backup', 'run', '--all', '--to', self.target)
        self.assertRegex(
            self.err.said,
            r'(?m)^volume "data" \(\S+\): complete: The temporary image '
            r'\S+ is still there',
        )

    def test_same_reason(self):
        for number in range(9):
            self.fake.cinder.add_volume(f'v{number}', status='error')
        self.fake.cinder.add_volume('stuck', status='deleting')
        self.assertEqual(3, self.openstack('-q', 'backup', 'plan'))
        first, second = sorted(self.err.said.splitlines())
        self.assertIn('volume "stuck" (', first)
        self.assertRegex(
            second,
            r'^volumes "v0", "v1", "v2", "v3", "v4", 4 more: cannot be '
            r'backed up: Its state "error" ',
        )


class VerbosityTestCase(TestCase):
    """``openstack -q``, ``-v`` and ``--log-file``."""

    def setUp(self):
        super().setUp()
        self.fake.cinder.add_volume('data', b'data')
        self.log = self.root / 'log'

    def test_quiet(self):
        for words in (
            ['plan'],
            ['plan', '--to', self.target],
            ['run', '--all', '--to', self.target],
            ['cleanup', '--yes'],
        ):
            for terminal in False, True:
                code = self.openstack(
                    '-q', 'backup', *words, terminal=terminal
                )
                self.assertEqual((0, ''), (code, self.err.said), words)

    def leave(self):
        """Have a dead run leave a volume."""
        run = '20260101T000000Z-aaaa'
        self.fake.cinder.add_volume(
            tags.name(run, SOURCE),
            metadata=tags.metadata(run, SOURCE, tags.Role.TEMPORARY),
            created_at='2025-12-31T00:00:00',
        )

    def test_quiet_with_what_is_backed_up(self):
        self.leave()
        data = ('run', '--volume', 'data', '--to', self.target)
        source = ('--from', self.target)
        for words in (
            data,
            data,
            ('history', *source),
            ('history', '--runs', *source),
            ('verify', *source),
            ('restore', *source, '--all', '--dry-run'),
            ('restore', *source, '--all'),
            ('restore', *source, '--all', '--to-files', self.root / 'files'),
            ('prune', *source, '--keep-last', '1', '--dry-run'),
            ('prune', *source, '--keep-last', '1', '--yes'),
            ('cleanup', '--yes'),
            ('export-key', 'word', '--file', self.root / 'key'),
        ):
            self.fake.barbican.add_secret('word', b'sesame')
            code = self.openstack('-q', 'backup', *words, terminal=True)
            self.assertEqual((0, ''), (code, self.err.said), words)
            self.fake.world.things['secrets'].clear()

    def test_each_command_tells_its_steps(self):
        """With --verbose and in a log file, each with its time."""
        data = ('run', '--volume', 'data', '--to', self.target)
        source = ('--from', self.target)
        self.assertEqual(0, self.openstack('backup', *data))
        self.assertEqual(0, self.openstack('backup', *data))
        for words, step in (
            (('verify', *source), r'volume "data" \(.*\): good'),
            (('restore', *source, '--all'), 'volume "data" .*: upload'),
            (('cleanup', '--yes'), 'delete volume "backupclient-.*'),
            (
                ('prune', *source, '--keep-last', '1', '--yes'),
                f'delete {self.target}/.*',
            ),
        ):
            self.leave()
            log = self.root / f'log-{words[0]}'
            code = self.openstack('--log-file', log, '-v', 'backup', *words)
            self.assertEqual(0, code, self.err.said)
            self.assertRegex(
                self.err.said, rf'(?m)^[-\d]{{10}} [\d:]{{8}} {step}$'
            )
            self.assertRegex(log.read_text(), step)

    def test_quiet_says_what_fails(self):
        self.fake.cinder.add_volume('broken', status='error')
        for words in ['plan'], ['run', '--all']:
            self.assertEqual(3, self.openstack('-q', 'backup', *words))
            self.assertRegex(
                self.err.said, r'^volume "broken" .*: Its state "error" .*\n$'
            )
        words = ['-q', 'backup', 'plan', '--volume', 'no']
        self.assertEqual(2, self.openstack(*words))
        self.assertIn('No volume has the name or ID "no".', self.err.said)

    def _steps(self, text):
        return [
            step
            for step in ('copy the volume', 'download', 'delete the image')
            if f'volume "data" (00000001-volume): {step}' in text
        ]

    def test_verbose(self):
        words = ['-v', 'backup', 'run', '--all', '--to', self.target]
        for terminal in False, True:
            self.assertEqual(0, self.openstack(*words, terminal=terminal))
            said = self.err.said
            self.assertEqual(3, len(self._steps(said)), said)
            self.assertRegex(said, r'(?m)^\d{4}-\d\d-\d\d [\d:]{8} Run ')
            self.assertRegex(
                said, r'(?m)^[-\d]{10} [\d:]{8} Image \S+ is queued: waiting'
            )
            self.assertEqual(1, said.count('(00000001-volume): download'))

    def test_verbose_retries(self):
        self.fake.fail(wire.Answer(503), 'GET cinder /volumes')
        self.assertEqual(0, self.openstack('-v', 'backup', 'plan'))
        self.assertRegex(
            self.err.said,
            r'(?m)^[-\d]{10} [\d:]{8} \S.* does not list the volumes now '
            r'\(HTTP 503\): next try in 0.5 s$',
        )
        self.fake.fail(wire.Answer(503), 'GET cinder /volumes')
        self.assertEqual(0, self.openstack('backup', 'plan'))
        self.assertNotIn('503', self.err.said)

    def test_log_file(self):
        """It has the steps whatever is said on the terminal."""
        words = ['backup', 'run', '--all', '--to', self.target]
        for more in [], ['-q'], ['-v']:
            log = self.root / f'log{len(more)}{more}'
            self.assertEqual(
                0, self.openstack('--log-file', log, *more, *words)
            )
            text = log.read_text()
            self.assertEqual(3, len(self._steps(text)), text)
            self.assertRegex(text, r'(?m)^[-\d]{10} [\d:.]{12} \d+ INFO ')
            self.assertEqual(1, text.count('(00000001-volume): download'))
            self.assertEqual('-v' not in more, 'Backup set: ' in text)

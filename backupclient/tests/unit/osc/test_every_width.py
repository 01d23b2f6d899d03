# SPDX-License-Identifier: Apache-2.0
"""Each command on a terminal: no line is wider, and no word is broken."""

import datetime
import itertools
import re

import wcwidth

from backupclient.model import tags
from backupclient.tests.unit.osc import test_terminal

WIDTHS = test_terminal.WIDTHS
NAMES = (
    'data',
    'pvc-2f3b7a54-8b5e-4a39-bd5b-5c6a3b1d9d2e',
    'backup of the accounting database',
    'vol_with_underscores.and.dots',
    'Zw\xf6lf Boxk\xe4mpfer',
)
LOST = '20260101T000000Z-aaaa'
ERASED = re.compile(r'.*(?:\r|\x1b\[2K)')
CONTROL = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]')
PROGRESS = re.compile(r' 0:\d\d:\d\d$')
RUN = re.compile(r'(?<=\d{8}T\d{6}Z-)[a-z]{4}')
PART = re.compile(r'[^\W\d_]{3,}')
"""A word, or what may stand on a line of its own, as after a hyphen."""


class EveryCommandTestCase(test_terminal.TestCase):
    def setUp(self):
        super().setUp()
        add = self.fake.world.add
        numbers = itertools.count()

        def add_with_long_id(kind, name, **fields):
            """Give it an ID as long as those of a cloud."""
            id_ = f'{next(numbers):08}-0000-4000-8000-000000000000'
            return add(kind, name, **{'id': id_, **fields})

        self.fake.world.add = add_with_long_id
        self.letters = set()

    def make(self, count):
        """Fill a project, its backups, and what a dead run has left."""
        broken = self.fake.cinder.add_volume('broken one', status='error')
        self.broken = broken['id']
        server = self.fake.nova.add_server('web', b'root')['id']
        self.fake.cinder.add_volume('of web', b'w', server=server)
        for number in range(count - 3):
            name = NAMES[number % len(NAMES)]
            self.fake.cinder.add_volume(name, b'data')
        self.see(5000, 'run', '--all', '--to', self.target)
        made = self.fake.world.now() - datetime.timedelta(days=2)
        for _ in range(count):
            self.fake.cinder.add_volume(
                tags.name(LOST, test_terminal.SOURCE),
                metadata=tags.metadata(
                    LOST, test_terminal.SOURCE, tags.Role.TEMPORARY
                ),
                created_at=made.replace(tzinfo=None).isoformat(),
            )

    def look(self, *words):
        """Run a command at each width, and compare with endless lines."""
        endless = self.lines(5000, *words)
        known = {part for line in endless for part in PART.findall(line)}
        # The IDs of runs are broken after their hyphen.
        known |= self.letters
        every = {word for line in endless for word in line.split()}
        for width in WIDTHS:
            lines = self.lines(width, *words)
            long = {word for word in every if len(word) > width - 4}
            for line in lines:
                room = wcwidth.wcswidth(line)
                self.assertLessEqual(room, width, (words, line))
                self.assertEqual(line.rstrip(' '), line.rstrip(), words)
                self.assertNotRegex(line, r'^ *\|$')
                for part in PART.findall(line):
                    whole = part in known or any(part in one for one in long)
                    self.assertTrue(whole, (words, width, line))

    def lines(self, width, *words):
        """Give the lines that a command leaves, without its progress."""
        out, err = self.see(width, *words)
        self.assertNotIn('Traceback', err)
        text = CONTROL.sub('', ERASED.sub('', err + out))
        # Each run has other letters.
        self.letters.update(RUN.findall(text))
        text = RUN.sub('aaaa', text)
        return [
            each for each in text.splitlines() if not PROGRESS.search(each)
        ]

    def _shown(self, count):
        self.make(count)
        source = ('--from', self.target)
        dry = ('--keep-last', '1', '--dry-run')
        for words in (
            ('plan',),
            ('history', *source),
            ('history', '--runs', *source),
            ('restore', *source, '--all', '--suffix=.new', '--dry-run'),
            ('prune', *source, *dry),
            ('cleanup', '--dry-run'),
        ):
            self.look(*words)
            self.look(*words, '--long')
        self.look('restore', *source, '--all', '--dry-run', '--steps')

    def test_three_are_shown(self):
        self._shown(3)

    def test_forty_are_shown(self):
        self._shown(40)

    def _worked_on(self, count):
        self.make(count)
        self.look('verify', '--from', self.target)
        for file in self.target.glob('*/volumes/*'):
            file.write_bytes(b'shorter or longer')
        self.look('verify', '--from', self.target, '--long')
        self.look('restore', '--from', self.target, '--all', '--suffix=.x')
        self._brought_into_files()
        self.look('run', '--all', '--to', self.target)

    def _brought_into_files(self):
        for more in [], ['--long']:
            for width in WIDTHS:
                folder = self.root / f'files-{width}{"".join(more)}'
                words = ('--from', self.target, '--all', '--to-files', folder)
                out, _ = self.see(width, 'restore', *words, *more)
                self.check(width, out)
                files = [
                    f'{path.relative_to(folder)}'
                    for path in folder.rglob('*.*')
                ]
                for file in files:
                    self.assertIn(file, out)
                self.assertNotEqual([], files)

    def test_three_are_worked_on(self):
        self._worked_on(3)

    def test_a_dozen_are_worked_on(self):
        self._worked_on(12)

# SPDX-License-Identifier: Apache-2.0

import argparse
import io
import re
import uuid

import testtools
import wcwidth

from backupclient.osc import columns
from backupclient.osc import table

WIDTHS = (60, 80, 100, 120, 200)
NAMES = (
    'golden',
    'db-password',
    'web',
    'kubernetes-node-worker-1',
    'Buchhaltungsdatenbank',
    'x' * 24,
    'Zw\xf6lf Boxk\xe4mpfer',
)
FILES = (
    'images/{}.raw',
    'secrets/{}.bin.age',
    'servers/{}.qcow2',
    'volumes/{}.raw',
)
PART = re.compile('[^ -]+')
"""A word that may be alone on its line."""


class TestCase(testtools.TestCase):
    def _args(self, width):
        return argparse.Namespace(
            max_width=width, fit_width=False, print_empty=False
        )

    def shown(self, width, names, *rows):
        """Give the lines of a table, none of them too wide."""
        out = io.StringIO()
        formatter = table.Formatter(brief=True)
        formatter.emit_list(names, rows, out, self._args(width))
        return self._checked(out, width)

    def shown_alone(self, width, fields):
        """Give the lines of one thing, none of them too wide."""
        out = io.StringIO()
        formatter = table.Formatter(brief=False)
        formatter.emit_one(
            fields, list(fields.values()), out, self._args(width)
        )
        return self._checked(out, width)

    def _checked(self, out, width):
        lines = out.getvalue().splitlines()
        for line in lines:
            self.assertLessEqual(wcwidth.wcswidth(line), width, line)
        return lines


class FilesTestCase(TestCase):
    """The rows of ``restore --to-files``."""

    NAMES = columns.BRIEF[columns.RESTORED]

    def rows(self, count):
        for number in range(count):
            file = FILES[number % len(FILES)].format(uuid.UUID(int=number))
            name = NAMES[number % len(NAMES)]
            yield file.partition('s/')[0], name, file, 'complete'

    def test_no_name_and_no_path_is_broken(self):
        for count in 3, 40:
            for width in WIDTHS:
                rows = list(self.rows(count))
                lines = self.shown(width, self.NAMES, *rows)
                text = '\n'.join(lines)
                for _, name, file, _ in rows:
                    self.assertIn(file, text)
                    for part in PART.findall(name):
                        self.assertIn(part, text, width)

    def test_short_names_beside_paths(self):
        """They are side by side only if no word needs to be broken."""
        for name, first in (
            ('web', 'Kind   | Name | Restored'),
            ('golden', 'secret golden'),
            ('db-password', 'secret db-password'),
        ):
            file = f'secrets/{uuid.UUID(int=1)}.bin'
            row = ('secret', name, file, 'complete')
            lines = self.shown(76, self.NAMES, row)
            found = lines[0] if ' ' in lines[0] else lines[1]
            self.assertEqual(first, found[: len(first)])


class RecordsTestCase(TestCase):
    NAMES = ('Kind', 'Name', 'ID', 'Place', 'Notes')
    ID = str(uuid.UUID(int=7))

    def place(self, length):
        row = ('volume', 'data', self.ID, '/srv/'.ljust(length, 'x'), 'Good.')
        return self.shown(60, self.NAMES, row)

    def test_path_beside_its_label(self):
        self.assertEqual(
            [
                'volume data',
                f'    ID     {self.ID}',
                f'    Place  /srv/{"x" * 44}',
                '    Notes  Good.',
            ],
            self.place(49),
        )

    def test_path_on_a_line_of_its_own(self):
        """It has as much of the indentation as fits."""
        for length, indent in (50, 8), (52, 8), (55, 5), (60, 0):
            self.assertEqual(
                [
                    'volume data',
                    f'    ID     {self.ID}',
                    '    Place',
                    f'{" " * indent}/srv/{"x" * (length - 5)}',
                    '    Notes  Good.',
                ],
                self.place(length),
            )

    def test_path_that_is_longer_than_a_line(self):
        """It is broken after slashes, and beside it another one is not."""
        long = '/'.join(['x' * 20] * 4)
        whole = 'y' * 54
        row = ('volume', 'data', '', '', f'See {long}, and\nsee {whole}.')
        self.assertEqual(
            [
                'volume data',
                '    Notes',
                '     See',
                f'     {"x" * 20}/{"x" * 20}/',
                f'     {"x" * 20}/{"x" * 20}, and',
                '     see',
                f'     {whole}.',
            ],
            self.shown(60, self.NAMES, row),
        )

    def test_any_width(self):
        """No width is too small to end; 20 cells are the least."""
        row = ('volume', 'data', self.ID, '/srv/backups', '\u6771' * 99)
        for width in range(20, 100):
            self.shown(width, self.NAMES, row)
        out = io.StringIO()
        for width in 1, 10, 19:
            table.Formatter(brief=True).emit_list(
                self.NAMES, [row], out, self._args(width)
            )
            self._checked(out, 20)


class OneThingTestCase(TestCase):
    def test_path(self):
        """The name of a key's file can be copied at each width."""
        file = f'snapshot-{uuid.UUID(int=7)}.key'
        fields = {
            'source_kind': 'snapshot',
            'file': file,
            'fingerprint': 'f' * 64,
        }
        for width in WIDTHS:
            lines = self.shown_alone(width, fields)
            self.assertIn(file, '\n'.join(lines))
        self.assertEqual('+', self.shown_alone(100, fields)[0][0])
        self.assertEqual(
            [
                '    source_kind  snapshot',
                '    file',
                f'        {file}',
                '    fingerprint',
                f'        {"f" * 52}',
                f'        {"f" * 12}',
            ],
            self.shown_alone(60, fields),
        )

    def test_narrow(self):
        for width in range(20, 60):
            self.shown_alone(width, {'source_kind': 'volume', 'file': 'a/b'})

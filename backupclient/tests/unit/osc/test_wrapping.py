# SPDX-License-Identifier: Apache-2.0

import io
import shlex

import fixtures
from hypothesis import given
from hypothesis import strategies as st
import testtools
import wcwidth

from backupclient.osc import display
from backupclient.osc import wrapping
from backupclient.tests.unit.osc import base

WIDTHS = st.integers(20, 200)
WORDS = st.text('abc-.', min_size=1, max_size=18)
TEXTS = st.text(st.characters(categories=('L', 'N', 'P', 'S', 'Zs')))


class WidthTestCase(testtools.TestCase):
    def test_cells(self):
        for text, cells in (
            ('', 0),
            ('abc', 3),
            ('Zwölf', 5),
            ('\u6771\u4eac', 4),
            ('\U0001f4a3', 2),
            ('e\u0301', 1),
            # Some terminals obey the second character.
            ('\u2764\ufe0f', 2),
            # Not known yet: it may be wide.
            ('\U00018cd6', 2),
        ):
            self.assertEqual(cells, wrapping.width(text), text)

    def test_no_character_takes_more(self):
        for code in range(0x110000):
            char = display.clean(chr(code))
            taken = wcwidth.wcswidth(char)
            self.assertLessEqual(taken, wrapping.width(char), hex(code))

    @given(TEXTS)
    def test_never_less_than_a_terminal_takes(self, text):
        safe = display.clean(text)
        self.assertGreaterEqual(wrapping.width(safe), wcwidth.wcswidth(safe))

    def test_pad(self):
        self.assertEqual('\u6771  ', wrapping.pad('\u6771', 4))
        self.assertEqual('  \u6771', wrapping.pad('\u6771', 4, right=True))


class WrapTestCase(testtools.TestCase):
    @given(TEXTS, WIDTHS)
    def test_fits_and_is_all_there(self, text, room):
        lines = wrapping.wrap(text, room)
        for line in lines:
            self.assertLessEqual(wrapping.width(line), room)
        self.assertEqual(
            text.replace(' ', ''), ''.join(lines).replace(' ', '')
        )

    @given(st.lists(WORDS), WIDTHS)
    def test_no_word_is_broken(self, words, room):
        lines = wrapping.wrap(' '.join(words), room, '  ')
        self.assertEqual(words, ' '.join(lines).split())

    def test_lines_are_filled(self):
        text = 'aaaa bbbb cccc'
        self.assertEqual([text], wrapping.wrap(text, 14))
        self.assertEqual(
            ['aaaa bbbb', '  cccc'], wrapping.wrap(text, 13, '  ')
        )
        self.assertEqual(['aaaa', 'bbbb', 'cccc'], wrapping.wrap(text, 8))
        self.assertEqual([''], wrapping.wrap('', 8))

    def test_blanks_within_a_line_stay(self):
        self.assertEqual(['a  b', 'c'], wrapping.wrap('a  b   c', 5))

    def test_numbers_stay_with_their_units(self):
        text = 'move 10.0 GiB, 5.0 GiB of it in 3 h 4 min'
        self.assertEqual(
            ['move 10.0 GiB,', '5.0 GiB of it', 'in 3 h', '4 min'],
            wrapping.wrap(text, 15)[:2] + wrapping.wrap('in 3 h 4 min', 8),
        )

    def test_hyphens(self):
        text = 'crash-consistent'
        self.assertEqual(
            ['crash-', 'consistent'], wrapping.wrap(text, 12, hyphens=True)
        )
        self.assertEqual(
            ['crash-', 'consistent'], wrapping.words(text, hyphens=True)
        )
        self.assertEqual([text], wrapping.words(text))

    def test_word_that_is_longer_than_a_line(self):
        self.assertEqual(
            ['see', ' xxxx', ' xxxx', ' end'],
            wrapping.wrap(f'see {"x" * 8} end', 5, ' '),
        )

    def test_path_that_is_longer_than_a_line(self):
        for path, lines in (
            ('/srv/backups/data', ['/srv/', 'backups/', 'data']),
            ('servers/12345678.qcow2', ['servers/', '12345678.q', 'cow2']),
            ('a/b/c/d/e/f', ['a/b/c/d/e/', 'f']),
            ('/srv/data/', ['/srv/data/']),
        ):
            self.assertEqual(lines, wrapping.wrap(path, 10))


class ShortenTestCase(testtools.TestCase):
    @given(TEXTS, WIDTHS)
    def test_fits(self, text, room):
        short = wrapping.shorten(text, room)
        self.assertLessEqual(wrapping.width(short), room)
        if wrapping.width(text) <= room:
            self.assertEqual(text, short)

    def test_both_ends_stay(self):
        self.assertEqual('pvc...z9', wrapping.shorten('pvc-abcxyz9', 8))


class CommandTestCase(testtools.TestCase):
    COMMANDS = (
        'openstack volume delete VOLUME',
        'openstack --os-volume-api-version 3.66 volume snapshot create '
        '--volume 9b97835e-c797-462d-b21e-034e72e3b226 SNAPSHOT',
        shlex.join(['openstack', '--to', "it's a 'place' with blanks", 'x']),
    )

    def test_can_be_copied(self):
        for command in self.COMMANDS:
            for room in (48, 60, 80, 200, None):
                lines = wrapping.command(command, room)
                self.assertEqual(
                    shlex.split(command),
                    shlex.split('\n'.join(lines).replace('\\\n', '')),
                )
                for line in lines:
                    self.assertLessEqual(len(line), room or 999)

    def test_options_stay_with_their_values(self):
        self.assertEqual(
            [
                'openstack backup run \\',
                '    --volume 85fdafca-cf1d-4a07-8e21-1a7e5631044f \\',
                '    --to /srv/backups',
            ],
            wrapping.command(
                'openstack backup run --volume '
                '85fdafca-cf1d-4a07-8e21-1a7e5631044f --to /srv/backups',
                56,
            ),
        )

    def test_commands_of_several_lines(self):
        """Their line breaks stay, within quotes too; lines are filled."""
        script = (
            'VOLUME=$(openstack volume create \\\n    --size 1 \\\n'
            '    "a  b")\n'
            "cat secrets/1.bin |\n    barbican store '{\n"
            '    "a": "b c",\n    "d": 1}\' \\\n'
            "    --name $'it\\x27s\\n' last\n"
        )
        self.assertEqual(
            [
                'VOLUME=$(openstack volume create \\',
                '    --size 1 \\',
                '    "a  b")',
                'cat secrets/1.bin |',
                "    barbican store '{",
                '    "a": "b c",',
                """    "d": 1}' \\""",
                """    --name $'it\\x27s\\n' last""",
                '',
            ],
            wrapping.command(script, 36),
        )
        for room in (30, 36, 48, 60, 200, None):
            found = '\n'.join(wrapping.command(script, room))
            self.assertEqual(
                shlex.split(script.replace('\\\n', ' ')),
                shlex.split(found.replace('\\\n', ' ')),
            )

    def test_is_said_on_lines_of_its_own(self):
        said = wrapping.said(display.Command('openstack a --b c'), 21)
        self.assertEqual('    openstack a \\\n        --b c', said)


class ColumnsTestCase(testtools.TestCase):
    def _columns(self, value):
        self.useFixture(fixtures.EnvironmentVariable('COLUMNS', value))
        return wrapping.columns(base.Stream(terminal=True))

    def test_environment(self):
        self.assertEqual(60, self._columns('60'))

    def test_nonsense(self):
        for value in ('', '0', '-7', 'wide', None):
            self.assertEqual(80, self._columns(value), value)

    def test_no_terminal(self):
        self.assertIsNone(wrapping.columns(io.StringIO()))
        self.assertEqual('a ' * 500, wrapping.said('a ' * 500, None))

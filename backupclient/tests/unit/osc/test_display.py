# SPDX-License-Identifier: Apache-2.0

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
import testtools

from backupclient.osc import display


class CleanTestCase(testtools.TestCase):
    @given(st.text())
    def test_nothing_that_a_terminal_obeys(self, text):
        kinds = {unicodedata.category(c) for c in display.clean(text)}
        self.assertEqual(set(), kinds & {'Cc', 'Cf', 'Cs'})

    def test_plain_text_stays(self):
        for text in ('', 'Zwölf Boxkämpfer', '日本語', 'a b', '🙂'):
            self.assertEqual(text, display.clean(text))

    def test_what_is_said_has_an_end(self):
        self.assertEqual('a\\x1b', display.sentence('a\x1b'))
        said = display.sentence('\x1b' * 100_000)
        self.assertTrue(said.endswith(r'\x1b ...'))
        self.assertLess(len(said), 20_000)


class SizeTestCase(testtools.TestCase):
    def test_size(self):
        for count, shown in (
            (None, ''),
            (0, '0 B'),
            (1023, '1023 B'),
            (1024, '1.0 KiB'),
            (3 << 29, '1.5 GiB'),
            (5 << 60, '5120.0 PiB'),
        ):
            self.assertEqual(shown, display.size(count))

    def test_machines_get_the_number(self):
        self.assertEqual(1024, display.Size(1024).machine_readable())


class AgeTestCase(testtools.TestCase):
    def test_two_largest_units(self):
        for seconds, shown in (
            (None, ''),
            (0, '0 s'),
            (59, '59 s'),
            (60, '1 min'),
            (61, '1 min 1 s'),
            (3599, '59 min 59 s'),
            (3600, '1 h'),
            (3661, '1 h 1 min'),
            (86400, '1 d'),
            (86460, '1 d 1 min'),
            (40 * 86400 + 7199, '40 d 1 h'),
        ):
            self.assertEqual(shown, display.age(seconds))

    def test_machines_get_the_number(self):
        self.assertEqual(3661, display.Age(3661).machine_readable())
        self.assertEqual('1 h 1 min', display.Age(3661).human_readable())


class SentencesTestCase(testtools.TestCase):
    def test_both_ways(self):
        column = display.Sentences(('One.', 'T\x1bwo.'))
        self.assertEqual('One.\nT\\x1bwo.', column.human_readable())
        self.assertEqual(['One.', 'T\x1bwo.'], column.machine_readable())

    def test_one_line(self):
        row = (display.Sentences(('One.', 'T\nwo.')), 'a\nb\u202e', 3, None)
        self.assertEqual(
            ('One. T\\nwo.', 'a\\nb\\u202e', 3, None), display.flat(row)
        )

    def test_the_escapes_can_be_read_back(self):
        """A backslash of the text is no part of an escape."""
        name = display.Name
        for text, shown in (
            ('a\nb', r'a\nb'),
            (r'a\nb', r'a\\nb'),
            ('\\\n', r'\\\n'),
            (r'\u202e', r'\\u202e'),
            ('\u202e', r'\u202e'),
            ('C:\\', r'C:\\'),
        ):
            row = (text, name(text), display.Sentences((text,)))
            self.assertEqual((shown,) * 3, display.flat(row))
            # Only for one line: JSON has escapes of its own.
            self.assertEqual(text, display.cells(row)[0].machine_readable())

    @given(st.text())
    def test_every_text_can_be_read_back(self, text):
        (shown,) = display.flat((text,))
        self.assertEqual(1, len(f'{shown}.'.splitlines()))
        # No escape has a character outside of ASCII after it.
        plain = shown.encode('ascii', 'backslashreplace')
        self.assertEqual(text, plain.decode('unicode_escape'))

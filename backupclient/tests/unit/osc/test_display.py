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


class SentencesTestCase(testtools.TestCase):
    def test_both_ways(self):
        column = display.Sentences(('One.', 'T\x1bwo.'))
        self.assertEqual('One.\nT\\x1bwo.', column.human_readable())
        self.assertEqual(['One.', 'T\x1bwo.'], column.machine_readable())

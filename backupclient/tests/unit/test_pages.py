# SPDX-License-Identifier: Apache-2.0
"""The pages name tests that are there."""

import pathlib
import re

import testtools

TESTS = pathlib.Path(__file__).parents[1]
PAGE = TESTS.parents[1] / 'doc/source/user/what-happens-when.rst'


class WhatHappensWhenTestCase(testtools.TestCase):
    def test_each_row_names_its_test(self):
        text = ' '.join(PAGE.read_text().split())
        rows = text.count('* - ') - text.count('* - When ')
        named = re.findall(r'``(\S+\.py)``: ``(\w+)``', text)
        self.assertEqual(rows, len(named))
        for file, test in named:
            source = (TESTS / file).read_text()
            self.assertIn(f'    def {test}(self', source, file)

# SPDX-License-Identifier: Apache-2.0
"""The pages name tests that are there."""

import pathlib
import re

import testtools

from backupclient.operations.by_hand import page
from backupclient.tests.unit.sets import samples

TESTS = pathlib.Path(__file__).parents[1]
USER = TESTS.parents[1] / 'doc/source/user'
PAGE = USER / 'what-happens-when.rst'


class WhatHappensWhenTestCase(testtools.TestCase):
    def test_each_row_names_its_test(self):
        text = ' '.join(PAGE.read_text().split())
        rows = text.count('* - ') - text.count('* - When ')
        named = re.findall(r'``(\S+\.py)``: ``(\w+)``', text)
        self.assertEqual(rows, len(named))
        for file, test in named:
            source = (TESTS / file).read_text()
            self.assertIn(f'    def {test}(self', source, file)


class RestoreByHandTestCase(testtools.TestCase):
    def test_what_can_be_chosen(self):
        """The manual names each variable, and what it is without a choice."""
        manifest = samples.EVERYTHING
        chosen = re.findall(
            r'^ +(\w+)=\$\{\1-(.*)\}$', page.render(manifest), re.MULTILINE
        )
        text = (USER / 'restore-by-hand.rst').read_text()
        self.assertEqual(['SUFFIX', 'IDENTITY'], [name for name, _ in chosen])
        for name, default in chosen:
            _, _, said = text.partition(f'\n``{name}``\n')
            said = said.partition('\n``')[0].partition('\n\n')[0]
            self.assertIn('Without it', said, name)
            if default:
                self.assertIn(f'Without it:\n    ``{default}``.', said)

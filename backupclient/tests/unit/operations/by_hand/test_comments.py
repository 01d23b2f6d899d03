# SPDX-License-Identifier: Apache-2.0
"""Words of the cloud between the commands of the page."""

import hypothesis
from hypothesis import strategies
import markdown_it
import testtools

from backupclient.operations.by_hand import comments
from backupclient.tests.unit.operations.by_hand import commands

HOSTILE = strategies.text(
    strategies.sampled_from('`~#*_<>[]()!|\\&-=+1.$"\'; \n\t\r\x0b\u2028ab')
)


def kinds(text):
    """The kinds of what a Markdown parser finds."""
    found = set()
    for token in markdown_it.MarkdownIt().enable('table').parse(text):
        found.add(token.type)
        found |= {child.type for child in token.children or ()}
    return found


class TestComments(testtools.TestCase):
    @hypothesis.given(HOSTILE)
    @hypothesis.settings(max_examples=200, deadline=None)
    def test_any_text_is_code_in_a_title(self, text):
        self.assertEqual(
            {'heading_open', 'inline', 'text', 'code_inline', 'heading_close'},
            kinds(comments.title(3, 'Volume', text or ' ')),
        )

    @hypothesis.given(strategies.lists(HOSTILE, min_size=1))
    @hypothesis.settings(max_examples=200, deadline=None)
    def test_any_texts_are_comments(self, texts):
        pairs = [(text, text) for text in texts]
        for found in (comments.items(texts), comments.facts(pairs)):
            block = comments.block(*found)
            for line in block.splitlines():
                self.assertTrue(line.startswith('    # '), line)
            text = f'before\n\n{block}\n\nafter'
            self.assertEqual(
                {'paragraph_open', 'inline', 'text', 'paragraph_close'},
                kinds(text) - {'code_block'},
            )

    def test_at_a_prompt(self):
        """An interactive bash has a history, also in comments and titles."""
        text = "it's !x !! $(touch pwned) `touch pwned` ; touch pwned"
        bash = self.useFixture(commands.Shell())
        bash.type(
            '\n'.join(
                (
                    'touch before',
                    comments.title(3, 'Volume', text),
                    comments.block(comments.text(text), 'touch after'),
                )
            )
        )
        self.assertEqual(
            ['after', 'before'],
            sorted(one.name for one in bash.folder.glob('[!.]*')),
        )

    def test_facts(self):
        self.assertEqual(
            (
                '# ID           1',
                '# note         ten letters',
                '# long         nine word nine word nine word nine word nine '
                'word nine word\n'
                '#              nine word',
            ),
            comments.facts(
                (
                    ('ID', '1'),
                    ('empty', ''),
                    ('note', 'ten letters'),
                    ('long', ' '.join(['nine word'] * 7)),
                )
            ),
        )

    def test_items(self):
        self.assertEqual(('# - one',), comments.items(('one', '', ' \n')))

# SPDX-License-Identifier: Apache-2.0
"""Words of the cloud on the page."""

import hypothesis
from hypothesis import strategies
import markdown_it
import testtools

from backupclient.sets.instructions import markdown

HOSTILE = strategies.text(
    strategies.sampled_from('`~#*_<>[]()!|\\&-=+1. \n\t\r\x0b\u2028ab')
)


def kinds(text):
    """The kinds of what a Markdown parser finds."""
    found = set()
    for token in markdown_it.MarkdownIt().enable('table').parse(text):
        found.add(token.type)
        found |= {child.type for child in token.children or ()}
    return found


class TestMarkdown(testtools.TestCase):
    @hypothesis.given(HOSTILE)
    @hypothesis.settings(max_examples=200, deadline=None)
    def test_any_text_is_code_in_a_title(self, text):
        self.assertEqual(
            {'heading_open', 'inline', 'text', 'code_inline', 'heading_close'},
            kinds(f'### Volume 1: {markdown.span(text)}'),
        )

    @hypothesis.given(strategies.lists(HOSTILE, min_size=1))
    @hypothesis.settings(max_examples=200, deadline=None)
    def test_any_texts_are_code_in_a_block(self, texts):
        found = kinds(f'before\n\n{markdown.sentences(texts)}\n\nafter')
        self.assertEqual(
            {'paragraph_open', 'inline', 'text', 'paragraph_close'},
            found - {'code_block'},
        )

    def test_facts(self):
        self.assertEqual(
            '    ID            1\n'
            '    note          ten letters\n'
            '    long          nine word nine word nine word nine word nine '
            'word nine word\n'
            '                  nine word',
            markdown.facts(
                (
                    ('ID', '1'),
                    ('empty', ''),
                    ('note', 'ten letters'),
                    ('long', ' '.join(['nine word'] * 7)),
                )
            ),
        )

    def test_prose_is_broken_and_blocks_are_not(self):
        long = 'word ' * 40
        self.assertIn('\n', markdown.wrapped(long))
        for text in (f'    {long}', f'## {long}'):
            self.assertEqual(text, markdown.wrapped(text))

# SPDX-License-Identifier: Apache-2.0
"""Words of the cloud in commands."""

import subprocess

import hypothesis
from hypothesis import strategies
import testtools

from backupclient.manifest.restore import shell


class TestShell(testtools.TestCase):
    def test_plain(self):
        self.assertEqual(
            'a b c d e f', shell.plain('a\nb\x1bc\u202ed\x9be\ud800f')
        )
        self.assertEqual('Büro 東京', shell.plain('Büro 東京'))

    @hypothesis.given(strategies.lists(strategies.text(), max_size=4))
    @hypothesis.settings(max_examples=30, deadline=None)
    def test_any_words_stay_words(self, texts):
        words = ' '.join(shell.word(text) for text in texts)
        done = subprocess.run(
            ['bash', '-c', f"printf '%s\\n' {words}"],
            capture_output=True,
            text=True,
        )
        self.assertEqual(
            [shell.plain(text) for text in texts] or [''],
            done.stdout.removesuffix('\n').split('\n'),
        )

    def test_option(self):
        self.assertEqual("--type 'a b'", shell.option('--type', 'a b'))
        self.assertEqual('--type=-f', shell.option('--type', '-f'))
        self.assertEqual('', shell.option('--type', ''))

    def test_last(self):
        self.assertEqual("'a b'", shell.last('a b', 'x'))
        self.assertEqual('-- -f', shell.last('-f', 'x'))
        self.assertEqual('x', shell.last('', 'x'))

    def test_kept(self):
        self.assertEqual(
            "A=$(make \\\n    --this \\\n    -f value -c 'the ID' \\\n    it)",
            shell.kept('A', 'the ID', 'make', '', '--this', 'it'),
        )

    def test_value(self):
        self.assertEqual('"${A:?}"', shell.value('A'))

# SPDX-License-Identifier: Apache-2.0
"""Words of the cloud in commands."""

import os
import subprocess

import hypothesis
from hypothesis import strategies
import testtools

from backupclient.model import names
from backupclient.procedures.restore import shell
from backupclient.tests.unit.operations.by_hand import commands


class TestShell(testtools.TestCase):
    def test_plain(self):
        self.assertEqual(
            'a b c d e f', shell.plain('a\nb\x1bc\u202ed\x9be\ud800f')
        )
        self.assertEqual('Büro 東京', shell.plain('Büro 東京'))

    def test_word(self):
        for text, word in (
            ('a', 'a'),
            ('', "''"),
            ('a b', "'a b'"),
            ("it's", "'it'\"'\"'s'"),
            ('Büro \U0001f600', "'Büro \U0001f600'"),
            ('a\nb\tc\rd\\', r"$'a\nb\tc\rd\\'"),
            ('\x1b[2J\u202e', r"$'\x1b[2J\xe2\x80\xae'"),
            ("'\n!", r"$'\x27\n\x21'"),
            ("'!", r"$'\x27\x21'"),
            ('\0\ud800', "'  '"),
        ):
            self.assertEqual(word, shell.word(text))
            self.assertTrue(word.isprintable())

    @hypothesis.given(strategies.lists(strategies.text(), max_size=4))
    @hypothesis.settings(max_examples=30, deadline=None)
    def test_any_words_stay_words(self, texts):
        """In any locale: what the page has is bytes."""
        words = ' '.join(shell.word(text) for text in texts)
        for locale in ('C', 'C.UTF-8'):
            done = subprocess.run(
                ['bash', '-c', f"printf '%s\\0' {words}"],
                capture_output=True,
                env={**os.environ, 'LC_ALL': locale},
            )
            self.assertEqual(
                [text.replace('\0', ' ') for text in texts] or [''],
                done.stdout.decode().removesuffix('\0').split('\0'),
            )

    def test_pasted(self):
        """An interactive bash has a history, and completes at tabs."""
        text = 'a!b"`$x\\\n\t\x1b\u202e^a^b^'
        for each in (text, f"'{text}'!", "it's !x", "!x's", '!!', "'!!"):
            command = f"    printf '%s\\0' {shell.word(each)} >said"
            bash = self.useFixture(commands.Shell())
            bash.type(command)
            self.assertEqual(f'{each}\0', (bash.folder / 'said').read_text())

    def test_properties(self):
        found = {'a': 'b=c', 'd=e': 'f', '': 'g', 'h': '\0'}
        self.assertEqual(
            ("--property 'a=b=c'".replace("'", ''), "--property 'h= '"),
            shell.properties(found),
        )
        self.assertEqual(('=g', 'd=e=f', 'h=\0'), shell.inexpressible(found))

    def test_option(self):
        self.assertEqual("--type 'a b'", shell.option('--type', 'a b'))
        self.assertEqual('--type=-f', shell.option('--type', '-f'))
        self.assertEqual('', shell.option('--type', ''))

    def test_suffix(self):
        """The reader says how a name ends."""
        end = names.SUFFIX
        for text, word in (
            (f'a b{end}', '\'a b\'"$SUFFIX"'),
            (end, '"$SUFFIX"'),
            (f"it's\n{end}", '$\'it\\x27s\\n\'"$SUFFIX"'),
        ):
            self.assertEqual(word, shell.word(text))

    def test_last(self):
        self.assertEqual("'a b'", shell.positional('a b'))
        self.assertEqual('-- -f', shell.positional('-f'))
        self.assertEqual("''", shell.positional(''))

    def test_ids(self):
        self.assertEqual('new[1-4]', shell.new('1-4'))
        self.assertEqual('"${new[1-4]:?}"', shell.value(shell.new('1-4')))
        self.assertEqual(
            'new[1-4]=$(ready volume "${VOLUME:?}")',
            shell.ready('1-4', 'volume', 'VOLUME'),
        )

    def test_content(self):
        self.assertEqual('cat keys/a.key', shell.content('keys/a.key'))
        self.assertEqual(
            'age --decrypt -i "${IDENTITY:?}" keys/a.key.age',
            shell.content('keys/a.key.age'),
        )

    def test_kept(self):
        self.assertEqual(
            "A=$(make \\\n    --this \\\n    -f value -c 'the ID' \\\n    it)",
            shell.assign('A', 'the ID', 'make', '', '--this', 'it'),
        )

    def test_value(self):
        self.assertEqual('"${A:?}"', shell.value('A'))

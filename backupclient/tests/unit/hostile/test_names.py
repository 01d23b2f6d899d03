# SPDX-License-Identifier: Apache-2.0
"""Names that are tries to break out: in all that the program gives out."""

import codecs
import dataclasses
import enum
import itertools
import json
import re
import shlex
import subprocess

import hypothesis
from hypothesis import strategies as st
import markdown_it
import testtools

from backupclient import errors
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.keys import protection
from backupclient.model import inventories
from backupclient.model import resources
from backupclient.operations.by_hand import page
from backupclient.planner import naming
from backupclient.tests.unit import examples
from backupclient.tests.unit.hostile import values
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.osc import base
from backupclient.tests.unit.sets import samples

FILE = re.compile('[a-z]+/[0-9a-z-]+([.][0-9a-z]+)+')
COMMAND = re.compile("[0-9A-Za-z ./'*_-]+")


class TestCase(base.TestCase):
    def seed(self, name):
        """One of everything has a name, and all other texts are the same."""
        fake, more = self.fake, {'description': name, 'metadata': {name: name}}
        fake.cinder.add_volume(name, b'data', **more)
        fake.nova.add_server(
            name,
            b'boot',
            metadata={name: name},
            tags=[name],
            key_name=name,
            addresses={name: [{'addr': name}]},
            security_groups=[{'name': name}],
        )
        fake.glance.add_image(name, b'image', tags=[name], **{name: name})
        fake.barbican.add_secret(name, b'secret', algorithm=name)

    def all_to_files(self, *more):
        return ['--all', '--to', self.target, '--plaintext-keys', *more]

    def check_output(self, *words):
        """Nothing that is printed does anything to a terminal."""
        shown = self.out.said + self.err.said
        self.assertFalse(values.obeys(shown), words)
        self.assertTrue(shown)


class TestPlan(TestCase):
    def setUp(self):
        super().setUp()
        for name in values.NAMES:
            self.seed(name)

    def test_table(self):
        for more in ([], ['--steps']):
            words = ['backup', 'plan', *self.all_to_files(*more)]
            self.assertEqual(0, self.openstack(*words), self.err.said)
            self.check_output(*words)

    def test_machines_get_them_as_they_are(self):
        rows = self.rows('plan', *self.all_to_files())
        self.assertEqual({*values.NAMES}, {row['Name'] for row in rows})

    def test_commands_are_safe_to_paste(self):
        rows = self.rows('plan', '--steps', *self.all_to_files())
        for command in {row['Command'] for row in rows}:
            self.assertTrue(COMMAND.fullmatch(command), command)
            self.assertEqual('openstack', shlex.split(command)[0])
            self.assertEqual(command.count('*'), command.count(".*'"), command)

    def test_errors(self):
        kinds = itertools.cycle(resources.Kind)
        for name, kind in zip(values.NAMES, kinds, strict=False):
            words = ['backup', 'plan', f'--{kind}={name}x', '--to', 'x']
            self.assertEqual(2, self.openstack(*words), self.err.said)
            self.check_output(*words)
            self.assertNotIn('Traceback', self.err.said)


class TestRun(TestCase):
    """A whole run, into files."""

    def test_run(self):
        for name in values.NAMES:
            self.seed(name)
        words = ['backup', 'run', *self.all_to_files()]
        self.assertEqual(0, self.openstack(*words), self.err.said)
        self.check_output(*words)
        (made,) = self.target.iterdir()
        self.check_set(made)

    def check_set(self, made):
        files = {
            str(path.relative_to(made))
            for path in made.rglob('*')
            if path.is_file()
        }
        texts = {'manifest.json', 'RESTORE.md', 'SHA512SUMS'}
        for name in files - texts:
            self.assertTrue(FILE.fullmatch(name), name)
        self.assertEqual(4 * len(values.NAMES), len(files - texts))
        done = subprocess.run(
            ['sha512sum', '-c', '--quiet', '--strict', 'SHA512SUMS'], cwd=made
        )
        self.assertEqual(0, done.returncode)
        manifest = (made / 'manifest.json').read_text()
        self.assertTrue(manifest.isascii())
        self.assertFalse(values.obeys(manifest))
        self.assertEqual(
            {*values.NAMES},
            {one['resource']['name'] for one in json.loads(manifest)['items']},
        )
        page = (made / 'RESTORE.md').read_text()
        self.assertTrue(page.replace('\n', '').isprintable())

    def test_on_a_terminal(self):
        """Nothing but what draws the lines gets there."""
        for name in values.NAMES:
            self.fake.barbican.add_secret(name, b'secret')
        words = ['backup', 'run', *self.all_to_files()]
        self.assertEqual(0, self.openstack(*words, terminal=True))
        self.assertFalse(values.obeys(self.out.said))
        for evil in (
            '\x1b]',
            '\x07',
            '\x1b[31m',
            '\x9b',
            '\0',
            '\t',
            '\u202e',
        ):
            self.assertNotIn(evil, self.err.said)
        self.assertIn('[red]markup[/red] :bomb: %s {0}', self.err.said)

    def test_names_of_artifacts(self):
        """Whatever a resource is called, its backup gets a name."""
        self.fake.cinder.limits['backups'] = 100
        for name in values.NAMES:
            self.fake.cinder.add_volume(name, b'data')
        for method, kind in (('image', 'images'), ('backup', 'backups')):
            for start in ('', 'n', '\u6771' * 200):
                words = ['run', '--all', '--volume-method', method]
                self.fake.world.things[kind].clear()
                rows = self.rows(*words, '--name', start)
                things = self.fake.world.things[kind]
                names = {things[row['Result']]['name'] for row in rows}
                self.assertEqual(len(values.NAMES), len(names))
                for name in names:
                    self.assertLessEqual(len(name), 255)
                    self.assertFalse(values.obeys(name), name)
                    self.assertFalse('\n' in name or max(name) > '\uffff')


class TestPage(testtools.TestCase):
    """``RESTORE.md``, whose commands a person pastes."""

    KEPT = frozenset(
        {
            *('id', 'image_id', 'key_id', 'secret_id', 'server_id'),
            *('algorithm', 'digests', 'path', 'volume_ids'),
            *('container_format', 'content_type', 'device', 'disk_format'),
            *('opens', 'root_device', 'secret_type', 'visibility'),
            *('image_metadata', 'metadata', 'properties', 'recipients'),
        }
    )

    def page(self, text):
        """The page of a project in which each name is a text."""
        return page.render(self.named(samples.EVERYTHING, text))

    def named(self, value, text):
        if isinstance(value, tuple):
            return tuple(self.named(one, text) for one in value)
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            return text
        if not dataclasses.is_dataclass(value):
            return value
        return dataclasses.replace(
            value,
            **{
                field.name: self.named(getattr(value, field.name), text)
                for field in dataclasses.fields(value)
                if field.name not in self.KEPT and field.name != 'target'
            },
        )

    def words(self, text):
        """The words of each block of commands, as a shell splits it."""
        return [
            shlex.split(_spelt(block))
            for block in commands.scripts(self.page(text))
        ]

    @examples.examples(8)
    @hypothesis.given(
        st.sampled_from(values.NAMES) | st.text(min_size=1, max_size=20)
    )
    def test_each_name_is_a_word(self, text):
        # That of an option stays at its option, and "--" comes before others.
        if text.startswith('-'):
            text = f'.{text}'
        usual, found = self.words('usual'), self.words(text)
        self.assertEqual([len(each) for each in usual], [*map(len, found)])
        held = text.replace('\0', ' ')
        flat = itertools.chain.from_iterable
        for before, after in zip(flat(usual), flat(found), strict=True):
            spelt = _in_json(text) if before.startswith('{') else held
            self.assertEqual(before.replace('usual', spelt), after)

    @examples.examples(8)
    @hypothesis.given(st.sampled_from(values.NAMES) | st.text(max_size=20))
    def test_page_keeps_its_form(self, text):
        usual, found = (
            [
                (token.type, token.tag, token.level)
                for token in markdown_it.MarkdownIt().parse(self.page(each))
            ]
            for each in ('usual', f'{text}x')
        )
        self.assertEqual(usual, found)


def _spelt(block):
    """Write what bash has escapes for as it is: shlex knows none."""

    def spell(found):
        if found[1] is None:
            return found[0]
        text = codecs.escape_decode(found[1].encode())[0].decode()
        return shlex.quote(text)

    quoted = r"""\$'((?:[^'\\]|\\.)*)'|'[^']*'|"(?:[^"\\]|\\.)*\""""
    return re.sub(quoted, spell, block)


def _in_json(text):
    """Write a text as a JSON between single quotes has it."""
    return json.dumps(text)[1:-1].translate(
        {ord(c): f'\\u{ord(c):04x}' for c in "'!\x7f"}
    )


class TestTyped(TestCase):
    """What a person types is not trusted more than what a cloud says."""

    def test_names(self):
        known = [
            resources.Resource(resources.Kind.VOLUME, name, f'id-{number}')
            for number, name in enumerate(values.NAMES)
        ]
        for text in (*values.NAMES, *values.PATHS):
            try:
                found = naming.find(resources.Kind.VOLUME, text, known)
            except errors.UsageError as error:
                self.assertLess(len(str(error)), 5000)
            else:
                self.assertEqual(text, found.name)

    def test_runs(self):
        here = inventories.CloudIdentity(
            'https://cloud', 'one', 'p', 'web', 'a'
        )
        for text in (*values.NAMES, *values.PATHS):
            self.assertRaises(errors.UsageError, unfinished.find, text, here)
            self.assertIs(journals.Fate.UNKNOWN, journals.fate(text))

    def test_recipients(self):
        for text in (*values.NAMES, *values.PATHS):
            for value in (text, f'age1{text}', f'ssh-rsa {text}', text * 99):
                error = self.assertRaises(
                    errors.UsageError, protection.expand, [value]
                )
                self.assertLess(len(str(error)), 900)
                self.assertFalse(values.obeys(str(error)))
                self.assertRaises(
                    errors.UsageError, protection.Protector, [value]
                )

# SPDX-License-Identifier: Apache-2.0

import unicodedata
import uuid

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.model import names
from backupclient.model import resources
from backupclient.model import tags
from backupclient.tests.unit import examples
from backupclient.tests.unit.hostile import values

RUN = '20260102T030405Z-abcd'
ID = '11111111-2222-3333-4444-555555555555'
OWN = f'backupclient-{RUN}-volume-{ID}'


def volume(name, id_=ID):
    return resources.Resource(resources.Kind.VOLUME, name, id_)


class ArtifactTestCase(testtools.TestCase):
    def test_without_a_start(self):
        for name, expected in (
            ('data', f'{OWN} (data)'),
            ('two\nlines\ttab', f'{OWN} (two lines tab)'),
            ('\x1b[31mred', f'{OWN} (\ufffd[31mred)'),
            ('right\u202eleft', f'{OWN} (right\ufffdleft)'),
            ('\U0001f4a3', f'{OWN} (\ufffd)'),
            ('', OWN),
            (' \n', OWN),
        ):
            self.assertEqual(expected, names.artifact(RUN, volume(name)))

    def test_long(self):
        name = names.artifact(RUN, volume('x' * 255))
        self.assertEqual(255, len(name))
        self.assertTrue(name.startswith(f'{OWN} (xxx'), name)
        self.assertTrue(name.endswith('xxx...)'), name)

    def test_the_end_makes_it_no_name_of_a_temporary(self):
        """What has such a name and no tags is nobody's to delete."""
        self.assertTrue(tags.is_name(OWN))
        self.assertFalse(tags.is_name(names.artifact(RUN, volume('data'))))

    def test_with_a_start(self):
        for name, expected in (
            ('data', 'nightly-data'),
            ('', f'nightly-{ID}'),
            ('x' * 247, 'nightly-' + 'x' * 247),
            ('x' * 248, f'nightly-{"x" * 207}...-{ID}'),
        ):
            found = names.artifact(RUN, volume(name), 'nightly')
            self.assertEqual(expected, found)

    def test_shared(self):
        same = names.shared([volume('data'), volume('da\nta'), volume('data')])
        self.assertEqual({'data'}, same)
        self.assertEqual(
            f'nightly-data-{ID}',
            names.artifact(RUN, volume('data'), 'nightly', same),
        )

    def test_start_of_an_earlier_release(self):
        """It was cut in silence, so that all had the same name."""
        for start in ('x' * 300, 'a\nb' * 99):
            found = {
                names.artifact(RUN, volume(name, str(uuid.uuid4())), start)
                for name in ('data', 'data', 'logs', '')
            }
            self.assertEqual(4, len(found))

    @examples.examples(50)
    @hypothesis.given(
        st.lists(values.texts, min_size=1, max_size=5),
        values.texts | st.just(''),
    )
    def test_any(self, found, start):
        kept = [volume(name, str(uuid.uuid4())) for name in found]
        same = names.shared(kept)
        made = [names.artifact(RUN, one, start, same) for one in kept]
        self.assertEqual(len(kept), len(set(made)))
        for text in (*made, *(names.description(RUN, one) for one in kept)):
            self.assertLessEqual(len(text), 255)
            for char in text:
                self.assertLessEqual(char, '\uffff')
                self.assertNotEqual('C', unicodedata.category(char)[0])


class DescriptionTestCase(testtools.TestCase):
    def test_description(self):
        end = f'({ID}), run {RUN}'
        for name, expected in (
            ('data', f'Volume "data" {end}'),
            ('', f'Volume {end}'),
            ('a\nb', f'Volume "a b" {end}'),
        ):
            self.assertEqual(expected, names.description(RUN, volume(name)))
        self.assertEqual(255, len(names.description(RUN, volume('x' * 255))))


class RestoredTestCase(testtools.TestCase):
    def test_restored(self):
        for name, suffix, found in (
            ('web', '', 'web'),
            ('web', '-2', 'web-2'),
            ('', '-2', ''),
            ('x' * 255, '', 'x' * 255),
            ('x' * 254, '-2', 'x' * 250 + '...-2'),
            ('x' * 255, names.SUFFIX, 'x' * 255 + names.SUFFIX),
        ):
            self.assertEqual(found, names.restored(name, suffix))


class StartTestCase(testtools.TestCase):
    def test_accepted(self):
        for text in ('', 'x' * 200, 'a b', '\u6771 \u4eac', '\U0001f4a3'):
            names.require_start(text)

    def test_end(self):
        for text in ('', '-new', 'x' * 100, ' (new)', '\u6771'):
            names.require_end(text)
        for text in (' ', '-new ', 'x' * 101, 'a\nb', '\0', '\u202e'):
            self.assertRaises(ValueError, names.require_end, text)

    def test_refused(self):
        texts = (' ', 'x' * 201, 'a\nb', '\0', '\x7f', '\u202e', '\u2029')
        for text in texts:
            self.assertRaises(ValueError, names.require_start, text)

# SPDX-License-Identifier: Apache-2.0
"""Files and words that others wrote, one reader at a time."""

import pathlib

import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient import errors
from backupclient.keys import protection
from backupclient.keys.luks import proof as luks
from backupclient.osc import display
from backupclient.tests.unit import examples
from backupclient.tests.unit.hostile import values
from backupclient.tests.unit.keys import test_protection
from backupclient.tests.unit.keys.luks import vectors
from backupclient.transfer import comparison

KEYS = f'# keys\n{test_protection.PUBLIC}\n{test_protection.OTHER}\n'.encode()


class TestFiles(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'x')

    @examples.examples(60)
    @hypothesis.given(st.binary() | values.damaged(KEYS))
    def test_recipients(self, data):
        self.path.write_bytes(data)
        try:
            found = protection.expand([str(self.path)])
        except errors.UsageError as error:
            self.assertLess(len(str(error)), 500)
            self.assertFalse(values.obeys(str(error)))
        else:
            protection.Protector(found)

    @examples.examples(60)
    @hypothesis.given(
        st.builds(
            lambda magic, rest: magic + rest,
            st.sampled_from((b'LUKS\xba\xbe\0\1', b'LUKS\xba\xbe\0\2', b'')),
            st.binary(max_size=5000),
        )
    )
    def test_disk_images(self, data):
        found = luks.prove(vectors.opened(data), [b'key'])
        self.assertIs(luks.Opens.NOT_CHECKED, found.opens)
        self.assertFalse(values.obeys(found.reason))

    @examples.examples(60)
    @hypothesis.given(values.texts, values.texts, values.texts)
    def test_hashes_of_a_service(self, algorithm, value, md5):
        expected = comparison.Expected(1, algorithm, value, md5)
        tally = comparison.Tally(expected, lambda done, total: None)
        try:
            tally.add(b'x')
            tally.prove()
        except comparison.Mismatch as error:
            self.assertIn('cloud says', str(error))
        else:
            self.assertFalse(expected.digest[0])
        finally:
            tally.close()

    @examples.examples(60)
    @hypothesis.given(st.integers(0, (1 << 63) * 10**6))
    def test_sizes(self, count):
        self.assertFalse(values.obeys(display.size(count)))

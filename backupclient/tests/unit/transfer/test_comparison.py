# SPDX-License-Identifier: Apache-2.0

import contextlib
import hashlib

import testtools

from backupclient.tests.unit.transfer import fakes
from backupclient.transfer import comparison

DATA = b'some data'
SHA256 = hashlib.sha256(DATA).hexdigest()
SHA512 = hashlib.sha512(DATA).hexdigest()
MD5 = hashlib.md5(DATA).hexdigest()


class TestExpected(testtools.TestCase):
    def test_best_digest(self):
        table = [
            (
                comparison.Expected(9, 'sha256', SHA256, MD5),
                ('sha256', SHA256),
            ),
            (
                comparison.Expected(9, 'SHA256', SHA256.upper()),
                ('sha256', SHA256),
            ),
            (comparison.Expected(9, 'sha9', SHA256, MD5), ('md5', MD5)),
            (comparison.Expected(9, 'shake_256', SHA256, MD5), ('md5', MD5)),
            (comparison.Expected(9, 'sha256', '', MD5.upper()), ('md5', MD5)),
            (comparison.Expected(9, 'sha9', SHA256), ('', '')),
            (comparison.Expected(9), ('', '')),
        ]
        for expected, digest in table:
            self.assertEqual(digest, expected.digest, expected)


class TestTally(testtools.TestCase):
    def _tally(self, expected, progress=fakes.ignore):
        return contextlib.closing(comparison.Tally(expected, progress))

    def _prove(self, expected):
        with self._tally(expected) as tally:
            tally.add(DATA[:4])
            tally.add(DATA[4:])
            return tally.prove()

    def test_sha512_is_always_there(self):
        self.assertEqual(
            comparison.Proved(
                9, {'sha512': SHA512, 'sha256': SHA256}, 'sha256'
            ),
            self._prove(comparison.Expected(9, 'sha256', SHA256)),
        )

    def test_says_what_was_compared(self):
        table = [
            (comparison.Expected(9, 'sha512', SHA512), 'sha512'),
            (comparison.Expected(None, 'sha512', SHA512), 'sha512'),
            (comparison.Expected(9, 'sha9', 'ab', MD5), 'md5'),
            (comparison.Expected(9, 'sha9', 'ab'), 'size'),
            (comparison.Expected(9), 'size'),
            (comparison.Expected(), ''),
        ]
        for expected, verified in table:
            self.assertEqual(verified, self._prove(expected).verified)

    def test_mismatches(self):
        table = [
            (
                comparison.Expected(9, 'sha256', SHA512),
                'the sha256 .* cloud says',
            ),
            (comparison.Expected(9, md5=SHA512), 'the md5'),
            (comparison.Expected(10), '9 bytes came instead of 10'),
            (comparison.Expected(8), 'more than the expected 8'),
            (comparison.Expected(0), 'more than the expected 0'),
        ]
        for expected, text in table:
            error = self.assertRaises(
                comparison.Mismatch, self._prove, expected
            )
            self.assertRegex(str(error), text)

    def test_counts(self):
        heard = []
        with self._tally(
            comparison.Expected(9), progress=lambda *now: heard.append(now)
        ) as tally:
            tally.add(DATA[:4])
            self.assertEqual((4, 5), (tally.done, tally.missing))
            tally.add(DATA[4:])
            self.assertEqual((9, 0), (tally.done, tally.missing))
        self.assertEqual([(4, 9), (9, 9)], heard)

    def test_size_not_known(self):
        with self._tally(comparison.Expected()) as tally:
            tally.add(DATA)
            self.assertIsNone(tally.missing)

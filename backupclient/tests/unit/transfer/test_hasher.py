# SPDX-License-Identifier: Apache-2.0

import hashlib
import threading

import testtools

from backupclient.transfer import hasher


class TestSupported(testtools.TestCase):
    def test_what_glance_uses(self):
        for algorithm in ('sha512', 'sha256', 'md5', 'sha1'):
            self.assertTrue(hasher.supported(algorithm), algorithm)

    def test_unknown(self):
        self.assertFalse(hasher.supported('sha9'))
        self.assertFalse(hasher.supported(''))

    def test_digest_without_a_length_of_its_own(self):
        self.assertFalse(hasher.supported('shake_128'))


class TestHasher(testtools.TestCase):
    def _hasher(self, *algorithms):
        made = hasher.Hasher(algorithms)
        self.addCleanup(made.close)
        return made

    def test_blocks_in_order(self):
        blocks = [bytes([number]) * 5000 for number in range(50)]
        made = self._hasher('sha512', 'md5')
        for block in blocks:
            made.update(block)
        whole = b''.join(blocks)
        self.assertEqual(
            {
                'sha512': hashlib.sha512(whole).hexdigest(),
                'md5': hashlib.md5(whole).hexdigest(),
            },
            made.digests(),
        )

    def test_nothing(self):
        self.assertEqual(
            {'sha256': hashlib.sha256().hexdigest()},
            self._hasher('sha256').digests(),
        )

    def test_goes_on_after_digests(self):
        made = self._hasher('sha256')
        made.update(b'a')
        made.digests()
        made.update(b'b')
        self.assertEqual(
            {'sha256': hashlib.sha256(b'ab').hexdigest()}, made.digests()
        )

    def test_error_of_the_thread_comes_out(self):
        made = self._hasher('sha256')
        made.update('not bytes')
        self.assertRaises(TypeError, made.digests)

    def test_error_of_the_thread_ends_a_long_stream(self):
        made = self._hasher('sha256')

        def feed():
            for _ in range(100):
                made.update('not bytes')

        self.assertRaises(TypeError, feed)

    def test_close_leaves_no_thread(self):
        before = threading.active_count()
        made = self._hasher('sha256')
        made.update(bytes(1 << 20))
        made.close()
        self.assertEqual(before, threading.active_count())

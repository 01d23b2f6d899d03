# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient.keys.luks import facts
from backupclient.keys.luks import opening
from backupclient.tests.unit.keys.luks import vectors

GIB = 1 << 30


class FactsTestCase(testtools.TestCase):
    def test_versions(self):
        for name, version in (
            ('luks1', 1),
            ('luks2-pbkdf2', 2),
            ('luks2-argon2id', 2),
        ):
            image = vectors.opened(vectors.image(name))
            self.assertEqual(version, facts.version(image))

    def test_no_header(self):
        for content in (b'', bytes(8192), b'x' * 8192, b'LUKS\xba\xbe\0\3'):
            image = vectors.opened(content)
            self.assertEqual(0, facts.version(image))
            self.assertEqual(GIB, facts.plain_size(image, GIB))

    def test_size_of_the_plain_disk(self):
        """As of what opens it."""
        for name in ('luks1', 'luks2-pbkdf2'):
            image = vectors.opened(vectors.image(name))
            opener = opening.unlock(image, vectors.RIGHT)
            for size in (GIB, 100):
                self.assertEqual(
                    opener.plain_size(size), facts.plain_size(image, size)
                )

# SPDX-License-Identifier: Apache-2.0
"""Whatever a header says, the proof ends soon and with an answer."""

import fixtures
import hypothesis
from hypothesis import strategies
import testtools

from backupclient.keys.luks import opening
from backupclient.keys.luks import proof
from backupclient.tests.unit import examples
from backupclient.tests.unit.keys.luks import vectors

SCALARS = (
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.integers(0, 1 << 16)
    | strategies.floats()
    | strategies.text(max_size=20)
    | strategies.integers().map(str)
)
VALUES = SCALARS | strategies.lists(SCALARS) | strategies.just({})
LUKS2 = strategies.sampled_from(vectors.NAMES[1:]).map(vectors.image)

MAGIC = 8

SETTINGS = examples.examples(60)


def places(node):
    """Give each place in a JSON value: what it is in, and where there."""
    if isinstance(node, dict | list):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from places(node[key])


@strategies.composite
def luks2(draw):
    """Give a LUKS2 header with odd values and the right checksum."""

    def change(header):
        for _ in range(draw(strategies.integers(1, 3))):
            found = list(places(header))
            node, key = found[draw(strategies.integers(0, len(found) - 1))]
            node[key] = draw(VALUES)

    return vectors.changed(draw(LUKS2), change)


@strategies.composite
def damaged(draw, images, size):
    """Overwrite some bytes at the beginning of an image."""
    image = draw(images)
    for _ in range(draw(strategies.integers(1, 4))):
        offset = draw(strategies.integers(MAGIC, size))
        image = vectors.patch(
            image, offset, draw(strategies.binary(min_size=1, max_size=8))
        )
    ends = strategies.integers(0, size * 2)
    return image[: draw(strategies.sampled_from([None] * 4) | ends)]


class TestHostile(testtools.TestCase):
    """Headers from hypothesis."""

    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.keys.luks.proof._MOST_SECONDS', 0.5
            )
        )

    def check(self, content: bytes) -> None:
        found = proof.prove(vectors.opened(content), vectors.RIGHT)
        self.assertEqual(found.reason == '', found.opens == proof.Opens.YES)
        self.assertTrue(found.reason.isprintable())
        self.assertLess(len(found.reason), 300)
        if found.opens == proof.Opens.YES:
            self.check_opening(content)

    def check_opening(self, content: bytes) -> None:
        try:
            opener = opening.unlock(vectors.opened(content), vectors.RIGHT)
        except opening.NotOpened as error:
            self.assertTrue(str(error).isprintable())
        else:
            self.assertLessEqual(len(opener.feed(content)), len(content))

    @SETTINGS
    @hypothesis.given(damaged(strategies.just(vectors.image('luks1')), 592))
    def test_luks1(self, content):
        self.check(content)

    @SETTINGS
    @hypothesis.given(damaged(LUKS2, 512))
    def test_luks2_structure(self, content):
        self.check(content)

    @SETTINGS
    @hypothesis.given(luks2())
    def test_luks2_values(self, content):
        self.check(content)

    @SETTINGS
    @hypothesis.given(LUKS2, strategies.binary(max_size=200))
    def test_luks2_text(self, image, text):
        self.check(vectors.with_text(image, text))

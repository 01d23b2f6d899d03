# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient.cloud import door
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud


class TestCase(testtools.TestCase):
    """A fake cloud, and the door to it."""

    def setUp(self):
        super().setUp()
        self.clock = fake_clock.FakeClock()
        self.log_in()

    def log_in(self, **options):
        """Begin anew, with a cloud of another sort."""
        self.fake = self.useFixture(fake_cloud.FakeCloud(**options))
        self.cloud = door.connect(self.fake.connection(), self.clock)
        self.fake.seen.clear()

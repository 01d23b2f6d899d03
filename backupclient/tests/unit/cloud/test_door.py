# SPDX-License-Identifier: Apache-2.0

from backupclient.cloud import door
from backupclient.cloud import services
from backupclient.tests.unit.cloud import base


class TimeoutTestCase(base.TestCase):
    """What the SDK asks by itself ends too: a new token, the versions."""

    def timeout(self, before):
        connection = self.fake.connection()
        connection.session.timeout = before
        door.connect(connection, self.clock)
        return connection.session.timeout

    def test_without_the_users(self):
        self.assertEqual(max(services.TIMEOUT), self.timeout(None))

    def test_the_users_own(self):
        self.assertEqual(7.0, self.timeout(7.0))

# SPDX-License-Identifier: Apache-2.0

from backupclient.operations import sessions
from backupclient.tests.unit.fake_cloud import worlds
from backupclient.tests.unit.operations import base


class ConnectTestCase(base.TestCase):
    def test_project_of_the_connection(self):
        there = sessions.connect(self.connection)
        self.assertEqual(worlds.PROJECT, there.cloud.identity.project_id)
        self.assertIs(there.clock, there.cloud.clock)
        self.assertEqual([], self.fake.seen)

    def test_what_stops_one_stops_no_other(self):
        one, other = (sessions.connect(self.connection) for _ in range(2))
        one.clock.stop.ask()
        other.clock.stop.check()

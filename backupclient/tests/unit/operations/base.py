# SPDX-License-Identifier: Apache-2.0

from backupclient.operations import sessions
from backupclient.tests.unit.engine import base

DATA = base.DATA


class TestCase(base.TestCase):
    """The Python API against the fake cloud, without the OpenStack client."""

    def new_process(self, stop_at=0):
        super().new_process(stop_at)
        self.session = sessions.Session(self.cloud, self.clock)

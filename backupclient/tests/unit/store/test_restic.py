# SPDX-License-Identifier: Apache-2.0
"""The store in a restic repository, with the real restic."""

import testtools

from backupclient.tests.unit.store import contract
from backupclient.tests.unit.store import repositories


class TestRestic(contract.Contract, testtools.TestCase):
    def new_store(self):
        return self.useFixture(repositories.Repository()).store()

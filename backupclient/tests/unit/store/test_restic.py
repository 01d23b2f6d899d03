# SPDX-License-Identifier: Apache-2.0
"""The store in a restic repository, with the real restic."""

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.tests.unit import examples
from backupclient.tests.unit.store import contract
from backupclient.tests.unit.store import repositories


class TestRestic(contract.Contract, testtools.TestCase):
    def new_store(self):
        return self.useFixture(repositories.Repository()).store()

    # Each of these examples calls restic some times.
    test_any_content = examples.examples(5)(
        hypothesis.given(contract.RUNS, st.integers(50, 20_000), st.data())(
            contract.Contract.test_any_content.hypothesis.inner_test
        )
    )

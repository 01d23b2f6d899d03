# SPDX-License-Identifier: Apache-2.0
"""The contract of a store, on the S3 of Ceph.

WebDAV is left out: it takes no file whose size is not known beforehand.
"""

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.tests.functional import remotes
from backupclient.tests.unit import examples
from backupclient.tests.unit.store import contract
from backupclient.tests.unit.store import rclones


class Case:
    """A remote for each test, and a folder of it for each store."""

    def setUp(self):
        self.remotes = remotes.Remotes()
        self.made = 0
        super().setUp()

    def new_store(self):
        if not self.made:
            self.useFixture(self.remotes)
            self.root = self.remotes.folder / 'root'
            self.root.mkdir()
            self.place = self.configured()
        self.made += 1
        return rclones.open_store(f'{self.place}/{self.made}')

    @examples.examples(2)
    @hypothesis.given(contract.RUNS, st.integers(50, 20_000), st.data())
    def test_any_content(self, runs, step, data):
        self.any_content(runs, step, data)


class S3(Case, contract.Contract, testtools.TestCase):
    def configured(self):
        return self.remotes.s3('ceph')

# SPDX-License-Identifier: Apache-2.0
"""The store in a remote of rclone, with the real program."""

import testtools

from backupclient.tests.unit.store import contract
from backupclient.tests.unit.store import rclones


class RcloneCase(testtools.TestCase):
    def setUp(self):
        self.rclone = rclones.Rclone()
        self.made = 0
        super().setUp()

    def new_store(self):
        self.made += 1
        if self.made == 1:
            self.useFixture(self.rclone)
            self.configure()
        return rclones.open_store(f'remote:backups-{self.made}')

    def configure(self):
        self.root = self.rclone.folder / 'root'
        self.root.mkdir()
        self.rclone.remote('base', type='local')
        self.rclone.remote('remote', type='alias', remote=f'base:{self.root}')


class TestLocal(contract.Contract, RcloneCase):
    """The contract, on a folder: the file system tells hashes."""

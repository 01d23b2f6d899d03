# SPDX-License-Identifier: Apache-2.0
"""Machines that never saw a run: what their commands know, as tenants do."""

import os
import pathlib

import fixtures

_FOLDERS = ('CACHE_HOME', 'CONFIG_HOME', 'DATA_HOME', 'RUNTIME_DIR',
            'STATE_HOME')  # fmt: skip


class Machine(fixtures.Fixture):
    """Another machine: all folders in which a program keeps something are new.

    :param tenant: whose credentials are there, None: nobody's.
    :param known: variables that somebody sets there by hand, such as the
        password of a repository. No other one of the target is there.
    """

    def __init__(self, tenant=None, **known):
        self._tenant = tenant
        self._known = known

    def _setUp(self):
        self._home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in _FOLDERS:
            (self._home / name).mkdir(mode=0o700)

    def environment(self):
        """What a command needs."""
        found = self._tenant.environment() if self._tenant else os.environ
        kept = {
            name: value
            for name, value in found.items()
            if not name.startswith(('AWS_', 'RCLONE_', 'RESTIC_'))
            and (self._tenant or not name.startswith('OS_'))
        }
        folders = {f'XDG_{name}': str(self._home / name) for name in _FOLDERS}
        home = {'HOME': str(self._home)}
        return {**kept, **home, **folders, **self._known}

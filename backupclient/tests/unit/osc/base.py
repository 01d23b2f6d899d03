# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import json
import logging
import pathlib

import fixtures
from openstackclient import shell
import testtools

from backupclient.store import localfile
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud


class Stream(io.TextIOWrapper):
    """What a stream of a process is, with a terminal or without."""

    def __init__(self, terminal=False):
        super().__init__(io.BytesIO(), encoding='utf-8', write_through=True)
        self._terminal = terminal

    def isatty(self):
        return self._terminal

    @property
    def data(self):
        return self.buffer.getvalue()

    @property
    def said(self):
        return self.data.decode()


class TestCase(testtools.TestCase):
    """The commands as a person types them, in this process."""

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch('os.fsync', lambda _: None))
        # The volumes are larger than some disks, and nearly empty.
        free_bytes = localfile.free_bytes
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.localfile.free_bytes',
                lambda folder: free_bytes(folder) and 1 << 50,
            )
        )
        self.fake = self.useFixture(fake_cloud.FakeCloud())
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.target = self.root / 'backups'
        environment = {
            **fake_cloud.ENVIRONMENT,
            'XDG_STATE_HOME': str(self.root / 'state'),
            'XDG_CACHE_HOME': str(self.root / 'cache'),
            'HOME': str(self.root),
            # Of cliff's tables and rich's lines.
            'COLUMNS': '500',
        }
        for name, value in environment.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.clocks.SystemClock', self._make_clock
            )
        )
        # The shell adds handlers of its own and leaves them behind.
        self.useFixture(fixtures.LogHandler(logging.NullHandler()))
        self.stop_at = 0

    def _make_clock(self):
        return fake_clock.FakeClock(self.stop_at)

    def openstack(self, *words, terminal=False):
        """Run a command, and give its exit code.

        What it wrote is in ``out`` and ``err``.
        """
        self.out, self.err = Stream(terminal), Stream(terminal)
        with (
            contextlib.redirect_stdout(self.out),
            contextlib.redirect_stderr(self.err),
        ):
            return self.shell(*words)

    def shell(self, *words):
        """Run a command with the streams that there are."""
        try:
            return shell.OpenStackShell().run(list(map(str, words)))
        except SystemExit as exc:
            return exc.code

    def rows(self, *words, code=0):
        """Run a command, and give what it prints as JSON."""
        found = self.openstack('backup', *words, '-f', 'json')
        self.assertEqual(code, found, self.err.said)
        return json.loads(self.out.said)

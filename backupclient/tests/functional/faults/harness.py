# SPDX-License-Identifier: Apache-2.0
"""Starts the program, as it is or forked from one that is in memory."""

import pathlib
import subprocess

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import forked

LIMIT = 300.0
"""Seconds that a run may take: many times what one takes without faults."""


class Program(fixtures.Fixture):
    """The ``openstack`` command itself."""

    def _setUp(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self._out, self._err = folder / 'out', folder / 'err'

    def run(self, arguments, environment, session):
        """Run a command to its end.

        :param session: of the proxy, for its requests.
        """
        with open(self._out, 'wb') as out, open(self._err, 'wb') as err:
            process = subprocess.Popen(
                [base.OPENSTACK, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            session.client = process.pid
            with forked.limited(process.pid, LIMIT):
                code = process.wait()
        return base.Result(code, self._out.read_text(), self._err.read_text())


class Zygote(fixtures.Fixture):
    """The command, forked: it starts at once, and is less patient."""

    def _setUp(self):
        self._parent = forked.Parent()
        self.addCleanup(self._parent.end)

    def run(self, arguments, environment, session):
        """Run a command to its end.

        :param session: of the proxy, for its requests.
        """

        def started(pid):
            session.client = pid

        return base.Result(
            *self._parent.run(arguments, environment, LIMIT, None, started)
        )

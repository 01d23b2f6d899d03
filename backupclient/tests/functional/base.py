# SPDX-License-Identifier: Apache-2.0
"""What the functional tests share: the commands as a person runs them."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import fixtures
import testtools

from backupclient.tests import hearing
from backupclient.tests.functional import cloud
from backupclient.tests.functional import forked

OPENSTACK = os.path.join(os.path.dirname(sys.executable), 'openstack')
RUN = re.compile(r'^Run ([^ ,\n]+)', re.M)


class Result:
    """A command that has ended."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err

    @property
    def rows(self):
        """The rows of -f json."""
        return json.loads(self.out)

    @property
    def run(self):
        """The ID of the run."""
        return RUN.search(self.err).group(1)

    def __repr__(self):
        return f'exit {self.code}\n{self.out}\n{self.err}'


def forked_result(words, environment, timeout=900, cwd=None):
    """Run a command to its end, forked."""
    return Result(*forked.patient().run(words, environment, timeout, cwd))


class TestCase(testtools.TestCase):
    """A test in a project of its own.

    :cvar shared: the tests of the class have the project in common, and what
        :meth:`make` makes. Each leaves that as it found it; what a test adds
        is deleted when it ends. To make servers and encrypted volumes takes
        longer than most tests.
    :cvar forked: commands that run to their end are forked from a process
        that has the program in memory.
    """

    roles = ('member', 'creator')
    shared = False
    forked = True

    def setUp(self):
        super().setUp()
        self.useFixture(hearing.Hearing())
        self.target = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        if self.shared:
            self.share()
        else:
            self.tenant = self.useFixture(cloud.Tenant(self.roles))
            self.make()

    def make(self):
        """Make what the test works on, as attributes of the test."""

    def share(self):
        """Make what the tests share, unless another one did that already."""
        cls = type(self)
        if '_made' not in vars(cls):
            before = {*vars(self)}
            self.tenant = cloud.Tenant(self.roles)
            self.tenant.setUp()
            cls.addClassCleanup(self.tenant.cleanUp)
            self.make()
            cls._made = {
                name: value
                for name, value in vars(self).items()
                if name not in before
            }
            cls._census = self.tenant.settled()
        vars(self).update(cls._made)
        self.tenant.forget_runs()
        self.addCleanup(self.give_back)

    def give_back(self):
        """Delete what the test added; the next one begins as this one."""
        cls = type(self)
        self.tenant.clear(cls._census)
        after = self.tenant.census()
        if after != cls._census:
            # The next test makes its own.
            del cls._made
        self.assertEqual(cls._census, after)

    def openstack(self, *arguments, tenant=None, timeout=900, cwd=None):
        """Run a command to its end."""
        environment = (tenant or self.tenant).environment()
        words = [*map(str, arguments)]
        if self.forked:
            return forked_result(words, environment, timeout, cwd)
        done = subprocess.run(
            [OPENSTACK, *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def backup(self, *arguments, code=0, **options):
        """Run a backup and look at its exit code."""
        result = self.openstack(
            'backup', 'run', *arguments, '-f', 'json', **options
        )
        self.assertEqual(code, result.code, result)
        return result

    def backup_until(self, pattern, number, *arguments, verb='run'):
        """Run a backup; send a signal when it says something.

        :param verb: of another command, such as ``restore``.
        :returns: the result, None as its output when it ended before.
        """
        process = subprocess.Popen(
            [OPENSTACK, 'backup', verb, *map(str, arguments), '-f', 'json'],
            env=self.tenant.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = []
        for line in process.stderr:
            said.append(line)
            if re.search(pattern, line):
                process.send_signal(number)
                break
        out, err = process.communicate(timeout=900)
        return Result(process.returncode, out, ''.join(said) + err)

    def backup_set(self, result):
        """The folder of a run's backup set, after sha512sum has checked it."""
        folder = self.target / result.run
        subprocess.run(
            ['sha512sum', '--check', '--strict', '--quiet', 'SHA512SUMS'],
            cwd=folder,
            check=True,
        )
        return folder

    def read_volume(self, volume_id, tenant=None):
        """Bring all bytes of a volume to a file, from below Cinder.

        :returns: the file. Of an encrypted volume it has the beginning,
            decrypted with the key that ``export-key`` gives.
        """
        tenant = tenant or self.tenant
        file = pathlib.Path(tenant.folder) / f'{volume_id}.read'
        cloud.devcloud('read-volume', volume_id, file)
        volume = tenant.conn.block_storage.get_volume(volume_id)
        if not volume.is_encrypted:
            return file
        key = file.with_suffix('.key')
        exported = self.openstack(
            'backup', 'export-key', volume_id, '--file', key, tenant=tenant
        )
        self.assertEqual(0, exported.code, exported)
        return cloud.decrypted(file, key)

    def assertOnly(self, before, *artifacts):
        """Nothing was lost or changed, and only these are new."""
        after = self.tenant.census()
        self.assertEqual(set(), after.lost(before))
        self.assertEqual(set(artifacts), after.new(before))


KILL = signal.SIGKILL
INTERRUPT = signal.SIGINT

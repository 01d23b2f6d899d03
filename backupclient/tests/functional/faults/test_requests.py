# SPDX-License-Identifier: Apache-2.0
"""Every request of every backup procedure, with every fault.

After each case all is as it was before, with exactly one artifact where the
procedure keeps one, and the bytes of what was backed up are right.
"""

import contextlib
import shutil

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cases
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import every
from backupclient.tests.functional.faults import judge


class EveryRequest(every.EveryRequest):
    """A test of a case of :mod:`backupclient.tests.functional.cases`."""

    verb = 'run'

    def setUp(self):
        super().setUp()
        self.original = self.original_of()

    def original_of(self):
        """What the file of the resource must hold."""
        if self.procedure == 'server-image':
            folder = self.useFixture(fixtures.TempDir()).path
            return judge.Disk(self.data, self.size, folder)
        return judge.Original(self.data, self.size)

    def common_requests(self):
        """Those of a cheaper run, which has a test of its own.

        What it leaves is part of the project from then on.
        """
        procedure, tenant = self.procedure, self.tenant
        folder = self.useFixture(fixtures.TempDir()).path
        if procedure == 'secret-download':
            return []
        if procedure in ('image-download', 'volume-backup'):
            tenant.secret('another', 'opaque', b'payload')
            command = ('--secret', 'another', '--plaintext-keys')
        else:
            tenant.volume('another', cloud.content(1))
            command = ('--volume', 'another')
        if procedure != 'volume-image':
            command += ('--to', folder)
        session = self.proxy.begin()
        result = self.launch(self.zygote, session, command)
        self.assertEqual(0, result.code, result)
        self.before = tenant.settled()
        return session.record.first_of_each()

    def run_in(self, launcher, session, command):
        """Run a backup to its end, with an eye on its files."""
        with judge.Watcher(self.target, self.original) as watcher:
            result = super().run_in(launcher, session, command)
        self.assertEqual([], watcher.wrong, result)
        return result

    def assertFailed(self, result):
        """The run failed as it should: it says why, and leaves nothing."""
        self.assertIn(result.code, every.ENDED, result)
        if base.RUN.search(result.err):
            self.assertIn(f'"{self.arguments[1]}"', result.err, result)
        else:
            self.assertNotEqual('', result.err.strip(), result)
        self.assertNothingLeft()
        self.assertEqual([], judge.files(self.target), result)

    def assertComplete(self, result):
        """The run says that it is complete, and it is."""
        self.assertEqual(0, result.code, result)
        [row] = [
            row
            for row in result.rows
            if row['Procedure'] == self.procedure.value
        ]
        self.assertEqual('complete', row['Outcome'], result)
        self.assertEqual([*self.notes], row['Notes'], result)
        self.assertAllRight(result)

    def assertAllRight(self, result):
        """Exactly the backup is there."""
        after = self.tenant.census()
        self.assertEqual(set(), after.lost(self.before), result)
        new = after.new(self.before)
        if self.stays:
            self.assertEqual(1, len(new), f'{new}: {result}')
            kind, artifact = new.pop().split('/')
            self.assertEqual(self.stays, kind, result)
            self.discard(artifact)
            return
        self.assertEqual(set(), new, result)
        [file] = judge.files(self.target)
        folder = self.target / result.run
        self.assertTrue(self.original.is_in(file), result)
        self.assertIn(
            f'{self.original.sha512_of(file)}  {file.relative_to(folder)}\n',
            (folder / 'SHA512SUMS').read_text(),
        )
        self.empty_target()

    def empty_target(self):
        """Make room: the sets of a thousand runs are large."""
        for folder in self.target.iterdir():
            shutil.rmtree(folder)

    def begin_anew(self):
        """Let the next case begin with what a failed one has left."""
        self.empty_target()
        with contextlib.suppress(AssertionError):
            cloud.until(
                lambda: not self.tenant.census().lost(self.before),
                'all is as it was',
                60,
            )
        self.before = self.tenant.census()


globals().update(cases.for_each(EveryRequest))

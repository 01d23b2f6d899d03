# SPDX-License-Identifier: Apache-2.0
"""Every request of every restore procedure, with every fault.

After each case exactly one copy is there, or nothing when the restore failed;
its bytes are right, and nothing that was there before is touched.
"""

import contextlib
import pathlib

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restore_cases
from backupclient.tests.functional.faults import every


class EveryRequest(every.EveryRequest):
    """A test of :mod:`backupclient.tests.functional.restore_cases`."""

    verb = 'restore'

    def backup(self, *arguments):
        """Back something up, too: else it would be of another region."""
        session = self.proxy.begin()
        result = self.launch(self.zygote, session, arguments, 'run')
        self.assertEqual(0, result.code, result)
        return result

    def common_requests(self):
        """Those of a cheaper restore; of a secret, those of its backup.

        What it leaves is part of the project from then on.
        """
        verb, command = self.cheaper()
        session = self.proxy.begin()
        result = self.launch(self.zygote, session, command, verb)
        self.assertEqual(0, result.code, result)
        self.begin()
        return session.record.first_of_each()

    def cheaper(self):
        """The verb and the options of the cheaper run."""
        tenant, folder = self.tenant, self.new_folder()
        if self.told_as() == 'SecretStore':
            return 'run', (
                *('--secret', self.name, '--plaintext-keys'),
                *('--to', folder),
            )
        if self.told_as() == 'VolumeWithKey':
            tenant.volume('another', cloud.content(1))
            kind = 'volume'
        elif self.told_as() == 'ServerBuild':
            tenant.image('another', cloud.content(1))
            kind = 'image'
        else:
            tenant.secret('another', 'opaque', b'payload')
            kind = 'secret'
        what = (f'--{kind}', 'another')
        self.backup(*what, '--to', folder, '--plaintext-keys')
        return 'restore', (*what, '--from', folder, '--suffix=-cheap')

    def new_folder(self):
        return pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def assertFailed(self, result):
        """The restore failed as it should: it says why, and leaves nothing."""
        self.assertIn(result.code, every.ENDED, result)
        if base.RUN.search(result.err):
            self.assertIn(f'"{self.name}"', result.err, result)
        else:
            self.assertNotEqual('', result.err.strip(), result)
        self.assertNothingLeft()

    def assertComplete(self, result):
        """The restore says that it is complete, and it is."""
        self.assertDone(result)

    def assertAllRight(self, result):
        """Exactly one copy is there."""
        self.assertBack(result)

    def begin_anew(self):
        """Let the next case begin with what a failed one has left."""
        with contextlib.suppress(Exception):
            self.discard()
        self.begin()


globals().update(restore_cases.for_each(EveryRequest))

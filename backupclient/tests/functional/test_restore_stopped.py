# SPDX-License-Identifier: Apache-2.0
"""A restore that is stopped or fails in each of its steps.

In ``faults`` a kill comes before and after each request that changes
something.
"""

import re

import fixtures

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import door
from backupclient.model import requests
from backupclient.model import restores
from backupclient.model import results
from backupclient.operations import restore
from backupclient.operations import sessions
from backupclient.procedures import registry
from backupclient.tests.functional import base
from backupclient.tests.functional import restore_cases


def broken(step):
    """Make a step that fails when it has done its work."""

    class Broken(step):
        def do(self, made):
            super().do(made)
            raise errors.BackupError('forced')

    return type(step.__name__, (Broken,), {})


class Stopped:
    """A case of ``restore_cases``, and how its restore is stopped."""

    shared = True

    def titles(self):
        """The steps, as a restore tells them that nothing stops."""
        done = self.openstack(
            'backup', 'restore', *self.command(), '-f', 'json'
        )
        self.assertDone(done)
        told = re.findall(
            rf'^\S+ \S+ {self.kind} "{self.name}" \(\S+\): (.+)$',
            done.err,
            re.M,
        )
        self.assertEqual('complete', told.pop())
        # How far an upload is, is told as well.
        told = [title for title in told if ' of ' not in title]
        self.assertNotEqual([], told)
        return told

    def stop(self, title, number, command):
        return self.backup_until(
            rf': {re.escape(title)}$', number, *command, verb='restore'
        )

    def resume(self, stopped):
        done = self.openstack(
            'backup', 'restore', '--resume', stopped.run, '-f', 'json'
        )
        self.assertOver(done)

    def assertOver(self, done):
        """All is back, and nothing is left to be resumed."""
        self.assertDone(done)
        again = self.openstack('backup', 'restore', '--resume', done.run)
        self.assertEqual(2, again.code, again)

    def request(self):
        return restores.Request(
            requests.Request(**{f'{self.kind}s': (self.name,)}),
            source=str(self.source),
            suffix=restore_cases.SUFFIX,
        )

    def session(self):
        clock = clocks.SystemClock()
        return sessions.Session(door.connect(self.tenant.conn, clock), clock)


class Interrupted(Stopped):
    def test_interrupt(self):
        """Ctrl-C in each step in turn: all is undone, and then done anew."""
        command = self.command()
        titles = self.titles()
        for title in titles:
            stopped = self.stop(title, base.INTERRUPT, command)
            if stopped.code == 0 and title == titles[-1]:
                # A last step of one request: Ctrl-C came after that.
                self.assertOver(stopped)
                return
            self.assertEqual(130, stopped.code, f'{title}: {stopped}')
            self.assertNothingLeft()
            command = ('--resume', stopped.run)
        self.resume(stopped)


class CleanedUp(Stopped):
    def test_killed_and_cleaned_up(self):
        """A kill in each step but the last, and a cleanup after each."""
        command = self.command()
        for title in self.titles()[:-1]:
            killed = self.stop(title, base.KILL, command)
            self.assertEqual(-base.KILL, killed.code, f'{title}: {killed}')
            # A service may still work on the last request before the kill.
            self.tenant.settled()
            cleaned = self.openstack('backup', 'cleanup', '--yes')
            self.assertEqual(0, cleaned.code, f'{title}: {cleaned}')
            self.assertNothingLeft()
            command = ('--resume', killed.run)
        self.resume(killed)


class Failing(Stopped):
    def test_failure(self):
        """A failure at the end of each step: nothing is left."""
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_STATE_HOME', self.tenant.environment()['XDG_STATE_HOME']
            )
        )
        [item] = restore.plan(self.session(), self.request()).items
        steps = registry.steps(item)
        for number, step in enumerate(steps):
            changed = [*steps]
            changed[number] = broken(step)
            self.fail_in(item.procedure, changed, step.__name__)

    def fail_in(self, procedure, steps, where):
        registered = {**registry.PROCEDURES, procedure: lambda _: steps}
        with fixtures.MonkeyPatch(
            'backupclient.procedures.registry.PROCEDURES', registered
        ):
            done = restore.restore(self.session(), self.request())
        [failed] = done.report.outcomes
        self.assertEqual(results.State.FAILED, failed.state, where)
        self.assertEqual('forced', failed.reason, where)
        self.assertEqual('', failed.restored, where)
        self.assertEqual((), failed.notes, where)
        self.assertEqual(1, done.report.exit_code, where)
        self.assertNothingLeft()


class StoppedSecretStore(Interrupted, Failing, restore_cases.SecretStore):
    pass


class StoppedImageUpload(Interrupted, Failing, restore_cases.ImageUpload):
    pass


class StoppedVolumeFromImage(
    Interrupted, Failing, restore_cases.VolumeFromImage
):
    pass


class StoppedVolumeWithKey(
    CleanedUp, Interrupted, restore_cases.VolumeWithKey
):
    def titles(self):
        """Those that a volume without a key does not have."""
        return [title for title in super().titles() if 'the key' in title]


class StoppedVolumeFromBackup(
    Interrupted, Failing, restore_cases.VolumeFromBackup
):
    pass


class StoppedServerBuild(
    CleanedUp, Interrupted, Failing, restore_cases.ServerBuild
):
    pass

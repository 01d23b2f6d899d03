# SPDX-License-Identifier: Apache-2.0
"""Every request of every procedure, with every fault.

After each case all is as it was before, with exactly one artifact where the
procedure keeps one, and the bytes of what was backed up are right.
"""

import contextlib
import pathlib
import shutil
import sys

import fixtures

from backupclient.engine import journals
from backupclient.tests.functional import base
from backupclient.tests.functional import cases
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import counts
from backupclient.tests.functional.faults import harness
from backupclient.tests.functional.faults import judge
from backupclient.tests.functional.faults import pairs
from backupclient.tests.functional.faults import proxy
from backupclient.tests.functional.faults import region

ENDED = (0, 1, 3, 130)
"""The exit codes of a run whose arguments were right."""


class EveryRequest:
    """A test of a case of :mod:`backupclient.tests.functional.cases`."""

    small = True

    def setUp(self):
        super().setUp()
        tenant = self.tenant
        self.proxy = self.useFixture(
            proxy.Proxy(region.upstreams(tenant.admin))
        )
        self.region = self.useFixture(region.Region(tenant, self.proxy.urls))
        self.zygote = self.useFixture(harness.Zygote())
        self.program = self.useFixture(harness.Program())
        self.original = self.original_of()

    def original_of(self):
        """What the file of the resource must hold."""
        if self.procedure == 'server-image':
            folder = self.useFixture(fixtures.TempDir()).path
            return judge.Disk(self.data, self.size, folder)
        return judge.Original(self.data, self.size)

    def test_every_request(self):
        common = self.common_requests()
        chosen = pairs.chosen(self.requests_of(self.command()), common)
        failures = []
        self.launcher = self.program
        for trip in pairs.trips(chosen):
            try:
                self.go_through(trip)
            except Exception as exc:
                told = ', '.join(f'{one} at {at}' for at, one in trip)
                failures.append(f'{told}: {exc}')
                print(f'{self.procedure}: {failures[-1]}', file=sys.stderr)
                self.begin_anew()
        count = counts.Count(
            requests=len({request for request, _ in chosen}),
            faults=len({one for _, one in chosen}),
            cases=len(chosen),
            failures=len(failures),
        )
        counts.tell(self.procedure, count)
        self.assertEqual([], failures)

    def requests_of(self, command):
        """The requests of a run without faults."""
        session = self.proxy.begin()
        result = self.run_in(self.zygote, session, command)
        self.assertComplete(result)
        return session.record.first_of_each()

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
            tenant.volume('another')
            command = ('--volume', 'another')
        if procedure != 'volume-image':
            command += ('--to', folder)
        session = self.proxy.begin()
        result = self.launch(self.zygote, session, command)
        self.assertEqual(0, result.code, result)
        self.before = tenant.census()
        return session.record.first_of_each()

    def go_through(self, trip):
        """What befalls one run, and what a person does then."""
        if trip[0][1].kills:
            missed = self.be_killed(trip)
        else:
            missed = self.get_over(trip)
        # What came to a run that was resumed in another place.
        if len(missed) < len(trip):
            for pair in missed:
                self.go_through([pair])
            missed = []
        self.assertEqual([], missed, 'was not reached')

    def get_over(self, trip):
        """A run with faults at some of its requests.

        :returns: the pairs whose request did not come.
        """
        session = self.proxy.begin(*trip)
        result = self.run_in(self.launch_for(trip), session, self.command())
        if all(one.is_survived_at(request) for request, one in trip):
            self.assertEqual(0, result.code, result)
        if result.code == 0:
            self.assertComplete(result)
        else:
            self.assertFailed(result)
            self.start_again()
        return list(session.pending.items())

    def be_killed(self, trip):
        """A run that is killed and resumed, again and again.

        :returns: the pairs whose request did not come.
        """
        missed = []
        command = None
        for pair in trip:
            session = self.proxy.begin(pair)
            result = self.run_in(
                self.launch_for(trip), session, command or self.command()
            )
            if session.pending:
                missed.append(pair)
                self.assertComplete(result)
                command = None
            else:
                self.assertEqual(-base.KILL, result.code, result)
                command = self.after_kill(result)
        if command:
            session = self.proxy.begin()
            self.assertComplete(self.run_in(self.zygote, session, command))
        return missed

    def after_kill(self, killed):
        """What a person does next.

        :returns: the options that resume the run, or begin another one when
            that had not begun yet; None when it came to its end.
        """
        began = base.RUN.search(killed.err)
        if began is None:
            return self.command()
        state = self.tenant.environment()['XDG_STATE_HOME']
        folder = pathlib.Path(state, 'openstack-backup', began.group(1))
        if journals.Journal(folder).has_ended:
            self.assertAllRight(killed)
            return None
        return ('--resume', began.group(1))

    def launch_for(self, trip):
        """The program as people start it, with its patience, for the first.

        For the others it is one that is in memory already.
        """
        if all(one.is_quick for _, one in trip):
            launcher, self.launcher = self.launcher, self.zygote
            return launcher
        return self.zygote

    def start_again(self):
        """Make a new run, with nothing in its way."""
        session = self.proxy.begin()
        result = self.run_in(self.zygote, session, self.command())
        self.assertComplete(result)

    def run_in(self, launcher, session, command):
        """Run a backup to its end, with an eye on its files."""
        with judge.Watcher(self.target, self.original) as watcher:
            result = self.launch(launcher, session, command)
        self.assertEqual([], watcher.wrong, result)
        self.assertNotIn('Traceback', result.err)
        return result

    def launch(self, launcher, session, command):
        """Run a backup to its end."""
        return launcher.run(
            ['backup', 'run', *map(str, command), '-f', 'json'],
            self.region.environment(),
            session,
        )

    def assertFailed(self, result):
        """The run failed as it should: it says why, and leaves nothing."""
        self.assertIn(result.code, ENDED, result)
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

# SPDX-License-Identifier: Apache-2.0
"""What a run goes through: a fault at its requests, or a kill and a resume.

What a run does and how its result is judged are the test's: of a backup in
``test_requests``, of a restore in ``test_restores``.
"""

import pathlib
import sys

from backupclient.engine import journals
from backupclient.tests.functional import base
from backupclient.tests.functional.faults import counts
from backupclient.tests.functional.faults import harness
from backupclient.tests.functional.faults import pairs
from backupclient.tests.functional.faults import proxy
from backupclient.tests.functional.faults import recorded
from backupclient.tests.functional.faults import region

ENDED = (0, 1, 3, 130)
"""The exit codes of a run whose arguments were right."""


class EveryRequest:
    """A test of a case that has a project, and a command to run.

    :cvar verb: of the command: ``run`` or ``restore``.
    """

    verb = ''

    def setUp(self):
        super().setUp()
        self.program = self.useFixture(harness.Program())

    def make(self):
        """Open the proxy, then make what the test works on."""
        tenant = self.tenant
        self.proxy = self.useFixture(
            proxy.Proxy(region.upstreams(tenant.admin))
        )
        self.region = self.useFixture(region.Region(tenant, self.proxy.urls))
        self.zygote = self.useFixture(harness.Zygote())
        super().make()

    def test_every_request(self):
        common = self.common_requests()
        seen = self.requests_of(self.command())
        if recorded.FOLDER:
            recorded.write(self.told_as(), seen, common)
            return
        self.assertEqual([], recorded.unknown(self.told_as(), seen))
        chosen = pairs.chosen(seen, common)
        self.launcher = self.program
        failures = [
            failure
            for trip in pairs.trips(chosen)
            for failure in self.failures_of(trip)
        ]
        count = counts.Count(
            requests=len({request for request, _ in chosen}),
            faults=len({one for _, one in chosen}),
            cases=len(chosen),
            failures=len(failures),
        )
        counts.tell(self.told_as(), count)
        self.assertEqual([], failures)

    @classmethod
    def told_as(cls):
        """The name of the case."""
        return cls.__name__.removeprefix('EveryRequest')

    def common_requests(self):
        """Those of a cheaper run, which has a test of its own.

        What it leaves is part of the project from then on.
        """
        raise NotImplementedError

    def requests_of(self, command):
        """The requests of a run without faults."""
        session = self.proxy.begin()
        result = self.run_in(self.zygote, session, command)
        self.assertComplete(result)
        return session.record.first_of_each()

    def failures_of(self, trip):
        """Go through a trip; if it fails, through each of its pairs alone.

        :returns: what failed, told at once, too.
        """
        try:
            self.go_through(trip)
        except Exception as exc:
            told = ', '.join(f'{one} at {at}' for at, one in trip)
            failure = f'{told}: {exc}'
            print(f'{self.procedure}: {failure}', file=sys.stderr, flush=True)
            self.begin_anew()
        else:
            return []
        if len(trip) > 1:
            alone = [one for pair in trip for one in self.failures_of([pair])]
            return alone or [failure]
        return [failure]

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
            if base.RUN.search(result.err):
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
        """Run the command to its end, with an eye on what it makes."""
        result = self.launch(launcher, session, command)
        self.assertNotIn('Traceback', result.err)
        return result

    def launch(self, launcher, session, command, verb=''):
        """Run a command to its end."""
        return launcher.run(
            ['backup', verb or self.verb, *map(str, command), '-f', 'json'],
            self.region.environment(),
            session,
        )

    def assertFailed(self, result):
        """The run failed as it should: it says why, and leaves nothing."""
        raise NotImplementedError

    def assertComplete(self, result):
        """The run says that it is complete, and it is."""
        raise NotImplementedError

    def assertAllRight(self, result):
        """Exactly what the run was to make is there."""
        raise NotImplementedError

    def begin_anew(self):
        """Let the next case begin with what a failed one has left."""
        raise NotImplementedError

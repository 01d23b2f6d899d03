# SPDX-License-Identifier: Apache-2.0
"""Servers are off no longer than with the engine of the first release."""

import random
import zlib

import testtools

from backupclient.engine import messages
from backupclient.procedures import compiler
from backupclient.tests.unit.engine import old_engine
from backupclient.tests.unit.engine import projects
from backupclient.tests.unit.engine import simulation

RANGES = {
    'stop': (10, 90),
    'start': (5, 40),
    'capture': (3, 15),
    'backup': (60, 900),
    'convert': (60, 900),
    'deliver': (60, 1800),
}
PROJECTS = 200


def seconds_of(seed):
    """Make a function that gives the same times to both engines."""

    def seconds(group, part):
        key = f'{seed} {group} {part}'
        least, most = RANGES[part]
        if part == 'capture' and group.startswith('server/'):
            least, most = RANGES['backup']
        return random.Random(zlib.crc32(key.encode())).uniform(least, most)

    return seconds


class New(simulation.Simulation):
    def __init__(self, *args, service, times, **options):
        self.service = service
        super().__init__(
            *args,
            seconds=lambda flow: times(flow.group, _part(flow)),
            **options,
        )

    def _fate(self, flow):
        if flow.probes and not self.service:
            return messages.News.UNAVAILABLE
        return messages.News.DONE

    def _tell(self, after, news, group, reason=''):
        if news is messages.News.CLAIMED:
            after = 0
        super()._tell(after, news, group, reason)


def _part(flow):
    return 'backup' if flow.steps == ('backup',) else flow.part.value


class OldEngineTestCase(testtools.TestCase):
    def test_downtime(self):
        old, new, longer = 0.0, 0.0, []
        took = [0.0, 0.0]
        for seed in range(PROJECTS):
            dice = random.Random(seed)
            planned = projects.random_plan(
                dice.randint(3, 80),
                seed,
                stopped=dice.choice((0.1, 0.2, 0.4)),
                backups=dice.choice((0, 0.3, 0.8)),
            )
            parallel = dice.choice((1, 2, 4, 8))
            free = projects.quotas(planned, dice.choice((1, 1.5, 3, 10)))
            service, times = dice.random() < 0.7, seconds_of(seed)
            first = old_engine.Old(
                planned, parallel, free, times, service=service
            ).run()
            then = New(
                compiler.compile(planned),
                parallel,
                free,
                service=service,
                times=times,
            ).run()
            before = sum(first.downtime.values())
            after = sum(then.downtime.values())
            old, new = old + before, new + after
            took = [took[0] + first.now, took[1] + then.now]
            if after > before + 1e-6:
                longer.append((seed, before, after))
        self.assertLessEqual(new, old, f'{old} {new} {longer} {took}')
        print(f'off: {old:.0f} {new:.0f}; runs: {took}; longer: {longer}')

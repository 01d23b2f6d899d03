# SPDX-License-Identifier: Apache-2.0
"""From a plan to its graph."""

import testtools

from backupclient import errors
from backupclient.model import graphs
from backupclient.model import plans
from backupclient.procedures import compiler
from backupclient.tests.unit.engine import projects

SNAPSHOT, BACKUP, IMAGE, NONE = (
    plans.Procedure.SNAPSHOT_IMAGE,
    plans.Procedure.VOLUME_BACKUP,
    plans.Procedure.VOLUME_IMAGE,
    plans.Procedure.NONE,
)
STOPPED = plans.Consistency.STOPPED


def compiled(*items, **options):
    return compiler.compile(projects.plan_of(*items, **options))


def described(flows):
    """Give flows in words."""
    return {
        flow.id: [f'{edge.kind} {edge.on}' for edge in flow.waits]
        for flow in flows
    }


class CompilerTestCase(testtools.TestCase):
    def test_each_procedure(self):
        """Its steps, cut after the capture and where quota is free again."""
        for item, expected in (
            (
                projects.volume('v', SNAPSHOT, to_file=True),
                {
                    'capture': ('snapshot',),
                    'convert': (
                        'temporary-volume',
                        'upload-temporary',
                        'delete-volume',
                        'delete-snapshot',
                    ),
                    'deliver': ('download', 'delete-image'),
                },
            ),
            (
                projects.volume('v', IMAGE, to_file=True, keep_image=True),
                {
                    'capture': ('upload-volume',),
                    'deliver': ('download', 'record-image'),
                },
            ),
            (projects.volume('v', BACKUP), {'capture': ('backup',)}),
            (
                projects.server('s', to_file=True),
                {
                    'capture': ('image-server',),
                    'deliver': ('download', 'delete-image'),
                },
            ),
            (projects.image('i'), {'deliver': ('download',)}),
            (projects.secret('x'), {'deliver': ('download-secret',)}),
        ):
            (group,) = compiled(item).groups
            found = {flow.part.value: flow.steps for flow in group.flows}
            self.assertEqual(expected, found)
            self.assertEqual(0, group.item)
            claim = group.id if item.makes_things else ''
            self.assertEqual(claim, group.claim)
            self.assertEqual(
                ['convert'] * ('convert' in found),
                [f.part.value for f in group.flows if f.gives_back],
            )

    def test_stopped_server(self):
        stop = {'consistency': STOPPED, 'group': 's'}
        found = compiled(
            projects.volume('a', SNAPSHOT, 's', **stop),
            projects.server('s', consistency=STOPPED),
            projects.volume('b', SNAPSHOT, 'elsewhere'),
            stop_servers=True,
        )
        self.assertEqual(
            ['downtime/s', 'volume/a', 'server/s', 'volume/b'],
            [group.id for group in found.groups],
        )
        down = found.group('downtime/s')
        self.assertEqual('name of s', down.resource.name)
        self.assertEqual('downtime/s', down.claim)
        self.assertIsNone(down.item)
        self.assertEqual(
            {
                'downtime/s/stop#1': [],
                'downtime/s/start#1': [
                    'ended downtime/s/stop',
                    'ended volume/a/capture',
                    'ended server/s/capture',
                ],
                'volume/a/capture#1': ['done downtime/s/stop'],
                'volume/a/convert#1': ['done volume/a/capture'],
                'volume/a/deliver#1': ['done volume/a/convert'],
            },
            described((*down.flows, *found.group('volume/a').flows)),
        )
        self.assertEqual((), found.group('volume/b').flows[0].waits)

    def test_only_when_asked_to(self):
        found = compiled(projects.server('s', consistency=STOPPED))
        self.assertEqual(['server/s'], [group.id for group in found.groups])

    def test_disk_of_several_servers(self):
        found = compiled(
            projects.server('s', consistency=STOPPED),
            projects.server('t', consistency=STOPPED),
            projects.volume(
                'a',
                SNAPSHOT,
                's',
                't',
                consistency=STOPPED,
                group='s',
                stops=('s', 't'),
            ),
            stop_servers=True,
        )
        capture, *_ = found.group('volume/a').flows
        self.assertEqual(
            ['done downtime/s/stop', 'done downtime/t/stop'],
            described([capture])[capture.id],
        )
        for server in 's', 't':
            start = found.flow(f'downtime/{server}/start#1')
            self.assertIn(
                graphs.Edge(graphs.Wait.ENDED, capture.place), start.waits
            )

    def test_fall_back(self):
        other = {'consistency': STOPPED, 'group': 's'}
        found = compiled(
            projects.volume(
                'a',
                BACKUP,
                's',
                fallback=projects.volume('a', SNAPSHOT, 's', **other),
                **other,
            ),
            stop_servers=True,
        )
        group = found.group('volume/a')
        self.assertEqual(
            {
                'volume/a/capture#1': [
                    'done downtime/s/stop',
                    f'fact {compiler.SERVICE}',
                ],
                'volume/a/capture#2': ['done downtime/s/stop'],
                'volume/a/convert#2': ['done volume/a/capture'],
                'volume/a/deliver#2': ['done volume/a/convert'],
            },
            described((*group.flows, *group.instead)),
        )
        self.assertEqual(compiler.SERVICE, group.flows[0].probes)
        # The server is not off as long as that is not known.
        stop = found.flow('downtime/s/stop#1')
        self.assertEqual(
            [f'fact {compiler.SERVICE}'], described([stop])[stop.id]
        )

    def test_needs(self):
        """At once, or for a stopped server in two parts."""
        both = {
            'gigabytes': 20, 'gigabytes_fast': 20, 'snapshots': 1,
            'snapshots_fast': 1, 'volumes': 1, 'volumes_fast': 1,
        }  # fmt: skip
        volume = {
            'gigabytes': 10, 'gigabytes_fast': 10,
            'volumes': 1, 'volumes_fast': 1,
        }  # fmt: skip
        snapshot = {
            'gigabytes': 10, 'gigabytes_fast': 10,
            'snapshots': 1, 'snapshots_fast': 1,
        }  # fmt: skip
        (alone,) = compiled(projects.volume('a', SNAPSHOT, size=10)).groups
        self.assertEqual(
            [both, {}, {}], [dict(flow.takes) for flow in alone.flows]
        )
        down = compiled(
            projects.volume(
                'a', SNAPSHOT, 's', size=10, consistency=STOPPED, group='s'
            ),
            stop_servers=True,
        ).group('volume/a')
        self.assertEqual(
            [snapshot, volume, {}], [dict(flow.takes) for flow in down.flows]
        )
        (backup,) = compiled(projects.volume('a', BACKUP, size=10)).groups
        kept = {'backups': 1, 'backup_gigabytes': 10}
        self.assertEqual(kept, dict(backup.flows[0].takes))
        self.assertEqual(kept, dict(backup.flows[0].keeps))

    def test_whole(self):
        """What has no data of its own waits for what has them."""
        found = compiled(
            projects.server(
                's', NONE, covered_by='its volumes', parts=('a', 'gone')
            ),
            projects.volume('a', SNAPSHOT, 's'),
            projects.volume('b', SNAPSHOT, 'other'),
            projects.server('t', NONE, covered_by='an image', parts=('i',)),
            projects.image('i'),
            projects.server('u', NONE),
        )
        for server, parts in (
            ('s', ['ended volume/a/end']),
            ('t', ['ended image/i/end']),
            ('u', []),
        ):
            (flow,) = found.group(f'server/{server}').flows
            self.assertEqual((), flow.steps)
            self.assertEqual(parts, described([flow])[flow.id])

    def test_twice(self):
        item = projects.volume('a', SNAPSHOT)
        failure = self.assertRaises(errors.DocumentError, compiled, item, item)
        self.assertIn('volume/a is planned twice', str(failure))

    def test_same_again(self):
        """It is a value: the same plan gives the same graph."""
        planned = projects.random_plan(50, 7)
        self.assertEqual(compiler.compile(planned), compiler.compile(planned))

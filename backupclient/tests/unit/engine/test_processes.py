# SPDX-License-Identifier: Apache-2.0
"""Each flow of a run in a process of its own.

Such a process gets the ID of the run and of the flow, and nothing else of the
run: it reads the journal, logs in, and builds what it needs.
"""

from concurrent import futures
import multiprocessing
import os
import shutil

import fixtures

from backupclient.cloud import door
from backupclient.engine import runner
from backupclient.engine import worker
from backupclient.store import targets
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import remote
from backupclient.tests.unit.fake_cloud import wire

REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})
MODULES = [
    'backupclient.engine.worker',
    'backupclient.tests.unit.engine.test_processes',
]


def work(answers, address, state, run, flow, undo):
    """Perform an order: this runs in a process of its own."""
    os.environ['XDG_STATE_HOME'] = state
    clock = fake_clock.FakeClock()
    with remote.used(address):
        cloud = door.connect(fake_cloud.FakeCloud().connection(), clock)
        order = runner.Order(run, flow, undo)
        reporter = quiet_reporter.Quiet()
        answers.send(worker.perform(cloud, clock, order, reporter))


class Processes:
    """An executor with a process for each order."""

    def __init__(self, address, workers):
        self._address = address
        self._workers = workers
        self._processes = multiprocessing.get_context('forkserver')
        self._processes.set_forkserver_preload(MODULES)
        self._pool = futures.ThreadPoolExecutor()

    def submit(self, order):
        return self._pool.submit(self._perform, order)

    def _perform(self, order):
        here, there = self._processes.Pipe()
        state = os.environ['XDG_STATE_HOME']
        words = (order.run, order.flow, order.undo)
        process = self._processes.Process(
            target=work, args=(there, self._address, state, *words)
        )
        process.start()
        there.close()
        self._workers.append((process.pid, order))
        try:
            return here.recv()
        except EOFError:
            raise RuntimeError('The worker has died.') from None
        finally:
            process.join()

    def shutdown(self):
        self._pool.shutdown()


class ProcessesTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.served = self.useFixture(remote.Served(self.fake))
        self.workers = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.engine.executors.Threads',
                lambda context, parallel: Processes(
                    self.served.address, self.workers
                ),
            )
        )

    def _plan(self):
        server = self.fake.nova.add_server('web', b'root')
        key = self.fake.barbican.add_secret('', bytes(range(32)))
        self.fake.cinder.add_volume('data', base.DATA, server=server['id'])
        self.fake.cinder.add_volume('spare', b'spare', key=key['id'])
        self.fake.barbican.add_secret('word', b'sesame', secret_type='opaque')
        return self.plan(
            target=str(self.target), plaintext_keys=True, stop_servers=True
        )

    def _check(self, report):
        self.assertEqual({'complete'}, {*self.states(report).values()})
        self.assertEqual(0, report.exit_code)
        self.check_cloud()
        server = self.fake.world.things['servers']['00000001-server']
        self.assertEqual('ACTIVE', server['status'])
        store = targets.find(str(self.target))
        for path, content in (
            ('servers/00000001-server.qcow2', b'root'),
            ('volumes/00000001-volume.raw', base.DATA),
            ('keys/volume-00000002-volume.key', bytes(range(32)).hex()),
            ('secrets/00000002-secret.bin', b'sesame'),
        ):
            if isinstance(content, str):
                content = content.encode()
            file = self.target / report.run / path
            self.assertEqual(content, file.read_bytes(), store.name)

    def _check_workers(self):
        """Each had one order, and none wrote to the lease."""
        processes = [process for process, _ in self.workers]
        self.assertEqual(len(processes), len({*processes}))
        self.assertNotIn(os.getpid(), processes)
        self.assertEqual({*processes}, {who for who, *_ in self.served.asked})
        for _, method, url, body in self.served.asked:
            if method != 'GET':
                self.assertNotIn(b'lease', body, url)
                self.assertNotIn(b'claims', body, url)
        self.assertTrue(
            [r for r in self.fake.seen if b'backupclient_claims' in r.body]
        )

    def test_all_flows(self):
        report = self.start(self._plan(), parallel=2)
        self._check(report)
        self._check_workers()
        flows = sorted(order.flow for _, order in self.workers)
        self.assertEqual(
            [
                'downtime/00000001-server/start#1',
                'downtime/00000001-server/stop#1',
                'secret/00000002-secret/deliver#1',
                'server/00000001-server/capture#1',
                'server/00000001-server/deliver#1',
                'volume/00000001-volume/capture#1',
                'volume/00000001-volume/convert#1',
                'volume/00000001-volume/deliver#1',
                'volume/00000002-volume/capture#1',
                'volume/00000002-volume/deliver#1',
            ],
            flows,
        )

    def test_failure_is_undone(self):
        """By the process that failed, and by others for the flows before."""
        planned = self._plan()
        self.fake.fail(REFUSED, 'POST cinder /volumes', times=9, same=False)
        report = self.start(planned, parallel=2)
        states = self.states(report)
        self.assertEqual('failed', states.pop('data'))
        self.assertIn('HTTP 403', str(report.outcomes))
        self.check_cloud()
        self._check_workers()
        undone = [order.flow for _, order in self.workers if order.undo]
        self.assertIn('volume/00000001-volume/capture#1', undone)

    def test_other_way(self):
        self.fake.cinder.add_volume('one', b'one')
        self.fake.cinder.add_volume('two', b'two')
        planned = self.plan()
        self.fake.cinder.backup_service = 'down'
        report = self.start(planned, parallel=2)
        self.assertEqual({'complete'}, {*self.states(report).values()})
        self.assertEqual(
            ['capture#1', 'capture#2', 'capture#2', 'deliver#2', 'deliver#2'],
            sorted(
                order.flow.rpartition('/')[2]
                for _, order in self.workers
                if not order.undo
            ),
        )

    def test_worker_that_dies(self):
        """What it may have begun is undone, and the run can be resumed."""
        planned = self._plan()
        self.fake.fail(remote.Died(), 'POST cinder /volumes', done=True)
        report = self.start(planned, parallel=1)
        self.assertEqual(130, report.exit_code)
        self.assertIn('fault of the program', ' '.join(self.reporter.said))
        self.check_cloud()
        self._check_workers()
        self.new_process()
        self._check(self.resume())

    def test_run_whose_set_is_gone(self):
        """All that needs no file is done, and nothing is left."""
        planned = self._plan()
        self.fake.fail(
            lambda: shutil.rmtree(self.target), 'POST cinder /volumes'
        )
        report = self.start(planned, parallel=1)
        self.assertEqual(130, report.exit_code)
        reasons = {one.reason for one in report.outcomes if one.reason}
        self.assertTrue(all('.partial' in each for each in reasons), reasons)
        self.check_cloud()

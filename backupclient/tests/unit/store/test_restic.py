# SPDX-License-Identifier: Apache-2.0
"""The store in a restic repository, with the real restic."""

import os
import socket
import subprocess
import time

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient import errors
from backupclient.model import addresses
from backupclient.store.restic import store
from backupclient.tests.unit import examples
from backupclient.tests.unit.store import contract
from backupclient.tests.unit.store import repositories


class TestRestic(contract.Contract, testtools.TestCase):
    def new_store(self):
        return self.useFixture(repositories.Repository()).store()

    # Each of these examples calls restic some times.
    test_any_content = examples.examples(5)(
        hypothesis.given(contract.RUNS, st.integers(50, 20_000), st.data())(
            contract.Contract.test_any_content.hypothesis.inner_test
        )
    )


class TestRest(testtools.TestCase):
    """A repository behind a REST server, with a password in its address."""

    def setUp(self):
        super().setUp()
        made = self.useFixture(repositories.Repository())
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            ['rclone', 'serve', 'restic', '--addr', f'127.0.0.1:{port}',
             '--user', 'ann', '--pass', 'hidden-pw', str(made.place)],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.address = addresses.parse(
            f'restic:rest:http://ann:hidden-pw@127.0.0.1:{port}/'
        )
        self.until_it_answers(port)

    def until_it_answers(self, port):
        for _ in range(1000):
            with socket.socket() as tried:
                if not tried.connect_ex(('127.0.0.1', port)):
                    return
            time.sleep(0.01)
        raise AssertionError('rclone does not answer')

    def test_there_and_back(self):
        data = os.urandom(5 << 20)
        run = contract.RUN
        place = store.Restic(self.address)
        self.assertNotIn('hidden-pw', place.name)
        place.require_writable()
        place.begin(run)
        with place.write(contract.FILE, len(data)) as writer:
            writer.data(0, data)
            writer.commit()
        for name in ('SHA512SUMS', 'manifest.json'):
            place.put(f'{run}/{name}', name.encode())
        again = store.Restic(self.address)
        self.assertEqual(
            {'volumes/1.raw', 'SHA512SUMS', 'manifest.json'},
            {one.path.removeprefix(f'{run}/') for one in again.list(run)},
        )
        with again.read(contract.FILE) as stream:
            self.assertEqual(data, stream.read(6 << 20))

    def test_wrong_password_of_the_server(self):
        wrong = addresses.Address(
            self.address.scheme, self.address.place.replace('-pw', '-pq')
        )
        error = self.assertRaises(
            errors.TargetError, store.Restic(wrong).require_writable
        )
        self.assertNotIn('hidden', str(error))
        self.assertIn('cannot be reached', str(error))

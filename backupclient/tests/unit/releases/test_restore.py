# SPDX-License-Identifier: Apache-2.0
"""A set of the first release restores, with what it has."""

import shutil

from backupclient.model import requests
from backupclient.model import restores
from backupclient.operations import restore
from backupclient.operations import sessions
from backupclient.tests.unit.releases import test_first


class RestoreTestCase(test_first.TestCase):
    def setUp(self):
        super().setUp()
        self.target.mkdir()
        shutil.copytree(
            test_first.FILES / 'closed' / test_first.CLOSED,
            self.target / test_first.CLOSED,
        )
        self.fake.cinder.encrypting = {'fast'}

    def test_all(self):
        """What was not recorded is said; the bytes are the same."""
        asked = restores.Request(
            requests.Request(everything=True),
            source=str(self.target),
            flavors={'': 'm1.small'},
        )
        done = restore.restore(
            sessions.Session(self.cloud, self.clock),
            asked,
            reporter=self.reporter,
        )
        self.assertEqual(
            [],
            [
                (one.resource.label, one.reason)
                for one in done.report.outcomes
                if one.state != 'complete'
            ],
        )
        world = self.fake.world
        world.settle()
        content = {
            (kind, thing['name']): world.content.get(id_)
            for (kind, id_), thing in world.holdings().items()
        }
        self.assertEqual(
            {
                ('images', 'golden'): test_first.GOLD,
                ('secrets', 'word'): b'sesame',
                ('servers', 'web'): b'root' * 1000,
                ('volumes', 'data'): test_first.DATA,
                ('volumes', 'spare'): b'spare' * 900,
            },
            {key: data for key, data in content.items() if key[1]},
        )
        said = ' '.join(n for o in done.report.outcomes for n in o.notes)
        self.assertIn('not record', said)

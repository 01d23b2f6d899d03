# SPDX-License-Identifier: Apache-2.0
"""The plan of a restore: which sets it is made of."""

import shutil

import fixtures

from backupclient import errors
from backupclient.model import requests
from backupclient.model import restores
from backupclient.operations import restore
from backupclient.operations import run
from backupclient.tests.unit.operations import base

NEWER = '20991231T000000Z-zzzz'


class RestorePlanTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.fake.glance.add_image('golden', base.DATA)
        self.asked = requests.Request(everything=True, target=str(self.target))
        done = run.back_up(self.session, self.asked)
        self.set = self.target / done.report.run
        self.wanted = restores.Request(
            requests.Request(everything=True), str(self.target)
        )

    def cut(self, folder):
        path = folder / 'manifest.json'
        path.write_bytes(path.read_bytes()[:100])

    def test_set_that_cannot_be_read(self):
        """The newest one may be meant, so the plan names it."""
        newer = self.target / NEWER
        shutil.copytree(self.set, newer)
        self.cut(newer)
        planned = restore.plan(self.session, self.wanted)
        (item,) = planned.items
        self.assertEqual(self.set.name, item.restore.source.run)
        self.assertIn(f'{newer}/manifest.json', ' '.join(planned.cautions))

    def test_no_set_that_can_be_read(self):
        self.cut(self.set)
        error = self.assertRaises(
            errors.UsageError, restore.plan, self.session, self.wanted
        )
        self.assertIn(f'There is no backup in {self.target}.', str(error))
        self.assertIn(f'{self.set}/manifest.json', str(error))

    def test_nothing_in_the_cloud(self):
        """No journal of this machine names a copy there."""
        elsewhere = str(self.root / 'elsewhere')
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', elsewhere)
        )
        wanted = restores.Request(requests.Request(everything=True))
        error = self.assertRaises(
            errors.UsageError, restore.plan, self.session, wanted
        )
        self.assertIn('with --from', str(error))

# SPDX-License-Identifier: Apache-2.0

import pathlib

import fixtures
import testtools

from backupclient.cloud import door
from backupclient.cloud import inventory
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import requests
from backupclient.model import tags
from backupclient.operations import running
from backupclient.planner import backup
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud

DATA = b'boot' * 5000 + bytes(100_000) + b'the end'


class TestCase(testtools.TestCase):
    """Whole runs against the fake cloud."""

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch('os.fsync', lambda _: None))
        self.fake = self.useFixture(fake_cloud.FakeCloud())
        self.connection = self.fake.connection()
        self.begin()

    def begin(self):
        """Begin with an empty cloud and empty folders."""
        self.fake.reset()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_STATE_HOME', str(self.root / 'state')
            )
        )
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_CACHE_HOME', str(self.root / 'cache')
            )
        )
        self.target = self.root / 'backups'
        self.new_process()

    def new_process(self, stop_at=0):
        self.fake.dead = False
        self.clock = fake_clock.FakeClock(stop_at)
        self.reporter = quiet_reporter.Quiet()
        self.cloud = door.connect(self.connection, self.clock)

    def plan(self, **options):
        options.setdefault('everything', True)
        asked = requests.Request(**options)
        planned = backup.plan(asked, inventory.read(self.cloud))
        self.before = self.fake.world.holdings()
        self.fake.seen.clear()
        return planned

    def start(self, plan, parallel=1):
        return running.start(
            self.cloud,
            self.clock,
            plan,
            self.reporter,
            parallel=parallel,
            timeout=3600.0,
        )

    def resume(self, name='last'):
        journal_ = unfinished.find(name, self.cloud.identity)
        return running.resume(self.cloud, self.clock, journal_, self.reporter)

    def folder(self, report):
        """The folder of a run's backup set."""
        return pathlib.Path(report.place)

    def journals(self):
        """Give the journals, the oldest first."""
        if not journals.home().is_dir():
            return []
        return [
            journals.Journal(path)
            for path in sorted(journals.home().iterdir())
        ]

    def left_manifests(self):
        """Give the images with the manifests of runs."""
        return [
            image
            for image in self.fake.world.things['images'].values()
            if image.get(tags.ROLE) == tags.Role.MANIFEST
        ]

    def states(self, report):
        return {one.resource.name: one.state.value for one in report.outcomes}

    def check_cloud(self, *new_kinds):
        """Nothing is changed, and of these kinds something is new.

        The manifests that runs leave are no part of it.
        """
        self.fake.world.settle()
        now = self.fake.world.holdings()
        for key, thing in self.before.items():
            self.assertEqual(thing, now.get(key), key)
        manifests = {('images', one['id']) for one in self.left_manifests()}
        new = sorted(
            kind for kind, _ in now.keys() - self.before.keys() - manifests
        )
        self.assertEqual(sorted(new_kinds), new)

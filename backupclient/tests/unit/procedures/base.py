# SPDX-License-Identifier: Apache-2.0
"""Procedures against the fake cloud, by the flows that really run them."""

import hashlib
import pathlib
import shutil

import fixtures
import testtools

from backupclient.cloud import door as door_
from backupclient.cloud import waiting
from backupclient.engine import flow_records
from backupclient.engine import flows
from backupclient.model import plan
from backupclient.procedures import registry
from backupclient.procedures import step
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud

RUN = '20260102T030405Z-abcd'
DATA = b'boot' * 5000 + bytes(100_000) + b'the end'


class Folder:
    """A backup set's folder, without the set."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path

    def path(self, relative):
        path = self._path / relative
        path.parent.mkdir(exist_ok=True)
        return path

    def files(self):
        """Give all files, by their paths."""
        return {
            str(path.relative_to(self._path)): path.read_bytes()
            for path in self._path.rglob('*')
            if path.is_file()
        }


class TestCase(testtools.TestCase):
    """One procedure, as often as it takes.

    :param more: fields of the plan's item.
    """

    procedure = plan.Procedure.NONE
    more: dict[str, object] = {}

    def setUp(self):
        super().setUp()
        # Only the power cut that does not come here needs it.
        self.useFixture(fixtures.MonkeyPatch('os.fsync', lambda _: None))
        self.cloud = self.useFixture(fake_cloud.FakeCloud())
        self.connection = self.cloud.connection()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        state = self.useFixture(fixtures.TempDir()).path
        self.useFixture(fixtures.EnvironmentVariable('XDG_STATE_HOME', state))
        self.begin()

    def seed(self):
        """Fill the cloud, and give the record of what to back up."""
        raise NotImplementedError

    def begin(self):
        """Begin from the start: a new cloud, new folders, a new process."""
        self.cloud.reset()
        shutil.rmtree(self.root)
        self.folder = Folder(self.root / 'set')
        self.journal = self.root / 'journal.json'
        for path in (self.root, self.root / 'set'):
            path.mkdir(mode=0o700)
        self.bystanders()
        self.new_process()
        record = self.seed()
        self.item = plan.Item(
            record.resource,
            self.procedure,
            'because',
            **{record.resource.kind.value: record},
            **self.more,
        )
        self.before = self.cloud.world.holdings()
        self.cloud.seen.clear()

    def bystanders(self):
        """Things that look like ours and are not."""
        other = self.cloud.cinder.add_volume('other', b'other')
        tags = {'backupclient_run': '20250101T000000Z-efgh'}
        self.cloud.world.add(
            'snapshots',
            'backupclient-20250101T000000Z-efgh-volume-00000002-volume',
            status='available',
            volume_id=other['id'],
            size=1,
            metadata=tags,
        )
        self.cloud.cinder.add_backup(other, 'their own', metadata=tags)
        self.cloud.glance.add_image('their own', b'their own', **tags)

    def new_process(self, clock=None):
        """Forget all but what is in the journal and in the cloud."""
        self.cloud.dead = False
        self.clock = clock or fake_clock.FakeClock()
        self.reporter = quiet_reporter.Quiet()
        self.left_over = []
        self.captured = 0
        cloud = door_.connect(self.connection, self.clock)
        self.work = step.Work(
            cloud=cloud,
            clock=self.clock,
            waiter=waiting.Waiter(self.clock, 3600.0),
            reporter=self.reporter,
            run=RUN,
            folder=self.folder,
        )

    def go(self):
        """Run the procedure."""

        def done(step):
            self.captured += step.captures

        steps = [
            each(self.work, self.item) for each in registry.steps(self.item)
        ]
        listener = flows.Listener(
            lambda: None,
            lambda text: self.reporter.step(self.item.resource, text),
            done,
            self.left_over.append,
        )
        records = flow_records.Records(self.journal, steps)
        return flows.run(steps, records, listener)

    def new_things(self):
        """Give what is in the cloud and was not, once it has settled."""
        self.cloud.world.settle()
        now = self.cloud.world.holdings()
        return {key: now[key] for key in now.keys() - self.before.keys()}

    def check_untouched(self):
        """Nothing that was there is changed or gone."""
        self.cloud.world.settle()
        now = self.cloud.world.holdings()
        for key, thing in self.before.items():
            self.assertEqual(thing, now.get(key), key)

    def check_file(self, made, path, content):
        """A file is whole, and so is what is known of it."""
        self.assertEqual({path: content}, self.folder.files())
        self.assertEqual(path, made.file.path)
        self.assertEqual(len(content), made.file.size)
        self.assertEqual(
            hashlib.sha512(content).hexdigest(), made.file.digests['sha512']
        )

# SPDX-License-Identifier: Apache-2.0
"""Procedures against the fake cloud, by the flows that really run them."""

import hashlib
import pathlib
import shutil

import fixtures
import testtools

from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.engine import contexts
from backupclient.engine import journal_base
from backupclient.engine import journal_memory
from backupclient.engine import runner
from backupclient.model import graphs
from backupclient.model import layout
from backupclient.model import plans
from backupclient.procedures import compiler
from backupclient.procedures import step
from backupclient.store import memory
from backupclient.store import within
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit import items
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.engine import projects
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud

RUN = '20260102T030405Z-abcd'
DATA = b'boot' * 5000 + bytes(100_000) + b'the end'


class Folder(within.Within):
    """The files of a backup set, in memory."""

    def __init__(self):
        store = memory.Memory()
        store.begin('set')
        super().__init__(store, 'set', layout.is_member)

    def files(self):
        """Give all files, by their paths."""
        return {
            entry.path: self._store.files[f'set/{entry.path}']
            for entry in self.list()
        }

    def secrecy(self, path):
        """Tell what was asked for a file."""
        return self._store.secrecy[f'set/{path}']


class TestCase(testtools.TestCase):
    """One procedure, as often as it takes.

    :param more: fields of the plan's item.
    """

    procedure = plans.Procedure.NONE
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

    def planned(self):
        """Give the plan that has the item."""
        return projects.plan_of(self.item)

    def seed(self):
        """Fill the cloud, and give the record of what to back up."""
        raise NotImplementedError

    def begin(self):
        """Begin from the start: a new cloud, new folders, a new process."""
        self.cloud.reset()
        shutil.rmtree(self.root)
        self.folder = Folder()
        self.root.mkdir(mode=0o700)
        self.bystanders()
        self.new_process()
        record = self.seed()
        self.item = items.item(
            record.resource,
            self.procedure,
            'because',
            **{record.resource.kind.value: record},
            **self.more_of(record),
        )
        self.journal = journal_memory.MemoryJournal(
            journal_base.Run(
                RUN,
                self.planned(),
                '2026-01-02T03:04:05+00:00',
                1,
                3600.0,
            )
        )
        self.before = self.cloud.world.holdings()
        self.cloud.seen.clear()

    def more_of(self, record):
        """Give further fields of the item."""
        return self.more

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
        cloud = door.connect(self.connection, self.clock)
        self.work = step.Work(
            cloud=cloud,
            clock=self.clock,
            waiter=waiting.Waiter(self.clock, 3600.0),
            reporter=self.reporter,
            run=RUN,
            files=self.folder,
        )

    def go(self):
        """Run the procedure, as a run does: one flow after the other.

        :raises BackupError: it failed, and is undone.
        """
        planned = self.planned()
        context = contexts.Context(
            self.work, self.journal, planned, compiler.compile(planned)
        )
        flows = context.graph.groups[0].flows
        known = [self.journal.progress(flow.id) for flow in flows]
        resumed = any(each and each.done for each in known)
        if any(each and each.undoing for each in known):
            self._undo(context, flows)
        try:
            return self._do(context, flows)
        except (errors.NotFound, errors.WaitFailed) as exc:
            if not resumed or isinstance(exc, errors.WaitTimeout):
                raise
            # What an earlier process made is gone.
            return self._do(context, flows)

    def _do(self, context, flows):
        raised = []
        news = runner._news

        def remember(exc):
            raised.append(exc)
            return news(exc)

        for number, flow in enumerate(flows):
            known = self.journal.progress(flow.id)
            if known is None or len(known.done) < len(flow.steps):
                order = runner.Order(RUN, flow.id)
                with fixtures.MonkeyPatch(
                    'backupclient.engine.runner._news', remember
                ):
                    result = runner.perform(context, order)
                self.left_over += result.left_over
                if raised:
                    self._undo(context, flows[:number])
                    raise raised[0]
            self.captured += flow.part is graphs.Part.CAPTURE
        return runner.made(context, flows[-1])

    def _undo(self, context, flows):
        for flow in reversed(flows):
            order = runner.Order(RUN, flow.id, undo=True)
            self.left_over += runner.perform(context, order).left_over

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

# SPDX-License-Identifier: Apache-2.0
import datetime
import pathlib

import fixtures
import testtools

from backupclient.engine import errands
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import tags

RUN = '20260102T030405Z-abcd'
OTHER = '20260102T030405Z-zzzz'


class ErrandTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', str(self.root))
        )

    def left(self):
        return [path.name for path in journals.home().iterdir()]

    def test_alive_while_it_lasts(self):
        with errands.alive(RUN, lambda: False):
            self.assertIs(journals.Fate.ALIVE, journals.fate(RUN))
        self.assertEqual([], self.left())

    def test_lease_that_is_left(self):
        """It could not be deleted: others have to know that it is dead."""
        run = tags.new_run_id(datetime.datetime.now(datetime.UTC))
        with errands.alive(run, lambda: True):
            self.assertIs(journals.Fate.ALIVE, journals.fate(run))
        self.assertIs(journals.Fate.ENDED, journals.fate(run))
        with errands.alive(OTHER, lambda: False):
            self.assertEqual({run, OTHER}, {*self.left()})

    def test_killed(self):
        """What is left says that it is dead, and goes with the next one."""
        with (
            fixtures.MonkeyPatch('shutil.rmtree', lambda *_, **__: None),
            errands.alive(RUN, lambda: False),
        ):
            pass
        self.assertIs(journals.Fate.ENDED, journals.fate(RUN))
        # It is no journal, and nothing is said of it.
        self.assertEqual([], [*unfinished.all_journals()])
        with errands.alive(OTHER, lambda: False):
            self.assertEqual([OTHER], self.left())

    def test_killed_just_now(self):
        """Its lease is still there: others have to know that it is dead."""
        run = tags.new_run_id(datetime.datetime.now(datetime.UTC))
        with (
            fixtures.MonkeyPatch('shutil.rmtree', lambda *_, **__: None),
            errands.alive(run, lambda: False),
        ):
            pass
        with errands.alive(OTHER, lambda: False):
            self.assertIs(journals.Fate.ENDED, journals.fate(run))

    def test_journals_stay(self):
        folder = journals.home() / RUN
        folder.mkdir(parents=True)
        for name in ('lock', 'alive', 'ended.json', 'run.json'):
            (folder / name).touch()
        with errands.alive(OTHER, lambda: False):
            self.assertEqual([RUN, OTHER], sorted(self.left()))

    def test_where_nothing_can_be_written(self):
        (self.root / 'openstack-backup').write_text('a file')
        with errands.alive(RUN, lambda: False):
            self.assertIs(journals.Fate.UNKNOWN, journals.fate(RUN))

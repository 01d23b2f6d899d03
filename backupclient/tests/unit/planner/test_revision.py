# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient import errors
from backupclient.model import plans
from backupclient.planner import revision
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

NONE = plans.Procedure.NONE


class RevisionTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.one, self.two = samples.volume('one'), samples.volume('two')
        self.saved = self.plan(self.one, self.two)
        self.unread = {}

    def revised(self, *records, replan=False):
        """Give the items of the saved plan in a cloud of other records."""
        fresh = self.plan(*records)
        found = revision.revised(self.saved, fresh, self.unread, replan=replan)
        self.said = revision.changes(self.saved, fresh, self.unread)
        self.assertEqual(
            sum(item.size or 0 for item in found.items if item.possible),
            found.bytes_to_move,
        )
        return {item.resource.name: item for item in found.items}

    def test_nothing_has_changed(self):
        for replan in False, True:
            items = self.revised(self.one, self.two, replan=replan)
            self.assertEqual([], self.said)
            self.assertEqual(list(self.saved.items), list(items.values()))

    def test_changed(self):
        larger = dataclasses.replace(self.two, size_gib=7)
        items = self.revised(self.one, larger)
        self.refuses(items['two'], 'its size was', 'run with --replan')
        self.assertTrue(items['one'].possible)
        items = self.revised(self.one, larger, replan=True)
        self.assertEqual(7 << 30, items['two'].size)
        self.assertEqual(1, len(self.said))

    def test_gone(self):
        for replan in False, True:
            items = self.revised(self.one, replan=replan)
            self.assertEqual({'one', 'two'}, {*items})
            self.refuses(items['two'], 'no longer there')
            self.assertEqual(replan, '--replan' not in items['two'].reason)

    def test_new(self):
        more = samples.volume('more')
        for replan in False, True:
            items = self.revised(self.one, self.two, more, replan=replan)
            self.assertEqual({'one', 'two'}, {*items})
            self.assertIn('"more"', self.said[0])

    def test_server_whose_data_are_in_its_volumes(self):
        server = samples.server('web', image_id='')
        root = samples.attached('root', 'web')
        self.saved = self.plan(server, root)
        items = self.revised(server, root)
        self.assertTrue(items['web'].possible)
        items = self.revised(root)
        self.refuses(items['web'], 'no longer there')
        self.assertTrue(items['root'].possible)
        larger = dataclasses.replace(root, size_gib=7)
        items = self.revised(server, larger)
        self.refuses(items['web'], 'Cannot be backed up: volume "root"')
        items = self.revised(server, larger, replan=True)
        self.assertTrue(items['web'].possible)

    def test_taken_out_of_the_file(self):
        self.saved = dataclasses.replace(
            self.saved, items=self.saved.items[:1]
        )
        for replan in False, True:
            items = self.revised(self.one, self.two, replan=replan)
            self.assertEqual({'one'}, {*items})

    def test_was_not_possible(self):
        broken = dataclasses.replace(self.two, status='error')
        self.saved = self.plan(self.one, broken)
        items = self.revised(self.one, self.two)
        self.assertIs(NONE, items['two'].procedure)
        items = self.revised(self.one, self.two, replan=True)
        self.assertTrue(items['two'].possible)

    def test_other_project(self):
        was = self.saved.identity
        revision.require_same_project(self.saved, was)
        elsewhere = dataclasses.replace(was, project_id='another')
        failure = self.assertRaises(
            errors.UsageError,
            revision.require_same_project,
            self.saved,
            elsewhere,
        )
        self.assertIn('log in there', str(failure))

    def test_asks_by_ids(self):
        """A name may mean something else by now, or nothing."""
        self.saved = self.plan(
            self.one,
            self.two,
            volumes=('one', 'two'),
            exclude=('volume/one', 'volume/two'),
        )
        self.saved = dataclasses.replace(
            self.saved, items=self.plan(self.one, self.two).items
        )
        renamed = dataclasses.replace(self.one, name='other')
        asked = revision.request(self.saved, samples.inventory(renamed))
        self.assertEqual((self.one.resource.id,), asked.volumes)
        self.assertEqual((), asked.exclude)

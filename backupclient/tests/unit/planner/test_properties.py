# SPDX-License-Identifier: Apache-2.0
"""What holds for every plan of every project."""

import dataclasses

import hypothesis
from hypothesis import strategies as st

from backupclient import errors
from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import tags
from backupclient.planner import backup
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner import strategies

LISTS = ('servers', 'volumes', 'backups', 'images', 'secrets')
FILES = frozenset(
    {
        plans.Procedure.IMAGE_DOWNLOAD,
        plans.Procedure.SECRET_DOWNLOAD,
    }
)
NONE = plans.Procedure.NONE
INTERMEDIATE = frozenset(
    {
        plans.Procedure.SERVER_IMAGE,
        plans.Procedure.SNAPSHOT_IMAGE,
        plans.Procedure.VOLUME_IMAGE,
    }
)

# How long an example takes says something about the machine only.
untimed = hypothesis.settings(deadline=None)


def any_plan(test):
    """Run a test with any request for everything, and any inventory."""
    return untimed(
        hypothesis.given(strategies.requests, strategies.inventories)(test)
    )


def everything_in(inventory):
    return [
        record
        for name in ('servers', 'volumes', 'images', 'secrets')
        for record in getattr(inventory, name)
    ]


def with_fallbacks(made):
    return [
        item
        for each in made.items
        for item in (each, each.fallback)
        if item is not None
    ]


class TestEveryPlan(base.TestCase):
    @any_plan
    def test_each_resource_once_and_as_it_was_read(self, request, inventory):
        made = backup.plan(request, inventory)
        planned = [item.resource for item in made.items]
        self.assertEqual(len(planned), len(set(planned)))
        there = everything_in(inventory)
        for item in made.items:
            record = getattr(item, item.resource.kind.value)
            self.assertEqual(item.resource, record.resource)
            self.assertIn(record, there)

    @any_plan
    def test_nothing_of_the_tenant_is_left_out(self, request, inventory):
        made = backup.plan(request, inventory)
        planned = {item.resource for item in made.items}
        expected = {
            *(one.resource for one in inventory.servers),
            *(
                one.resource
                for one in inventory.volumes
                if one.consumes_quota
                and not one.name.startswith(('backupclient-', 'backup-vol-'))
                and tags.RUN not in one.metadata
            ),
        }
        of_files = {
            one.resource
            for one in inventory.images
            if one.owner == samples.PROJECT
            and one.size
            and not one.name.startswith('backupclient-')
            and tags.RUN not in one.properties
        }
        self.assertLessEqual(expected, planned)
        if request.target:
            self.assertLessEqual(of_files, planned)
        else:
            self.assertEqual(expected, planned)

    @any_plan
    def test_nothing_of_ours_or_of_others(self, request, inventory):
        made = backup.plan(request, inventory)
        for item in made.items:
            if item.volume:
                self.assertNotIn(tags.RUN, item.volume.metadata)
                self.assertTrue(item.volume.consumes_quota)
            if item.image and item.resource.kind is resources.Kind.IMAGE:
                self.assertNotIn(tags.RUN, item.image.properties)
                self.assertEqual(samples.PROJECT, item.image.owner)
            if item.secret:
                self.assertNotIn('vTPM', item.secret.name)
                keys = {one.key_id for one in inventory.volumes}
                self.assertNotIn(item.secret.id, keys)

    @untimed
    @hypothesis.given(
        strategies.requests, strategies.inventories, st.randoms()
    )
    def test_order_of_the_inventory_does_not_matter(
        self, request, inventory, random
    ):
        shuffled = {}
        for name in LISTS:
            records = list(getattr(inventory, name))
            random.shuffle(records)
            shuffled[name] = tuple(records)
        self.assertEqual(
            backup.plan(request, inventory),
            backup.plan(request, dataclasses.replace(inventory, **shuffled)),
        )

    @any_plan
    def test_items_are_sound(self, request, inventory):
        made = backup.plan(request, inventory)
        for item in with_fallbacks(made):
            if item.procedure is NONE:
                self._check_refusal(item)
            else:
                self._check_procedure(item, request)
            self.assertTrue(item.reason.endswith('.'), item.reason)
            for note in item.notes:
                self.assertTrue(note.endswith('.'), note)

    def _check_refusal(self, item):
        self.assertEqual('', item.result)
        self.assertEqual('', item.consistency)
        self.assertFalse(item.to_file)

    def _check_procedure(self, item, request):
        self.assertNotEqual('', item.consistency)
        if item.procedure in FILES:
            self.assertTrue(item.to_file)
        elif item.procedure in INTERMEDIATE:
            self.assertEqual(bool(request.target), item.to_file)
            keeps = item.to_file and request.keep_images
            self.assertEqual(keeps, item.task.keep_image)
        else:
            self.assertFalse(item.to_file)
        if not request.target:
            self.assertFalse(item.to_file)
        if item.secret and not item.secret.content_type:
            self.assertEqual(layout.MANIFEST, item.result)
        elif item.to_file:
            path = item.result.replace('*', 'raw')
            self.assertTrue(layout.is_member(path), item.result)

    @any_plan
    def test_no_key_leaves_unless_it_was_asked_for(self, request, inventory):
        made = backup.plan(request, inventory)
        for item in made.items:
            if item.to_file and not request.exports_keys:
                self.assertFalse(item.secret and item.secret.content_type)
                self.assertFalse(item.volume and item.volume.encrypted)

    @any_plan
    def test_cost(self, request, inventory):
        made = backup.plan(request, inventory)
        self.assertGreaterEqual(made.bytes_to_files, 0)
        self.assertGreaterEqual(made.bytes_to_move, made.bytes_to_files)
        for peak in made.peaks:
            self.assertGreater(peak.needed, 0)
            self.assertIn(peak.quota, inventory.quotas)

    @any_plan
    def test_backups_fit_their_quota(self, request, inventory):
        made = backup.plan(request, inventory)
        backups = [
            item.volume.size_gib
            for item in made.items
            if item.procedure is plans.Procedure.VOLUME_BACKUP
        ]
        for name, needed in (
            ('backups', len(backups)),
            ('backup_gigabytes', sum(backups)),
        ):
            quota = inventory.quotas.get(name)
            if quota and quota.free is not None:
                self.assertLessEqual(needed, quota.free)

    @any_plan
    def test_parts_of_a_group_are_side_by_side(self, request, inventory):
        made = backup.plan(request, inventory)
        groups = [item.group for item in made.items]
        seen = [
            group
            for before, group in zip(['', *groups], groups, strict=False)
            if group and group != before
        ]
        self.assertEqual(len(seen), len(set(seen)))
        for number, item in enumerate(made.items):
            if item.server:
                self.assertEqual(item.server.id, item.group)
                self.assertNotIn(item.group, groups[:number])

    @untimed
    @hypothesis.given(strategies.requests, strategies.inventories, st.data())
    def test_excluded_never_appears(self, request, inventory, data):
        there = everything_in(inventory)
        hypothesis.assume(there)
        out = data.draw(st.sampled_from(there)).resource
        request = dataclasses.replace(
            request, exclude=(f'{out.kind}/{out.id}',)
        )
        made = backup.plan(request, inventory)
        self.assertNotIn(out, [item.resource for item in made.items])
        if out.kind is resources.Kind.SERVER:
            self.assertNotIn(out.id, [item.group for item in made.items])

    @untimed
    @hypothesis.given(
        strategies.requests, strategies.inventories, st.text(), st.data()
    )
    def test_any_text_is_a_name_or_a_usage_error(
        self, request, inventory, text, data
    ):
        option = data.draw(
            st.sampled_from(
                ['servers', 'volumes', 'images', 'secrets', 'exclude']
            )
        )
        request = dataclasses.replace(request, **{option: (text,)})
        try:
            backup.plan(request, inventory)
        except errors.UsageError as exc:
            self.assertTrue(str(exc).endswith('.'), str(exc))

# SPDX-License-Identifier: Apache-2.0
"""What holds for every restore, whatever the manifest says."""

import graphlib

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tasks
from backupclient.planner import restore
from backupclient.planner.restore import type_encryption
from backupclient.tests.unit.planner.restore import base
from backupclient.tests.unit.planner.restore import projects
from backupclient.tests.unit.planner.restore import strategies
from backupclient.tests.unit.sets import values

untimed = hypothesis.settings(deadline=None)
given = hypothesis.given(strategies.scenes | projects.scenes, st.booleans())


def any_plan(check):
    """Decorate a check that gets a plan and what it was made of."""

    @untimed
    @given
    def checked(self, scene, ids):
        request, choices, inventory, offers, origin = scene
        made = restore.plan(
            request,
            choices,
            inventory,
            offers,
            origin=origin,
            identities=ids,
            now=base.NOW,
        )
        check(self, made, request, choices, inventory, offers)

    checked.__name__ = check.__name__
    return checked


class TestProperties(testtools.TestCase):
    @any_plan
    def test_every_backup_has_its_row(self, made, request, choices, *_):
        wanted = [
            one.entry.resource
            for one in choices
            if not (
                request.without_servers and one.entry.resource.kind == 'server'
            )
        ]
        found = [item.resource for item in made.items]
        self.assertEqual(sorted(wanted, key=repr), sorted(found, key=repr))
        order = ['secret', 'image', 'volume', 'server']
        kinds = [order.index(one.kind) for one in found]
        self.assertEqual(sorted(kinds), kinds)

    @any_plan
    def test_reasons_are_sentences(self, made, *_):
        for item in made.items:
            for text in (item.reason, *item.notes):
                self.assertRegex(text, r'(?s)^\S.*[.:]$')
            self.assertLessEqual({*item.warnings}, {*item.notes})

    @any_plan
    def test_encrypted_data_stay_encrypted(
        self, made, request, choices, inventory, offers
    ):
        """Unless --decrypt was given, and never by Cinder's own copy."""
        keys = {one.id: one.key_id for one in inventory.images}
        keys |= {one.id: one.key_id for one in inventory.backups}
        offers = type_encryption.inferred(offers, inventory.volumes)
        types = {one.name: one for one in offers.volume_types or ()}
        entries = {one.entry.resource: one.entry for one in choices}
        for item in made.items:
            if item.resource.kind is not resources.Kind.VOLUME:
                continue
            if not item.restore:
                continue
            entry, new = entries[item.resource], item.restore.new
            artifact = item.restore.source.artifact
            if not (
                entry.key
                or entry.volume.encrypted
                or (artifact and keys.get(artifact.id))
            ):
                continue
            if request.decrypt and new.way is restores.Way.OPENED:
                continue
            self.assertTrue(new.encrypted)
            self.assertIsNot(restores.Way.PLAIN, new.way)
            if new.type_name in types:
                self.assertIsNot(False, types[new.type_name].encrypted)

    @any_plan
    def test_what_is_needed_is_made(self, made, *_):
        there = {item.resource.id: item for item in made.items}
        for item in made.items:
            for id_ in item.restore.needs if item.restore else ():
                self.assertIsNotNone(there[id_].restore)
                self.assertTrue(there[id_].possible)

    @any_plan
    def test_no_circles(self, made, *_):
        tasks = [item for item in made.items if item.restore]
        graph = {
            item.resource.id: {*item.restore.needs, *item.restore.after}
            for item in tasks
        }
        self.assertEqual(len(tasks), len(graph))
        graphlib.TopologicalSorter(graph).prepare()

    @any_plan
    def test_containers_wait_for_their_secrets(self, made, *_):
        tasks = [item for item in made.items if item.restore]
        there = {item.resource.id for item in tasks}
        for item in tasks:
            for one in getattr(item.restore.new, 'containers', ()):
                ids = {member.secret_id for member in one.members}
                self.assertIn(item.resource.id, ids)
                waits = {item.resource.id, *item.restore.after}
                self.assertLessEqual(ids, waits)
                self.assertLessEqual(ids, there)

    @any_plan
    def test_only_what_cannot_be_done_has_no_task(self, made, *_):
        for item in made.items:
            self.assertEqual(
                item.procedure is plans.Procedure.NONE, item.restore is None
            )
            self.assertNotIsInstance(item.task, tasks.Covered)
            if isinstance(item.task, tasks.Present):
                self.assertTrue(made.restore.skip_existing)

    @any_plan
    def test_no_marks_of_ours_come_back(self, made, *_):
        for item in made.items:
            if not item.restore:
                continue
            found = {
                **(item.volume.metadata if item.volume else {}),
                **(item.volume.image_metadata if item.volume else {}),
                **(item.image.properties if item.image else {}),
            }
            for name in found:
                self.assertFalse(name.startswith('backupclient'), name)
                self.assertFalse(name.startswith('cinder_enc'), name)

    @any_plan
    def test_quotas_hold(self, made, _request, _choices, inventory, _offers):
        new = [
            item.restore.new
            for item in made.items
            if item.restore and item.volume
        ]
        for name, needed in (
            ('volumes', len(new)),
            ('gigabytes', sum(one.size_gib for one in new)),
        ):
            quota = inventory.quotas.get(name)
            if quota and quota.free is not None:
                self.assertLessEqual(needed, quota.free)

    @untimed
    @given
    def test_the_same_again(self, scene, ids):
        request, choices, inventory, offers, origin = scene
        first, second = (
            restore.plan(
                request,
                choices,
                inventory,
                offers,
                origin=origin,
                identities=ids,
                now=base.NOW,
            )
            for _ in range(2)
        )
        self.assertEqual(first, second)

    @untimed
    @hypothesis.given(
        values.MANIFESTS,
        strategies.requests,
        strategies.inventories,
        strategies.offers,
    )
    def test_any_manifest(self, manifest, request, inventory, offers):
        choices = [base.choice(entry) for entry in manifest.items]
        made = restore.plan(
            request,
            choices,
            inventory,
            offers,
            origin=manifest.identity,
            identities=True,
            now=base.NOW,
        )
        self.assertEqual(request, made.restore)

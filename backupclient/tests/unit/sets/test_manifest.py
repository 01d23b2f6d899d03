# SPDX-License-Identifier: Apache-2.0
"""A manifest from a plan and its outcomes."""

import dataclasses
import datetime
import json
import pathlib

import fixtures
import hypothesis
from hypothesis import strategies
import msgspec
import testtools

from backupclient import documents
from backupclient.engine import saved_progress
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import saved_plans
from backupclient.model import secret_facts
from backupclient.model import tasks
from backupclient.sets import build
from backupclient.tests.unit import items
from backupclient.tests.unit.sets import samples
from backupclient.tests.unit.sets import values

ITEM = items.item(
    samples.DATA.resource,
    plans.Procedure.VOLUME_BACKUP,
    'the cloud offers the Backup API',
    size=samples.DATA.size,
    notes=('Planned.', 'Both.'),
    group=samples.SERVER_ID,
    volume=samples.DATA,
)
DONE = results.Outcome(
    samples.DATA.resource,
    plans.Procedure.SNAPSHOT_IMAGE,
    results.State.COMPLETE,
    size=59,
    seconds=12.5,
    consistency=plans.Consistency.CRASH,
    captured_at='2026-02-01T00:00:01+00:00',
    file=samples.file_record(f'volumes/{samples.DATA.id}.raw'),
    key=samples.key_record(f'keys/volume-{samples.DATA.id}.key'),
    notes=('Both.', 'Happened.'),
)


def built(items, outcomes):
    return build.manifest(
        plans.Plan(
            samples.IDENTITY,
            requests.Request(everything=True),
            tuple(items),
            cautions=('Beware.',),
        ),
        samples.RUN,
        outcomes,
        samples.STARTED,
        samples.FINISHED,
    )


class TestBuild(testtools.TestCase):
    def test_head(self):
        made = built([ITEM], [DONE])
        self.assertEqual(samples.RUN, made.run)
        self.assertEqual('2026-01-31T23:59:59+00:00', made.created_at)
        self.assertEqual('2026-02-01T00:04:59+00:00', made.finished_at)
        self.assertEqual(manifests.State.COMPLETE, made.state)
        self.assertEqual(samples.IDENTITY, made.identity)
        self.assertEqual(requests.Request(everything=True), made.request)
        self.assertEqual(('Beware.',), made.cautions)
        self.assertEqual('python-backupclient', made.program)
        self.assertEqual(1, made.version)

    def test_times_are_utc(self):
        east = datetime.timezone(datetime.timedelta(hours=9))
        made = build.manifest(
            plans.Plan(samples.IDENTITY, requests.Request()),
            samples.RUN,
            (),
            samples.STARTED.astimezone(east),
            samples.FINISHED,
        )
        self.assertEqual('2026-01-31T23:59:59+00:00', made.created_at)

    def test_entry_has_the_resource_of_the_plan_and_what_was_done(self):
        (entry,) = built([ITEM], [DONE]).items
        self.assertEqual(
            manifests.Entry(
                resource=samples.DATA.resource,
                procedure=plans.Procedure.SNAPSHOT_IMAGE,
                state=results.State.COMPLETE,
                group=samples.SERVER_ID,
                consistency=plans.Consistency.CRASH,
                captured_at='2026-02-01T00:00:01+00:00',
                size=59,
                file=DONE.file,
                key=DONE.key,
                notes=('Planned.', 'Both.', 'Happened.'),
                volume=samples.DATA,
            ),
            entry,
        )

    def test_image_of_a_server_is_that_of_the_run(self):
        """A shelved server has one in its plan already."""
        item = items.item(
            samples.SERVER.resource,
            plans.Procedure.SERVER_IMAGE,
            'because',
            server=samples.SERVER,
        )
        done = results.Outcome(
            item.resource,
            item.procedure,
            results.State.COMPLETE,
            image=samples.IMAGE,
        )
        (entry,) = built([item], [done]).items
        self.assertEqual(samples.IMAGE, entry.image)
        shelved = dataclasses.replace(
            item,
            task=tasks.ImageDownload(samples.IMAGE),
        )
        without = dataclasses.replace(done, image=None)
        (entry,) = built([shelved], [without]).items
        self.assertEqual(samples.IMAGE, entry.image)

    def test_planned_size_where_none_was_found(self):
        (entry,) = built([ITEM], [dataclasses.replace(DONE, size=None)]).items
        self.assertEqual(samples.DATA.size, entry.size)

    def test_not_reached(self):
        made = built([ITEM], [])
        self.assertEqual(manifests.State.INCOMPLETE, made.state)
        self.assertEqual(results.State.SKIPPED, made.items[0].state)
        self.assertIn('ended before', made.items[0].reason)

    def test_not_possible(self):
        made = built(
            [
                dataclasses.replace(
                    ITEM, task=tasks.Nothing(), reason='Too odd.'
                )
            ],
            [],
        )
        self.assertEqual(manifests.State.INCOMPLETE, made.state)
        self.assertEqual(results.State.SKIPPED, made.items[0].state)
        self.assertEqual('Too odd.', made.items[0].reason)

    def test_covered_by_others(self):
        made = built(
            [
                dataclasses.replace(
                    ITEM,
                    task=tasks.Covered('its volumes'),
                )
            ],
            [],
        )
        self.assertEqual(manifests.State.COMPLETE, made.state)
        self.assertEqual('its volumes', made.items[0].covered_by)

    def test_a_failure_makes_it_incomplete(self):
        failed = dataclasses.replace(DONE, state=results.State.FAILED)
        self.assertEqual(
            manifests.State.INCOMPLETE, built([ITEM], [failed]).state
        )

    @hypothesis.given(
        strategies.lists(values.ITEMS.map(saved_plans.item), max_size=3),
        strategies.lists(values.OUTCOMES, max_size=3),
    )
    @hypothesis.settings(max_examples=30, deadline=None)
    def test_each_item_has_an_entry(self, items, outcomes):
        made = built(items, outcomes)
        self.assertEqual(
            [item.resource for item in items],
            [entry.resource for entry in made.items],
        )


class TestManifest(testtools.TestCase):
    def test_of_kind(self):
        self.assertEqual(
            [samples.IMAGE.resource],
            [
                e.resource
                for e in samples.EVERYTHING.of_kind(resources.Kind.IMAGE)
            ],
        )


class TestOlder(testtools.TestCase):
    """What earlier releases wrote has fewer fields."""

    def read(self, kind, value, *absent):
        plain = msgspec.to_builtins(value)
        for place, *names in absent:
            inner = plain[place] if place else plain
            for name in names:
                del inner[name]
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'x'
        path.write_text(json.dumps(plain))
        return documents.read(path, kind, 'test')

    def test_entry(self):
        entry = samples.server_entry(samples.SERVER)
        found = self.read(
            manifests.Entry,
            entry,
            ('server', 'image_properties', 'min_disk', 'min_ram'),
        )
        self.assertEqual(entry, found)

    def test_outcome_in_a_journal(self):
        found = self.read(results.Outcome, DONE, ('', 'image'))
        self.assertEqual(DONE, found)

    def test_steps_in_a_journal(self):
        made = saved_progress.Made(
            image_id='an-image', captured_at='2026-02-01'
        )
        self.assertEqual(
            made, self.read(saved_progress.Made, made, ('', 'image'))
        )


class TestSecret(testtools.TestCase):
    """What is in no list of Barbican is known to the run only."""

    def test_metadata_and_readers_are_those_of_the_run(self):
        item = items.item(
            samples.SECRET.resource,
            plans.Procedure.SECRET_DOWNLOAD,
            'because',
            secret=samples.SECRET,
        )
        described = dataclasses.replace(
            samples.SECRET,
            metadata={'a': 'b'},
            acl=secret_facts.Acl(('u1',), project_access=False),
        )
        done = results.Outcome(
            samples.SECRET.resource,
            plans.Procedure.SECRET_DOWNLOAD,
            results.State.COMPLETE,
            secret=described,
        )
        for outcomes, expected in (([done], described), ([], samples.SECRET)):
            (entry,) = built([item], outcomes).items
            self.assertEqual(expected, entry.secret)

    def test_of_an_earlier_release(self):
        """It has neither metadata nor readers, nor sizes of containers."""
        membership = secret_facts.Membership('c', 'pair', 'rsa', 'x', 2)
        secret = dataclasses.replace(
            samples.SECRET, containers=(membership,), metadata={'a': 'b'}
        )
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'made')
        documents.write(path, samples.manifest(samples.secret_entry(secret)))
        written = json.loads(path.read_text())
        (item,) = written['items']
        for name in ('acl', 'metadata'):
            del item['secret'][name]
        del item['secret']['containers'][0]['size']
        path.write_text(json.dumps(written))
        (entry,) = documents.read(path, manifests.Manifest, 'manifest').items
        self.assertEqual(
            dataclasses.replace(
                secret,
                metadata={},
                containers=(dataclasses.replace(membership, size=0),),
            ),
            entry.secret,
        )

# SPDX-License-Identifier: Apache-2.0
"""Documents: what is written is read, and nothing else is."""

import dataclasses
import errno
import json
import os
import pathlib

import fixtures
import hypothesis
from hypothesis import strategies
import testtools
from testtools import matchers

from backupclient import documents
from backupclient import errors
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import saved_plans
from backupclient.tests.unit.sets import samples
from backupclient.tests.unit.sets import values

PLAN = saved_plans.Plan(
    samples.IDENTITY,
    requests.Request(match=(('env', None), ('role', 'web'))),
    (
        saved_plans.Item(
            samples.DATA.resource,
            plans.Procedure.VOLUME_BACKUP,
            'because',
            volume=samples.DATA,
            fallback=saved_plans.Item(
                samples.DATA.resource,
                plans.Procedure.SNAPSHOT_IMAGE,
                'because not',
            ),
        ),
    ),
)

JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | values.TEXTS,
    lambda inner: (
        strategies.lists(inner) | strategies.dictionaries(values.TEXTS, inner)
    ),
)


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'plan.json'

    def refused(self, kind=saved_plans.Plan):
        return str(
            self.assertRaises(
                errors.DocumentError,
                documents.read,
                self.path,
                kind,
                'saved plan',
            )
        )

    def refused_plan(self, change):
        """Read the plan with something changed in its JSON."""
        documents.write(self.path, PLAN)
        loaded = json.loads(self.path.read_text())
        change(loaded)
        self.path.write_text(json.dumps(loaded))
        return self.refused()


class TestRoundTrip(Case):
    def same(self, value):
        documents.write(self.path, value)
        found = documents.read(self.path, type(value), 'thing')
        self.assertEqual(value, found)

    def test_plan(self):
        self.same(PLAN)

    def test_inventory(self):
        self.same(
            inventories.Inventory(
                samples.IDENTITY,
                roles=frozenset({'member', 'reader'}),
                volumes=(samples.ROOT, samples.DATA),
                quotas={'volumes': inventories.Quota(10, 3)},
            )
        )

    def test_enumerations_and_mappings_come_back_as_such(self):
        documents.write(self.path, PLAN)
        found = documents.read(
            self.path, saved_plans.Plan, 'saved plan'
        ).items[0]
        self.assertIs(plans.Procedure.VOLUME_BACKUP, found.procedure)
        self.assertEqual('prod', found.volume.metadata['env'])

    @hypothesis.given(values.PLANS)
    @hypothesis.settings(max_examples=40, deadline=None)
    def test_any_plan(self, value):
        self.same(value)

    @hypothesis.given(values.MANIFESTS)
    @hypothesis.settings(max_examples=40, deadline=None)
    def test_any_manifest(self, value):
        self.same(value)

    @hypothesis.given(values.OUTCOMES)
    @hypothesis.settings(max_examples=40, deadline=None)
    def test_any_outcome(self, value):
        self.same(value)


class TestWrite(Case):
    def test_text_is_sorted_ascii_and_ends_with_a_newline(self):
        documents.write(
            self.path,
            resources.Resource(
                resources.Kind.VOLUME, 'B\u00fcro \x1b[2J \x9b2J \u202e', 'i'
            ),
        )
        self.assertEqual(
            '{\n'
            '  "id": "i",\n'
            '  "kind": "volume",\n'
            r'  "name": "B\u00fcro \u001b[2J \u009b2J \u202e"'
            '\n}\n',
            self.path.read_text(),
        )

    def test_same_value_gives_same_bytes(self):
        texts = set()
        for roles in ('ab', 'ba'):
            documents.write(
                self.path,
                inventories.Inventory(
                    samples.IDENTITY, roles=frozenset(roles)
                ),
            )
            texts.add(self.path.read_text())
        self.assertThat(texts, matchers.HasLength(1))

    def test_only_the_user_can_read_it(self):
        documents.write(self.path, PLAN)
        self.assertEqual(0o100600, self.path.stat().st_mode)

    def test_never_replaces_when_told_so(self):
        documents.write(self.path, PLAN, replace=False)
        self.assertRaises(
            errors.TargetError,
            documents.write,
            self.path,
            samples.DATA,
            replace=False,
        )
        self.assertEqual(
            PLAN, documents.read(self.path, saved_plans.Plan, 'saved plan')
        )
        self.assertEqual(['plan.json'], os.listdir(self.folder))

    def test_content_is_the_same_without_a_file(self):
        documents.write(self.path, PLAN)
        data = self.path.read_bytes()
        self.assertEqual(data, documents.encode(PLAN))
        self.assertEqual(
            PLAN, documents.decode(data, saved_plans.Plan, 'plan')
        )

    def test_replaces_and_leaves_nothing_else(self):
        self.path.with_name('plan.json.part').write_text('of a crash')
        self.path.write_text('old')
        documents.write(self.path, PLAN)
        documents.read(self.path, saved_plans.Plan, 'saved plan')
        self.assertEqual(['plan.json'], os.listdir(self.folder))

    def test_disk_that_fails(self):
        """The old one stays, and nothing of the new one."""
        self.path.write_text('old')

        def fail(_):
            raise OSError(errno.ENOSPC, 'No space left on device')

        self.useFixture(fixtures.MonkeyPatch('os.fsync', fail))
        failure = self.assertRaises(
            errors.TargetError, documents.write, self.path, PLAN
        )
        self.assertIn(f'{self.path} cannot be written: No', str(failure))
        self.assertEqual('old', self.path.read_text())
        self.assertEqual(['plan.json'], os.listdir(self.folder))

    def test_never_writes_through_a_link(self):
        elsewhere = self.folder / 'elsewhere'
        elsewhere.write_text('precious')
        for name in ('plan.json', 'plan.json.part'):
            self.folder.joinpath(name).symlink_to(elsewhere)
            try:
                documents.write(self.path, PLAN)
            except errors.TargetError:
                self.assertTrue(self.path.is_symlink())
            self.path.unlink()
            self.assertEqual('precious', elsewhere.read_text())

    def test_leaves_what_is_no_plain_file(self):
        os.mkfifo(self.path)
        error = self.assertRaises(
            errors.TargetError, documents.write, self.path, PLAN
        )
        self.assertThat(str(error), matchers.Contains(str(self.path)))
        self.assertTrue(self.path.is_fifo())

    def test_no_folder(self):
        self.assertRaises(
            errors.TargetError,
            documents.write,
            self.folder / 'none' / 'plan.json',
            PLAN,
        )

    def test_number_that_is_none(self):
        value = results.Outcome(
            samples.DATA.resource,
            plans.Procedure.NONE,
            results.State.FAILED,
            seconds=float('nan'),
        )
        self.assertRaises(ValueError, documents.write, self.path, value)


class TestRead(Case):
    def test_says_what_and_where_and_what_next(self):
        text = self.refused_plan(
            lambda p: p['items'][0]['volume'].update(size_gib='1')
        )
        for part in (
            'saved plan',
            str(self.path),
            '$.items[0].volume.size_gib',
            'Expected `int`, got `str`',
            'make a new one',
        ):
            self.assertThat(text, matchers.Contains(part))

    def test_wrong_values(self):
        for change in (
            lambda p: p.update(items=None),
            lambda p: p.update(bytes_to_move=1.5),
            lambda p: p.update(bytes_to_move=True),
            lambda p: p['request'].update(everything=1),
            lambda p: p['request'].update(match=[['env']]),
            lambda p: p['items'][0].update(procedure='\x1b[2J'),
            lambda p: p['items'][0].update(procedure='\ud800'),
            lambda p: p['items'][0].update(volume=[]),
            lambda p: p['items'][0]['volume']['metadata'].update(env=None),
            lambda p: p['items'][0].pop('resource'),
        ):
            text = self.refused_plan(change)
            self.assertTrue(text.isprintable(), text)

    def test_items_that_contradict_themselves(self):
        """It is said of which resource, and in which place."""
        other = {'kind': 'volume', 'id': 'other', 'name': 'other'}
        for change, words in (
            ({'procedure': 'image-download'}, 'cannot be backed up by image-'),
            ({'procedure': 'secret-download'}, 'cannot be backed up by secr'),
            ({'resource': other}, 'volume "other" (other) has the data of'),
        ):
            text = self.refused_plan(
                lambda p, change=change: p['items'][0].update(change)
            )
            self.assertIn(f'saved plan {self.path} is not valid', text)
            self.assertIn(words, text)
            self.assertIn('$.items[0]', text)

    def test_image_that_is_not_there(self):
        server = resources.Resource(resources.Kind.SERVER, 'web', 'id-1')
        failure = self.assertRaises(
            ValueError,
            saved_plans.Item,
            server,
            plans.Procedure.IMAGE_DOWNLOAD,
            'It is shelved.',
        )
        self.assertEqual(
            'server "web" (id-1): its procedure image-download and what else '
            'it has do not fit',
            str(failure),
        )

    def test_field_of_a_later_program_is_passed_over(self):
        documents.write(self.path, PLAN)
        loaded = json.loads(self.path.read_text())
        loaded['later'] = {'any': 'thing'}
        self.path.write_text(json.dumps(loaded))
        self.assertEqual(
            PLAN, documents.read(self.path, saved_plans.Plan, 'saved plan')
        )

    def test_other_version_comes_before_all_else(self):
        text = self.refused_plan(lambda p: p.update(version=2, items='new'))
        self.assertThat(text, matchers.Contains('by a newer release'))
        self.assertThat(text, matchers.Contains('format version 2'))
        self.assertThat(text, matchers.Contains('reads version 1'))
        self.assertThat(text, matchers.Contains('Upgrade'))

    def test_a_newer_version_is_an_error_of_its_own(self):
        documents.write(self.path, PLAN)
        loaded = json.loads(self.path.read_text())
        for version, newer in ((2, True), (0, False), (-1, False)):
            self.path.write_text(json.dumps(loaded | {'version': version}))
            error = self.assertRaises(
                errors.DocumentError,
                documents.read,
                self.path,
                plans.Plan,
                'saved plan',
            )
            self.assertIs(newer, isinstance(error, errors.NewerDocument))
            self.assertIn(f'format version {version}', str(error))

    def test_no_version(self):
        for change in (
            lambda p: p.pop('version'),
            lambda p: p.update(version=True),
            lambda p: p.update(version='1'),
        ):
            self.assertThat(
                self.refused_plan(change),
                matchers.Contains('no format version'),
            )

    def test_kind_without_versions(self):
        documents.write(self.path, samples.DATA)
        self.assertEqual(
            samples.DATA,
            documents.read(self.path, resources.Volume, 'volume'),
        )

    def test_hostile_bytes(self):
        documents.write(self.path, PLAN)
        whole = self.path.read_bytes()
        for data in (
            b'',
            b'\xff\xfe{',
            b'\xef\xbb\xbf{}',
            b'null',
            b'[]',
            b'{"version": 1, "seconds": NaN}',
            b'{"version": 1, "seconds": 1e999}',
            b'9' * 5000,
            whole[:-10],
            whole + whole,
            whole.replace(b'prod', b'\xff'),
        ):
            self.path.write_bytes(data)
            self.refused()

    def test_deep_nesting(self):
        item = (
            '{"resource": {"kind": "volume", "name": "", "id": ""}, '
            '"procedure": "none", "reason": "", "fallback": '
        )
        for before, after in (('[', ']'), ('{"a":', '}'), (item, '}')):
            for depth in (3000, 300_000):
                self.path.write_text(before * depth + 'null' + after * depth)
                self.refused(saved_plans.Item)

    def test_huge(self):
        with self.path.open('w') as file:
            file.truncate((64 << 20) + 1)
        self.assertThat(self.refused(), matchers.Contains('67,108,864 bytes'))

    def test_what_is_no_plain_file(self):
        documents.write(self.folder / 'other.json', PLAN)
        self.path.symlink_to('other.json')
        self.refused()
        self.path.unlink()
        self.path.mkdir()
        self.refused()
        self.path.rmdir()
        os.mkfifo(self.path)
        self.refused()

    def test_missing(self):
        self.assertThat(self.refused(), matchers.Contains('No such file'))

    @hypothesis.given(strategies.binary())
    @hypothesis.settings(max_examples=50, deadline=None)
    def test_any_bytes(self, data):
        self.path.write_bytes(data)
        self.refused()

    @hypothesis.given(JSON)
    @hypothesis.settings(max_examples=50, deadline=None)
    def test_any_json(self, value):
        if isinstance(value, dict):
            value['version'] = 1
        self.path.write_text(json.dumps(value))
        self.refused(manifests.Manifest)

    @hypothesis.given(strategies.data())
    @hypothesis.settings(max_examples=100, deadline=None)
    def test_any_field_of_any_kind(self, data):
        """One field has any value: an equal one is read, or it is refused."""
        documents.write(self.path, samples.EVERYTHING)
        loaded = json.loads(self.path.read_text())
        where = data.draw(strategies.sampled_from(list(_objects(loaded))))
        name = data.draw(strategies.sampled_from(sorted(where)))
        where[name] = data.draw(JSON)
        self.path.write_text(json.dumps(loaded))
        try:
            found = documents.read(self.path, manifests.Manifest, 'manifest')
        except errors.DocumentError:
            return
        documents.write(self.path, found)
        self.assertEqual(
            dataclasses.asdict(found),
            dataclasses.asdict(
                documents.read(self.path, manifests.Manifest, 'manifest')
            ),
        )


def _objects(value):
    """Every JSON object within a value."""
    if isinstance(value, dict):
        if value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _objects(inner)

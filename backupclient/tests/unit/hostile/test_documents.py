# SPDX-License-Identifier: Apache-2.0
"""Our own files, after someone has edited them."""

import contextlib
import dataclasses
import json
import pathlib

import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient import documents
from backupclient import errors
from backupclient.engine import journal_base
from backupclient.engine import journals
from backupclient.engine import saved_progress
from backupclient.model import copies
from backupclient.model import ids
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import results
from backupclient.model import saved_plans
from backupclient.operations.by_hand import page
from backupclient.osc import display
from backupclient.osc import rows
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.unit import examples
from backupclient.tests.unit.hostile import values
from backupclient.tests.unit.sets import samples

ITEMS = tuple(
    saved_plans.Item(
        record_.resource,
        procedure,
        'because',
        result='a file',
        size=1 << 30,
        notes=('It is so.',),
        to_file=True,
        group=group,
        **{record_.resource.kind.value: record_},
    )
    for record_, procedure, group in (
        (samples.SERVER, plans.Procedure.SERVER_IMAGE, samples.SERVER_ID),
        (samples.DATA, plans.Procedure.VOLUME_BACKUP, samples.SERVER_ID),
        (samples.ARCHIVE, plans.Procedure.SNAPSHOT_IMAGE, ''),
        (samples.IMAGE, plans.Procedure.IMAGE_DOWNLOAD, ''),
        (samples.SECRET, plans.Procedure.SECRET_DOWNLOAD, ''),
    )
)
FALLBACK = dataclasses.replace(
    ITEMS[1], fallback=dataclasses.replace(ITEMS[1], reason='instead')
)
PLAN = saved_plans.Plan(
    samples.IDENTITY,
    requests.Request(target='/backups', match=(('env', None),)),
    (ITEMS[0], FALLBACK, *ITEMS[2:]),
    peaks=(plans.Peak('volumes', 1, None),),
    cautions=('Beware.',),
)
OUTCOME = results.Outcome(
    samples.DATA.resource,
    plans.Procedure.VOLUME_IMAGE,
    results.State.COMPLETE,
    size=5,
    artifact=copies.Artifact('image', 'an-image', 'name'),
    file=samples.file_record('volumes/1.raw'),
    key=samples.key_record('keys/volume-1.key'),
)
MADE = saved_progress.Made(
    'a-snapshot', 'a-volume', 'an-image', artifact=OUTCOME.artifact
)
DOCUMENTS = (
    PLAN,
    FALLBACK,
    OUTCOME,
    MADE,
    samples.EVERYTHING,
    journal_base.SavedRun(
        samples.RUN, PLAN, '2026-01-31T23:59:59+00:00', 4, 60.0
    ),
    journals.Ended(results.State.COMPLETE, '2026-01-31T23:59:59+00:00'),
)


def values_in(value):
    """Every dataclass within a value."""
    if dataclasses.is_dataclass(value):
        yield value
        value = [
            getattr(value, field.name) for field in dataclasses.fields(value)
        ]
    if isinstance(value, list | tuple):
        for one in value:
            yield from values_in(one)


class TestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch('os.fsync', lambda _: None))
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'a file'

    def text(self, value):
        """A document as it is in its file."""
        documents.write(self.path, value)
        return self.path.read_text()

    def check_message(self, error, *words):
        """It is for people: it has the words, is short, and is inert."""
        text = display.clean(str(error))
        for word in words:
            self.assertIn(str(word), text)
        self.assertLess(len(text), 900)
        self.assertFalse(values.obeys(text))


class TestDocuments(TestCase):
    def read(self, kind):
        """Give what is read, or None when it is refused."""
        try:
            return documents.read(self.path, kind, 'thing')
        except errors.DocumentError as error:
            self.check_message(error, 'thing', self.path)
            return None

    @examples.examples(120)
    @hypothesis.given(st.data())
    def test_changed(self, data):
        value = data.draw(st.sampled_from(DOCUMENTS))
        text = self.text(value)
        self.path.write_bytes(data.draw(values.files(text)))
        found = self.read(type(value))
        if found is not None:
            self.check_sound(found)

    def check_sound(self, found):
        """What is accepted leads nowhere else, and can be worked with."""
        for each in values_in(found):
            named = {field.name for field in dataclasses.fields(each)}
            for name in named & {'id', 'snapshot_id', 'volume_id', 'image_id'}:
                id_ = getattr(each, name)
                fits = ids.is_id(id_) or (name != 'id' and not id_)
                self.assertTrue(fits, id_)
            if isinstance(each, copies.FileRecord | copies.KeyRecord):
                self.assertTrue(layout.is_member(each.path), each.path)
        documents.write(self.path, found)
        self.assertEqual(found, documents.read(self.path, type(found), 'it'))
        if isinstance(found, saved_plans.Plan):
            planned = saved_plans.plan(found)
            rows.plan_summary(planned)
            self.assertEqual(len(found.items), len(rows.plan(planned, {})[1]))
            # A plan with a resource twice is refused.
            with contextlib.suppress(errors.DocumentError):
                rows.steps(planned)
        if isinstance(found, manifests.Manifest):
            text = page.render(found)
            self.assertTrue(text.replace('\n', '').isprintable())

    def test_numbers(self):
        """None is so large that nothing could be done with it."""
        for number in (1 << 63, 10**30, 10**400, -(10**400)):
            loaded = json.loads(self.text(PLAN))
            loaded['bytes_to_move'] = number
            self.path.write_text(json.dumps(loaded))
            self.assertIsNone(self.read(saved_plans.Plan))

    def test_words_of_python(self):
        """What is wrong is said without them."""
        for text, said in (
            ('[' * 100_000, 'nested too deeply'),
            (f'{{"version": {"9" * 5000}}}', 'too large a number'),
            (f'{{"version": -{"9" * 5000}}}', 'too large a number'),
        ):
            error = self.assertRaises(
                errors.DocumentError,
                documents.decode,
                text.encode(),
                saved_plans.Plan,
                'plan',
            )
            self.assertIn(said, str(error))
            for word in ('recursion', '4300', 'limit'):
                self.assertNotIn(word, str(error))

    def test_items_that_contradict_themselves(self):
        """An item is about one resource, and its procedure fits that."""
        for change in (
            {'procedure': 'secret-download'},
            {'procedure': 'image-download'},
            {'volume': dataclasses.asdict(samples.ARCHIVE)},
            {'secret': dataclasses.asdict(samples.SECRET)},
            {'image': dataclasses.asdict(samples.IMAGE)},
            {'group': '../x'},
            {'fallback': dataclasses.asdict(ITEMS[4])},
        ):
            loaded = json.loads(self.text(ITEMS[1])) | change
            self.path.write_text(json.dumps(loaded))
            self.assertIsNone(self.read(saved_plans.Item), change)

    def test_settings_of_a_run(self):
        for change in (
            {'parallel': 0},
            {'timeout': -1.0},
            {'started_at': 'now'},
            {'started_at': '0001-01-01T00:00:00+23:59'},
        ):
            loaded = json.loads(self.text(DOCUMENTS[5])) | change
            self.path.write_text(json.dumps(loaded))
            self.assertIsNone(self.read(journal_base.SavedRun), change)

    def test_targets(self):
        for target in ('backups', '../x', '~/x', '/a\0b', '/\ud800'):
            loaded = json.loads(self.text(PLAN))
            loaded['request']['target'] = target
            self.path.write_text(json.dumps(loaded))
            self.assertIsNone(self.read(saved_plans.Plan), target)


class TestManifest(TestCase):
    """A backup set that someone has edited."""

    @examples.examples(40)
    @hypothesis.given(st.data())
    def test_check(self, data):
        target = self.folder / 'target'
        if not target.exists():
            self.set = samples.closed(target)
            self.whole = {
                path: path.read_bytes()
                for path in self.set.rglob('*')
                if path.is_file()
            }
        path = data.draw(
            st.sampled_from([self.set / 'manifest.json'] * 3)
            | st.just(self.set / 'SHA512SUMS')
        )
        change = (
            values.files(self.whole[path].decode())
            if path.suffix == '.json'
            else values.damaged(self.whole[path])
        )
        path.write_bytes(data.draw(change))
        try:
            found = check.check(localfolder.Folder(self.set))
        except errors.DocumentError as error:
            self.check_message(error, path)
        else:
            for one in found:
                self.check_message(one.path)
                self.check_message(one.problem)
        finally:
            path.write_bytes(self.whole[path])


class TestNames(testtools.TestCase):
    def test_what_is_no_id(self):
        for path in values.PATHS:
            self.assertRaises(ValueError, ids.require, path)
            if path:
                self.assertRaises(ValueError, ids.require_if_any, path)
            self.assertRaises(ValueError, layout.require_member, path)
        ids.require_if_any('', 'an-ID')

    def test_key_that_anyone_may_have_noted(self):
        name = 'cinder_encryption_key_id'
        for path in values.PATHS:
            image = dataclasses.replace(samples.IMAGE, properties={name: path})
            self.assertEqual('', image.key_id)

# SPDX-License-Identifier: Apache-2.0
"""Which sets a store has, and what can be said of those that are damaged."""

import dataclasses
import json
import os
import pathlib

import fixtures
import testtools

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.sets import catalogue
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.tests.unit.sets import samples

OLD = '20260101T000000Z-aaaa'
NEW = '20260301T000000Z-zzzz'
NO_RENAMING = base.Abilities(holes=True, continuing=True)


def made(run):
    return dataclasses.replace(samples.EVERYTHING, run=run)


def close(store, run):
    samples.filled(store, made(run)).close(made(run), samples.PAGE)


class OverStores:
    """The catalogue over one kind of store, given by :meth:`new_store`."""

    def setUp(self):
        super().setUp()
        self.store = self.new_store()

    def states(self):
        return [
            (one.run, one.state.value) for one in catalogue.runs(self.store)
        ]

    def all(self):
        """What the finished sets have, the newest first."""
        return [
            catalogue.read(self.store, found)
            for found in catalogue.runs(self.store)
            if found.state is catalogue.State.FINISHED
        ]

    def only(self):
        (found,) = catalogue.runs(self.store)
        return catalogue.read(self.store, found)

    def replace(self, data, run=samples.RUN):
        self.store.put(f'{run}/{layout.MANIFEST}', data)

    def test_nothing(self):
        self.assertEqual([], self.states())
        self.assertEqual([], self.all())

    def test_newest_first(self):
        for run in (samples.RUN, NEW, OLD):
            close(self.store, run)
        self.assertEqual(
            [(run, 'finished') for run in (NEW, samples.RUN, OLD)],
            self.states(),
        )
        self.assertEqual(
            [made(run) for run in (NEW, samples.RUN, OLD)],
            [one.manifest for one in self.all()],
        )

    def test_unfinished(self):
        samples.filled(self.store)
        self.assertEqual([(samples.RUN, 'unfinished')], self.states())
        self.assertEqual([], self.all())

    def test_without_its_manifest(self):
        """It was finished once: the user has lost a file, not the backup."""
        close(self.store, samples.RUN)
        close(self.store, OLD)
        self.store.delete(f'{samples.RUN}/{layout.MANIFEST}')
        self.assertEqual(
            [(samples.RUN, 'finished'), (OLD, 'finished')], self.states()
        )
        damaged, sound = self.all()
        self.assertIsNone(damaged.manifest)
        self.assertIn('has no manifest.json', damaged.problem)
        self.assertIn('RESTORE.md says how', damaged.problem)
        self.assertEqual(OLD, sound.manifest.run)
        self.assertEqual(
            [True, False], [one.lost for one in catalogue.runs(self.store)]
        )

    def test_without_any_of_its_texts(self):
        close(self.store, samples.RUN)
        for name in layout.DESCRIPTIONS:
            self.store.delete(f'{samples.RUN}/{name}')
        self.assertEqual([(samples.RUN, 'finished')], self.states())
        self.assertIn('restore by hand, or', self.only().problem)

    def test_without_its_manifest_while_a_run_writes(self):
        """Its marker tells, and nothing more is asked of the store."""
        close(self.store, samples.RUN)
        self.store.put(f'{samples.RUN}/{layout.MARKER}', b'{}')
        self.store.delete(f'{samples.RUN}/{layout.MANIFEST}')
        with fixtures.MockPatchObject(self.store, 'list') as listed:
            self.assertEqual([(samples.RUN, 'unfinished')], self.states())
            listed.mock.assert_not_called()

    def test_without_its_manifest_while_it_is_deleted(self):
        close(self.store, samples.RUN)
        self.store.put(f'{samples.RUN}/{layout.DELETION}', b'{}')
        self.store.delete(f'{samples.RUN}/{layout.MANIFEST}')
        self.assertEqual([(samples.RUN, 'unfinished')], self.states())

    def test_folder_without_a_file_of_a_set(self):
        """As a kill leaves it: nothing says that it was finished."""
        self.store.begin(samples.RUN)
        self.store.put(f'{samples.RUN}/notes.txt', b'mine')
        self.assertEqual([(samples.RUN, 'unfinished')], self.states())

    def test_what_happens_while_the_store_is_listed(self):
        """A run finishes, or the deletion of a set ends."""
        close(self.store, samples.RUN)
        with fixtures.MockPatchObject(
            self.store, 'folders_with', return_value=frozenset()
        ):
            (found,) = catalogue.runs(self.store)
            self.assertEqual(
                ('finished', False), (found.state.value, found.lost)
            )
            for each in self.store.list():
                self.store.delete(each.path)
            with fixtures.MockPatchObject(
                self.store, 'folders', return_value=(samples.RUN,)
            ):
                self.assertIn((samples.RUN, 'unfinished'), self.states())

    def test_deleted_while_it_is_read(self):
        """The message does not say that the manifest was lost."""
        close(self.store, samples.RUN)
        (found,) = catalogue.runs(self.store)
        for each in self.store.list():
            self.store.delete(each.path)
        self.assertNotIn('although', catalogue.read(self.store, found).problem)

    def test_what_is_no_set(self):
        close(self.store, samples.RUN)
        for name in (
            'photos',
            f'{NEW}.bak',
            f'x{NEW}',
            NEW.upper(),
            f'{NEW}.partial.partial',
            '20260301T000000Z-zzzz\n',
        ):
            self.store.begin(name)
            self.store.put(f'{name}/{layout.MANIFEST}', b'{}')
        self.store.put('20260301T000000Z-aaab', b'a file')
        self.assertEqual([(samples.RUN, 'finished')], self.states())

    def test_files_of_a_set(self):
        close(self.store, samples.RUN)
        (found,) = catalogue.runs(self.store)
        files = catalogue.files(self.store, found)
        for path in (layout.CHECKSUMS, f'volumes/{samples.DATA.id}.raw'):
            self.assertIsNotNone(files.stat(path))
        self.assertIsNone(files.stat('verified/20260101T000000Z.json'))
        for path in ('in-progress.json', '../x', '/etc/passwd', 'verified/x'):
            self.assertRaises(errors.TargetError, files.stat, path)

    def test_manifest_that_cannot_be_read(self):
        """It is told, and the others are there."""
        close(self.store, samples.RUN)
        close(self.store, OLD)
        good = json.loads(documents.encode(samples.EVERYTHING))
        for content, reason in (
            (b'', 'not valid'),
            (documents.encode(samples.EVERYTHING)[:-9], 'not valid'),
            (b'[' * 100_000, 'not valid'),
            (b'[' + b'[],' * 5_000_000 + b'[]]', 'values'),
            (b'x' * (documents.LARGEST + 1), 'bytes'),
            (json.dumps(good | {'version': 99}).encode(), 'version 99'),
            (json.dumps(good | {'run': NEW}).encode(), NEW),
            (json.dumps(good | {'run': '../x'}).encode(), 'wrong set'),
            (json.dumps(good | {'items': 5}).encode(), '$.items'),
        ):
            self.replace(content)
            damaged, sound = self.all()
            self.assertIsNone(damaged.manifest)
            self.assertIn(samples.RUN, damaged.problem)
            self.assertIn(reason, damaged.problem)
            self.assertTrue(damaged.problem.isprintable())
            self.assertEqual(OLD, sound.manifest.run)

    def test_more_resources_than_are_read(self):
        close(self.store, samples.RUN)
        self.addCleanup(setattr, catalogue, 'MOST_ITEMS', catalogue.MOST_ITEMS)
        catalogue.MOST_ITEMS = len(samples.EVERYTHING.items)
        self.assertEqual('', self.only().problem)
        catalogue.MOST_ITEMS -= 1
        self.assertIn('7 resources', self.only().problem)


class TestMemory(OverStores, testtools.TestCase):
    def new_store(self):
        return memory.Memory()


class TestWithoutRenaming(OverStores, testtools.TestCase):
    def new_store(self):
        return memory.Memory(NO_RENAMING)


class TestFolder(OverStores, testtools.TestCase):
    def new_store(self):
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        return localfolder.Folder(self.root)

    def test_failed(self):
        close(self.store, samples.RUN)
        nothing = dataclasses.replace(
            made(NEW), state='incomplete', items=samples.EVERYTHING.items[-1:]
        )
        samples.filled(self.store, nothing).close(nothing, samples.PAGE)
        self.assertEqual(
            [(NEW, 'failed'), (samples.RUN, 'finished')], self.states()
        )
        self.assertEqual(1, len(self.all()))

    def test_manifest_that_is_a_link(self):
        close(self.store, samples.RUN)
        path = self.root / samples.RUN / layout.MANIFEST
        path.rename(self.root / 'elsewhere')
        path.symlink_to(self.root / 'elsewhere')
        self.assertIn(str(path), self.only().problem)

    def test_manifest_that_is_a_pipe(self):
        close(self.store, samples.RUN)
        path = self.root / samples.RUN / layout.MANIFEST
        path.unlink()
        os.mkfifo(path)
        self.assertIn('not a plain file', self.only().problem)

    def test_set_that_is_a_link(self):
        close(self.store, samples.RUN)
        (self.root / NEW).symlink_to(self.root / samples.RUN)
        self.assertEqual([(samples.RUN, 'finished')], self.states())

    def test_folders_of_others(self):
        """As ``lost+found``: nobody looks into what is no set."""
        close(self.store, samples.RUN)
        (self.root / 'lost+found').mkdir(mode=0)
        self.assertEqual([(samples.RUN, 'finished')], self.states())

    def test_manifest_that_is_lost_in_a_set_that_cannot_be_listed(self):
        """It may hold anything; the others are listed."""
        close(self.store, samples.RUN)
        close(self.store, OLD)
        (self.root / samples.RUN / layout.MANIFEST).unlink()
        error = errors.TargetError('No permission.')
        with fixtures.MockPatchObject(self.store, 'list', side_effect=error):
            lost, sound = catalogue.runs(self.store)
        self.assertEqual(('finished', True), (lost.state.value, lost.lost))
        self.assertFalse(sound.lost)

    def test_nothing_there(self):
        missing = localfolder.Folder(self.root / 'missing')
        error = self.assertRaises(errors.TargetError, catalogue.runs, missing)
        self.assertIn('missing', str(error))

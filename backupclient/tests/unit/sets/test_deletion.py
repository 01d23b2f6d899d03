# SPDX-License-Identifier: Apache-2.0
"""What is left of a set that is deleted, after each step and after a kill."""

import contextlib
import datetime
import errno
import os
import pathlib
import subprocess

import fixtures
import testtools

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import verification
from backupclient.sets import catalogue
from backupclient.sets import claims
from backupclient.sets import deletion
from backupclient.sets import verified
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.tests.unit.sets import samples

RUN = samples.RUN
MANIFEST = f'{RUN}/{layout.MANIFEST}'
RECORD = f'{RUN}/{layout.DELETION}'
NO_RENAMING = base.Abilities(holes=True, continuing=True)


class Killed(BaseException):
    """The process is gone."""


def dying(store, steps):
    """Let a store's process die after so many changes."""

    class Dying(type(store)):
        """The same store."""

        left = steps

        def _step(self):
            if not self.left:
                raise Killed
            self.left -= 1

        def put(self, *args, **options):
            self._step()
            super().put(*args, **options)

        def delete(self, path):
            self._step()
            super().delete(path)

        def rename(self, old, new):
            self._step()
            super().rename(old, new)

        def tidy(self, folder):
            self._step()
            super().tidy(folder)

        def drop(self, folder):
            self._step()
            super().drop(folder)

    found = Dying.__new__(Dying)
    found.__dict__.update(store.__dict__)
    return found


def full(store, freed_by=('SHA512SUMS',)):
    """Let a store take only empty files until one of these is deleted.

    :param freed_by: names, none for any file.
    """

    class Full(type(store)):
        """The same store."""

        is_full = True

        def put(self, path, data, **options):
            if data and self.is_full:
                raise errors.TargetError(
                    f'{path} cannot be written: No space left on device.'
                ) from OSError(errno.ENOSPC, 'No space left on device')
            super().put(path, data, **options)

        def delete(self, path):
            super().delete(path)
            if not freed_by or path.rpartition('/')[2] in freed_by:
                self.is_full = False

    found = Full.__new__(Full)
    found.__dict__.update(store.__dict__)
    return found


class OverStores:
    """Deletion in one kind of store, given by :meth:`new_store`."""

    def setUp(self):
        super().setUp()
        self.renew()

    def renew(self):
        self.store = self.new_store()
        samples.filled(self.store).close(samples.EVERYTHING, samples.PAGE)

    def opened(self):
        (found,) = catalogue.runs(self.store)
        return catalogue.read(self.store, found)

    def delete(self):
        deletion.delete(self.store, self.opened())

    def paths(self):
        return [entry.path for entry in self.store.list()]

    def begun(self):
        return [one.folder for one in deletion.begun(self.store)]

    def test_nothing_is_left(self):
        self.delete()
        self.assertEqual([], self.paths())
        self.assertEqual((), self.store.folders())
        self.assertEqual([], self.begun())

    def test_results_of_verifications_go_too(self):
        (found,) = catalogue.runs(self.store)
        verified.keep(
            self.store,
            found,
            verification.Depth.DATA,
            (),
            samples.FINISHED,
        )
        self.delete()
        self.assertEqual([], self.paths())

    def test_another_set_stays(self):
        other = samples.manifest(run='20260301T000000Z-zzzz')
        samples.filled(self.store, other).close(other, samples.PAGE)
        opened = catalogue.read(self.store, catalogue.runs(self.store)[1])
        before = [path for path in self.paths() if path.startswith(other.run)]
        deletion.delete(self.store, opened)
        self.assertEqual(before, self.paths())

    def test_foreign_files(self):
        """The set is refused, its files are named, and all of it stays."""
        names = ('notes.txt', 'volumes/other.raw', 'keys/mine/id')
        for name in names:
            self.renew()
            self.store.put(f'{RUN}/{name}', b'mine')
            before = self.paths()
            self.assertIn(name, deletion.obstacle(self.store, self.opened()))
            error = self.assertRaises(errors.TargetError, self.delete)
            self.assertIn(name, str(error))
            self.assertIn(RUN, str(error))
            self.assertEqual(before, self.paths())

    def test_a_set_that_has_changed(self):
        opened = self.opened()
        changed = documents.encode(
            samples.manifest(*samples.EVERYTHING.items[:2])
        )
        self.store.put(MANIFEST, changed)
        before = self.paths()
        error = self.assertRaises(
            errors.TargetError, deletion.delete, self.store, opened
        )
        self.assertIn('has changed', str(error))
        self.assertEqual(before, self.paths())

    def test_a_killed_deletion_never_looks_whole(self):
        """After each step the set is whole, or nothing takes it for a set."""
        for steps in range(100):
            self.renew()
            every = set(self.paths())
            opened = self.opened()
            try:
                deletion.delete(dying(self.store, steps), opened)
            except Killed:
                pass
            else:
                break
            left = {one.partition('/')[2] for one in self.paths()}
            finished = [
                one
                for one in catalogue.runs(self.store)
                if one.state is catalogue.State.FINISHED
            ]
            if finished:
                missing = {one.partition('/')[2] for one in every} - left
                self.assertEqual(set(), missing, steps)
                deletion.delete(self.store, opened)
            for one in deletion.begun(self.store):
                deletion.finish(self.store, one)
            self.assertEqual([], self.paths(), steps)
            if self.store.can.renaming:
                # Others have no folders, or an empty one that says nothing.
                self.assertEqual((), self.store.folders(), steps)
        self.assertGreater(steps, 10)

    def test_a_full_disk(self):
        """A set goes where it can be moved; else nothing of it is touched."""
        before = self.paths()
        if self.store.can.renaming:
            deletion.delete(full(self.store), self.opened())
            self.assertEqual([], self.paths())
            self.assertEqual((), self.store.folders())
            return
        error = self.assertRaises(
            errors.TargetError,
            deletion.delete,
            full(self.store),
            self.opened(),
        )
        self.assertIn('No space left', str(error))
        self.assertIn('Nothing of the set is deleted yet', str(error))
        self.assertEqual(before, self.paths())

    def test_killed_on_a_full_disk(self):
        """After each step the set is whole, or nothing takes it for a set."""
        for steps in range(100 if self.store.can.renaming else 0):
            self.renew()
            every = set(self.paths())
            opened = self.opened()
            try:
                deletion.delete(dying(full(self.store), steps), opened)
            except Killed:
                pass
            else:
                self.assertGreater(steps, 10)
                break
            if self.store.has(RUN):
                self.assertEqual(every, {*self.paths()} - {RECORD}, steps)
                deletion.delete(full(self.store), opened)
            for one in deletion.begun(self.store):
                deletion.finish(full(self.store, ()), one)
            self.assertEqual([], self.paths(), steps)

    def test_somebody_reads_it_on_a_full_disk(self):
        """A claim is an empty file there, and counts all the same."""
        opened = self.opened()
        store = full(self.store)
        with claims.reading(store, [opened.found], 'verify'):
            before = self.paths()
            self.assertEqual(
                1, sum(layout.CLAIMS in path for path in before), before
            )
            with testtools.ExpectedException(
                errors.Busy if store.can.renaming else errors.TargetError
            ):
                deletion.delete(store, opened)
            self.assertEqual(before, self.paths())
        self.assertNotIn(layout.CLAIMS, str(self.paths()))

    def test_a_reader_comes_on_a_full_disk(self):
        """One that came just before the set was moved keeps it."""
        if not self.store.can.renaming:
            return
        store, opened = full(self.store), self.opened()
        claim = f'{RUN}/{layout.claim_file("20260301T000000Z-zzzz")}'
        rename, moves = store.rename, []

        def late(old, new):
            if not moves:
                store.put(claim, b'')
            moves.append((old, new))
            rename(old, new)

        store.rename = late
        before = self.paths()
        self.assertRaises(errors.Busy, deletion.delete, store, opened)
        self.assertEqual(sorted([*before, claim]), self.paths())
        self.assertEqual(2, len(moves))
        # A process that dies in between leaves it to the next one.
        moves.append('again')
        rename(RUN, RUN + layout.DELETING)
        (one,) = deletion.begun(store)
        self.assertRaises(errors.Busy, deletion.finish, store, one)
        self.assertEqual(len(before) + 1, len(self.paths()))

    def test_what_a_dead_run_has_left_on_a_full_disk(self):
        if not self.store.can.renaming:
            return
        self.store = self.new_store()
        samples.filled(self.store)
        (found,) = catalogue.runs(self.store)
        one = deletion.Begun(found.run, found.folder)
        largest = max(self.store.list(), key=lambda each: each.size).path
        name = largest.rpartition('/')[2]
        deletion.abandon(full(self.store, (name,)), one)
        self.assertEqual([], self.paths())
        self.assertEqual((), self.store.folders())

    def test_a_run_that_has_ended_since_it_was_listed(self):
        """Its data stay, also if the manifest was lost after that."""
        one = deletion.Begun(RUN, RUN)
        for gone in ((), layout.DESCRIPTIONS[:1], layout.DESCRIPTIONS):
            for name in gone:
                self.store.delete(f'{RUN}/{name}')
            before = self.paths()
            error = self.assertRaises(
                errors.TargetError, deletion.abandon, self.store, one
            )
            self.assertIn('is kept', str(error))
            self.assertEqual(before, self.paths())
        self.store.put(f'{RUN}/{layout.MARKER}', b'{}')
        deletion.abandon(self.store, one)
        self.assertEqual([], self.paths())

    def test_a_killed_deletion_of_an_unfinished_set(self):
        """After each step it is unfinished, and goes by the next call."""
        for steps in range(100):
            self.store = self.new_store()
            samples.filled(self.store)
            (found,) = catalogue.runs(self.store)
            one = deletion.Begun(found.run, found.folder)
            try:
                deletion.abandon(dying(self.store, steps), one)
            except Killed:
                pass
            else:
                break
            for each in catalogue.runs(self.store):
                self.assertEqual('unfinished', each.state.value, steps)
            begun = tuple(deletion.begun(self.store))
            for each in begun:
                deletion.finish(self.store, each)
            if not begun and self.store.has(one.folder):
                deletion.abandon(self.store, one)
            self.assertEqual([], self.paths(), steps)
        self.assertGreater(steps, 10)

    def test_what_appears_meanwhile_stays(self):
        with testtools.ExpectedException(Killed):
            deletion.delete(dying(self.store, 4), self.opened())
        (one,) = deletion.begun(self.store)
        self.store.put(f'{one.folder}/volumes/mine.raw', b'mine')
        error = self.assertRaises(
            errors.TargetError, deletion.finish, self.store, one
        )
        self.assertIn('volumes/mine.raw', str(error))
        self.assertEqual(
            [
                f'{one.folder}/{layout.DELETION}',
                f'{one.folder}/volumes/mine.raw',
            ],
            self.paths(),
        )
        self.store.delete(f'{one.folder}/volumes/mine.raw')
        deletion.finish(self.store, one)
        self.assertEqual([], self.paths())

    def test_a_list_that_leads_elsewhere(self):
        """A list is input: it names files of the layout, or is refused."""
        with testtools.ExpectedException(Killed):
            deletion.delete(dying(self.store, 4), self.opened())
        (one,) = deletion.begun(self.store)
        record = f'{one.folder}/{layout.DELETION}'
        for old, new in (
            ('SHA512SUMS', '../other/manifest.json'),
            ('SHA512SUMS', '/etc/passwd'),
            (RUN, '20260301T000000Z-zzzz'),
        ):
            content = base.read_whole(self.store, record, 1 << 20)
            self.store.put(record, content.replace(old.encode(), new.encode()))
            before = self.paths()
            self.assertRaises(
                errors.DocumentError, deletion.finish, self.store, one
            )
            self.assertEqual(before, self.paths())
            self.store.put(record, content)

    def test_somebody_reads_it(self):
        opened = self.opened()
        with claims.reading(self.store, [opened.found], 'verify'):
            before = self.paths()
            error = self.assertRaises(errors.Busy, self.delete)
            self.assertIn('"openstack backup verify" on', str(error))
            self.assertEqual(before, self.paths())
        self.assertNotIn(layout.CLAIMS, str(self.paths()))
        self.delete()
        self.assertEqual([], self.paths())

    def test_a_reader_that_is_dead(self):
        self.store.put(
            f'{RUN}/{layout.claim_file("20260301T000000Z-zzzz")}', b'{}'
        )
        now = datetime.datetime.now(datetime.UTC)
        self.assertIn('Somebody', claims.alive(self.store, RUN, now))
        later = now + claims.LIFETIME + datetime.timedelta(minutes=1)
        self.assertEqual('', claims.alive(self.store, RUN, later))

    def test_reading_what_is_being_deleted(self):
        opened = self.opened()
        with testtools.ExpectedException(Killed):
            deletion.delete(dying(self.store, 1), opened)
        with (
            testtools.ExpectedException(errors.Busy, '.*prune.*'),
            claims.reading(self.store, [opened.found], 'restore'),
        ):
            pass
        self.assertNotIn(layout.CLAIMS, str(self.paths()))

    def test_a_claim_belongs_to_the_set(self):
        """A verification does not call it foreign."""
        (found,) = catalogue.runs(self.store)
        with claims.reading(self.store, [found], 'verify'):
            self.assertEqual('', deletion.obstacle(self.store, self.opened()))


class MemoryTestCase(OverStores, testtools.TestCase):
    def new_store(self):
        return memory.Memory()


class MemoryWithoutRenamingTestCase(OverStores, testtools.TestCase):
    def new_store(self):
        return memory.Memory(NO_RENAMING)


class FolderTestCase(OverStores, testtools.TestCase):
    def new_store(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.place = place / 'backups'
        return localfolder.Folder(self.place)

    def test_links_are_never_followed(self):
        """What a link in a set leads to stays, and so does the set."""
        for name in ('volumes/link.raw', 'the disk', 'servers'):
            self.renew()
            outside = self.place.parent / 'outside'
            outside.mkdir()
            (outside / 'mine').write_text('mine')
            link = self.place / RUN / name
            if name == 'the disk':
                link = next((self.place / RUN / 'volumes').iterdir())
                link.unlink()
            to = outside if name == 'servers' else outside / 'mine'
            link.symlink_to(to)
            before = self.paths()
            self.assertRaises(errors.TargetError, self.delete)
            self.assertEqual(before, self.paths())
            self.assertEqual('mine', (outside / 'mine').read_text())

    def test_a_disk_without_a_free_block(self):
        self.place.parent.chmod(0o755)
        for is_whole in (True, False):
            self.renew()
            place = self.place.parent
            subprocess.run(
                ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place],
                check=True,
            )
            try:
                store = localfolder.Folder(self.place)
                new = samples.filled(store)
                if is_whole:
                    new.close(samples.EVERYTHING, samples.PAGE)
                with (
                    contextlib.suppress(OSError),
                    open(place / 'full', 'wb', buffering=0) as file,
                ):
                    while file.write(bytes(4096)):
                        pass
                self.assertEqual(0, store.free())
                (found,) = catalogue.runs(store)
                if is_whole:
                    deletion.delete(store, catalogue.read(store, found))
                else:
                    one = deletion.Begun(found.run, found.folder)
                    deletion.abandon(store, one)
                self.assertEqual([], os.listdir(self.place))
            finally:
                subprocess.run(['umount', place], check=True)

    def test_a_place_that_can_only_be_read(self):
        if os.geteuid() == 0:
            # Root can write everywhere: a store that refuses stands in.
            self.store.put = self._refuse
        else:
            self.addCleanup((self.place / RUN).chmod, 0o700)
            (self.place / RUN).chmod(0o500)
        before = self.paths()
        (found,) = catalogue.runs(self.store)
        with claims.reading(self.store, [found], 'verify'):
            self.assertEqual(before, self.paths())

    def _refuse(self, *args, **options):
        raise errors.TargetError('Read-only file system')

# SPDX-License-Identifier: Apache-2.0
"""A backup set, from its first file to its manifest."""

import datetime
import errno
import os
import pathlib
import shutil
import socket
import subprocess

import fixtures
import hypothesis
from hypothesis import strategies
import testtools
from testtools import matchers

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import results
from backupclient.sets import backup_set
from backupclient.sets import check
from backupclient.sets import marker
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.store import within
from backupclient.tests.unit.sets import samples


class Case(testtools.TestCase):
    """Sets in a folder."""

    def setUp(self):
        super().setUp()
        parent = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.target = parent / 'backups'
        self.store = localfolder.Folder(self.target)
        self.partial = self.target / f'{samples.RUN}.partial'
        self.final = self.target / samples.RUN

    def create(self):
        return backup_set.BackupSet.create(self.store, samples.RUN)

    def open(self):
        return backup_set.BackupSet.open(self.store, samples.RUN)

    def close(self):
        self.made.close(samples.EVERYTHING, samples.PAGE)

    def refused(self, function, *args):
        return str(self.assertRaises(errors.TargetError, function, *args))


class TestCreate(Case):
    def test_makes_target_and_folder(self):
        self.assertEqual(str(self.partial), self.create().place)
        self.assertEqual(0o40700, self.partial.stat().st_mode)

    def test_marker_says_who_writes(self):
        """Before anything else is there."""
        self.create()
        self.assertEqual([layout.MARKER], os.listdir(self.partial))
        found = documents.read(
            self.partial / layout.MARKER, marker.Marker, 'marker'
        )
        self.assertEqual(
            (samples.RUN, socket.gethostname()), (found.run, found.host)
        )
        age = datetime.datetime.now(
            datetime.UTC
        ) - datetime.datetime.fromisoformat(found.started_at)
        self.assertLess(abs(age.total_seconds()), 60)

    def test_marker_that_cannot_be_written(self):
        def full(*arguments):
            raise OSError(errno.ENOSPC, 'No space left on device')

        self.useFixture(fixtures.MonkeyPatch('os.pwrite', full))
        self.assertIn('No space left', self.refused(self.create))
        self.assertEqual([], os.listdir(self.target))

    def test_target_may_be_there_and_may_be_a_link(self):
        elsewhere = self.target.with_name('elsewhere')
        elsewhere.mkdir()
        self.target.symlink_to(elsewhere)
        self.create()
        self.assertEqual([self.partial.name], os.listdir(elsewhere))

    def test_parent_of_the_target_must_be_there(self):
        self.store = localfolder.Folder(self.target / 'a' / 'b')
        self.assertThat(
            self.refused(self.create), matchers.Contains(str(self.target))
        )

    def test_target_is_a_file(self):
        self.target.write_text('')
        self.refused(self.create)

    def test_never_into_what_is_there(self):
        self.target.mkdir()
        for path in (self.partial, self.final):
            path.mkdir()
            self.refused(self.create)
            path.rmdir()
            path.symlink_to(self.target)
            self.refused(self.create)
            path.unlink()

    def test_run_is_no_path(self):
        for run in ('..', '', 'a/b', f'../{samples.RUN}', samples.RUN + '\n'):
            for begin in (
                backup_set.BackupSet.create,
                backup_set.BackupSet.open,
            ):
                self.refused(begin, self.store, run)
        self.assertFalse(self.target.exists())


class TestOpen(Case):
    def test_goes_on(self):
        self.create().files.put('volumes/1.raw', b'x')
        found = self.open().files.stat('volumes/1.raw')
        self.assertEqual(1, found.size)

    def test_without_a_marker(self):
        """As of the first release."""
        self.partial.mkdir(parents=True)
        self.open()
        self.assertEqual([layout.MARKER], os.listdir(self.partial))

    def test_marker_is_that_of_the_first_process(self):
        self.create()
        before = (self.partial / layout.MARKER).stat()
        self.open()
        after = (self.partial / layout.MARKER).stat()
        self.assertEqual(before.st_ino, after.st_ino)

    def test_not_there(self):
        self.target.mkdir()
        self.assertIn(str(self.partial), self.refused(self.open))
        made = self.create()
        shutil.rmtree(self.partial)
        self.assertEqual(str(self.partial), made.place)
        self.refused(made.close, samples.manifest(), samples.PAGE)
        self.assertEqual([], os.listdir(self.target))

    def test_finished_one_is_partial_again(self):
        """And has no manifest, until it is finished again."""
        samples.closed(self.target)
        self.assertEqual(str(self.partial), self.open().place)
        self.assertEqual([self.partial.name], os.listdir(self.target))
        self.assertFalse((self.partial / layout.MANIFEST).exists())
        self.assertTrue((self.partial / layout.MARKER).exists())
        self.open().close(samples.EVERYTHING, samples.PAGE)
        self.assertEqual((), check.check(localfolder.Folder(self.final)))

    def test_link_or_file(self):
        self.target.mkdir()
        for path in (self.partial, self.final):
            path.symlink_to(self.target)
            self.refused(self.open)
            path.unlink()
            path.write_text('')
            self.refused(self.open)
            path.unlink()

    def test_of_someone_else(self):
        self.create()
        self.useFixture(
            fixtures.MonkeyPatch('os.geteuid', lambda: os.getuid() + 1)
        )
        self.assertThat(
            self.refused(self.open), matchers.Contains('someone else')
        )


class TestFiles(Case):
    def test_each_path_of_the_layout(self):
        made = self.create()
        volume, image = samples.DATA.resource, samples.IMAGE.resource
        for relative in (
            layout.data_file(volume, 'raw'),
            layout.data_file(samples.SERVER.resource, 'qcow2'),
            layout.data_file(image, '../../etc'),
            layout.key_file(volume, protected=True),
            layout.key_file(image, protected=False),
            layout.secret_file(samples.SECRET.id, protected=True),
            layout.secret_file(samples.SECRET.id, protected=False),
        ):
            made.files.put(relative, b'x')
            path = self.partial / relative
            self.assertEqual(b'x', path.read_bytes())
            self.assertEqual(0o40700, path.parent.stat().st_mode)

    def test_ids_are_no_paths(self):
        made = self.create()
        for id_ in ('..', '../../x', '', 'a b', '/etc', 'a' * 99, 'a\n', '.x'):
            for relative in (
                f'volumes/{id_}.raw',
                layout.secret_file(id_, protected=False),
            ):
                self.refused(made.files.put, relative, b'')
        self.assertEqual([layout.MARKER], os.listdir(self.partial))

    def test_other_paths(self):
        made = self.create()
        for relative in (
            'manifest.json',
            'in-progress.json',
            'volumes',
            'volumes/',
            'other/1.raw',
            '/volumes/1.raw',
            './volumes/1.raw',
            'volumes/../keys/1.key',
            'volumes/1.raw\x00',
            'volumes/1/2.raw',
        ):
            self.refused(made.files.put, relative, b'')
            self.refused(made.files.stat, relative)

    @hypothesis.given(strategies.text())
    @hypothesis.settings(deadline=None)
    def test_any_text_is_refused_or_stays_inside(self, text):
        if not self.partial.exists():
            self.create()
        made = self.open()
        for relative in (text, f'keys/{text}', f'keys/{text}.key'):
            try:
                made.files.put(relative, b'')
            except errors.TargetError:
                continue
            path = self.partial / relative
            self.assertEqual(self.partial / 'keys', path.resolve().parent)

    def test_folder_that_is_a_link_or_a_file(self):
        made = self.create()
        keys = self.partial / 'keys'
        keys.symlink_to(self.target)
        self.refused(made.files.put, 'keys/volume-1.key', b'')
        keys.unlink()
        keys.write_text('')
        self.refused(made.files.put, 'keys/volume-1.key', b'')


class TestClose(Case):
    def setUp(self):
        super().setUp()
        self.made = samples.filled(self.store)

    def check(self):
        self.assertEqual((), check.check(localfolder.Folder(self.final)))

    def test_sha512sum_finds_all_files_right(self):
        self.assertEqual(
            str(self.final), self.made.close(samples.EVERYTHING, samples.PAGE)
        )
        self.assertEqual(str(self.final), self.made.place)
        done = subprocess.run(
            ['sha512sum', '--strict', '-c', 'SHA512SUMS'],
            cwd=self.final,
            capture_output=True,
            text=True,
        )
        self.assertEqual('', done.stderr)
        self.assertEqual(0, done.returncode)
        files = {
            str(path.relative_to(self.final))
            for path in self.final.rglob('*')
            if path.is_file()
        }
        self.assertEqual(
            files - {'SHA512SUMS'},
            {line.removesuffix(': OK') for line in done.stdout.splitlines()},
        )

    def test_manifest_is_read_again(self):
        self.close()
        self.assertEqual(
            samples.EVERYTHING, check.read(localfolder.Folder(self.final))
        )

    def test_only_the_user_can_read_anything(self):
        self.close()
        for name in ('manifest.json', 'SHA512SUMS', 'RESTORE.md'):
            self.assertEqual(
                0o100600, (self.final / name).stat().st_mode, name
            )

    def test_empty_folders_are_dropped(self):
        self.made.files.put('secrets/1.bin', b'')
        self.made.files.delete('secrets/1.bin')
        (self.partial / 'servers').mkdir()
        self.close()
        self.assertEqual(
            [
                'RESTORE.md',
                'SHA512SUMS',
                'images',
                'keys',
                'manifest.json',
                'secrets',
                'volumes',
            ],
            sorted(os.listdir(self.final)),
        )

    def test_after_a_crash_in_its_middle(self):
        """Of this release, and of the first, which began with the manifest."""
        documents.write(self.partial / 'manifest.json', samples.manifest())
        (self.partial / 'SHA512SUMS.part').write_text('half')
        self.close()
        self.check()
        self.assertFalse((self.final / 'SHA512SUMS.part').exists())

    def test_data_that_are_gone_or_not_whole(self):
        (path,) = (self.partial / 'images').iterdir()
        data = path.read_bytes()
        path.unlink()
        self.assertIn(path.name, self.refused(self.close))
        path.write_bytes(data[:-1])
        self.assertIn(path.name, self.refused(self.close))
        self.assertFalse(self.final.exists())
        path.write_bytes(data)
        self.close()
        self.check()

    def test_parts_are_dropped(self):
        """What failed downloads have left where nothing can be deleted."""
        (self.partial / 'servers').mkdir()
        for name in ('servers/1.raw.part', 'volumes/2.raw.part'):
            (self.partial / name).write_bytes(b'half')
        self.close()
        self.assertEqual([], [*self.final.rglob('*.part')])
        self.assertFalse((self.final / 'servers').exists())

    def close(self):
        self.made.close(samples.EVERYTHING, samples.PAGE)

    def _without_use(self, state=results.State.FAILED):
        return samples.manifest(
            samples.volume_entry(samples.ROOT, state=state, file=None)
        )

    def test_nothing_complete(self):
        """Who takes the newest folder does not take this one."""
        failed = self.target / '.failed' / samples.RUN
        for state in (results.State.FAILED, results.State.SKIPPED):
            place = self.made.close(self._without_use(state), samples.PAGE)
            self.assertEqual(str(failed), place)
            self.assertEqual(place, self.made.place)
            self.assertEqual(['.failed'], os.listdir(self.target))
            self.assertEqual((), check.check(localfolder.Folder(failed)))
            page = (failed / 'RESTORE.md').read_text()
            self.assertEqual(samples.PAGE, page)
            # A run that is resumed after that finds it again.
            self.made = backup_set.BackupSet.open(self.store, samples.RUN)
            self.assertEqual(str(self.partial), self.made.place)
            self.assertEqual([], os.listdir(failed.parent))
        self.close()
        self.assertEqual(str(self.final), self.made.place)

    def test_nothing_that_had_to_be(self):
        """That of an empty project is complete."""
        place = self.made.close(samples.manifest(), samples.PAGE)
        self.assertEqual(str(self.final), place)

    def test_place_of_the_failed_ones_is_something_else(self):
        elsewhere = self.useFixture(fixtures.TempDir()).path
        place = self.target / '.failed'
        for make in (
            lambda: place.write_text(''),
            lambda: place.symlink_to(elsewhere),
        ):
            make()
            self.refused(self.made.close, self._without_use(), samples.PAGE)
            self.assertTrue(self.partial.is_dir())
            self.assertEqual([], os.listdir(elsewhere))
            place.unlink()

    def test_never_over_something(self):
        self.final.mkdir()
        self.refused(self.made.close, samples.EVERYTHING, samples.PAGE)
        self.assertEqual([], os.listdir(self.final))
        self.assertTrue(self.partial.is_dir())

    def test_key_that_is_gone_or_a_link(self):
        (path,) = (self.partial / 'keys').iterdir()
        path.unlink()
        self.refused(self.made.close, samples.EVERYTHING, samples.PAGE)
        path.symlink_to('/etc/passwd')
        self.refused(self.made.close, samples.EVERYTHING, samples.PAGE)
        self.assertFalse(self.final.exists())

    def test_document_that_is_a_link(self):
        elsewhere = self.target / 'elsewhere'
        elsewhere.write_text('precious')
        (self.partial / 'RESTORE.md').symlink_to(elsewhere)
        self.refused(self.made.close, samples.EVERYTHING, samples.PAGE)
        self.assertEqual('precious', elsewhere.read_text())


class Noting(memory.Memory):
    """Notes what is done to the store, in its order."""

    def __init__(self, can):
        super().__init__(can)
        self.done = []

    def put(self, path, data, **options):
        super().put(path, data, **options)
        self.done.append(f'put {path.partition("/")[2]}')

    def delete(self, path):
        super().delete(path)
        self.done.append(f'delete {path.partition("/")[2]}')

    def rename(self, old, new):
        super().rename(old, new)
        self.done.append('rename')


class TestAnyStore(testtools.TestCase):
    """Whether a store can rename or not."""

    def test_order(self):
        """First the marker; last the manifest: then the set is finished."""
        for can in (memory.ALL, base.Abilities()):
            store = Noting(can)
            made = samples.filled(store)
            self.assertEqual(f'put {layout.MARKER}', store.done[0])
            store.done.clear()
            made.close(samples.EVERYTHING, samples.PAGE)
            self.assertEqual(
                [
                    'put RESTORE.md',
                    'put SHA512SUMS',
                    'put manifest.json',
                    'delete in-progress.json',
                    *(['rename'] if can.renaming else []),
                ],
                store.done,
            )
            store.done.clear()
            backup_set.BackupSet.open(store, samples.RUN)
            self.assertEqual(
                [
                    *(['rename'] if can.renaming else []),
                    'put in-progress.json',
                    'delete manifest.json',
                ],
                store.done,
            )

    def test_unfinished_until_the_manifest_is_there(self):
        store = memory.Memory(base.Abilities())
        made = samples.filled(store)
        self.assertEqual(f'memory/{samples.RUN}', made.place)
        path = f'{samples.RUN}/{layout.MANIFEST}'
        self.assertIsNone(store.stat(path))
        again = backup_set.BackupSet.open(store, samples.RUN)
        self.assertEqual(
            f'memory/{samples.RUN}',
            again.close(samples.EVERYTHING, samples.PAGE),
        )
        self.assertIsNotNone(store.stat(path))
        self.assertEqual((), check.check(within.Within(store, samples.RUN)))

    def test_never_into_what_is_there(self):
        for can in (memory.ALL, base.Abilities()):
            store = memory.Memory(can)
            samples.filled(store).close(samples.EVERYTHING, samples.PAGE)
            before = dict(store.files)
            self.assertRaises(
                errors.TargetError,
                backup_set.BackupSet.create,
                store,
                samples.RUN,
            )
            self.assertEqual(before, store.files)

    def test_open_what_is_not_there(self):
        for can in (memory.ALL, base.Abilities()):
            self.assertRaises(
                errors.TargetError,
                backup_set.BackupSet.open,
                memory.Memory(can),
                samples.RUN,
            )


class TestDiscard(Case):
    def test_nothing_in_it(self):
        made = self.create()
        (self.partial / 'volumes').mkdir()
        made.discard()
        self.assertEqual([], os.listdir(self.target))
        made.discard()

    def test_something_in_it(self):
        made = self.create()
        made.files.put('volumes/1.raw', b'x')
        (self.partial / 'keys').mkdir()
        made.discard()
        self.assertEqual(
            ['in-progress.json', 'volumes'], sorted(os.listdir(self.partial))
        )
        self.assertEqual(['1.raw'], os.listdir(self.partial / 'volumes'))

# SPDX-License-Identifier: Apache-2.0
"""The folder of a backup set."""

import os
import pathlib
import subprocess

import fixtures
import hypothesis
from hypothesis import strategies
import testtools
from testtools import matchers

from backupclient import documents
from backupclient import errors
from backupclient.manifest import backup_set
from backupclient.manifest import check
from backupclient.model import layout
from backupclient.model import outcome
from backupclient.tests.unit.manifest import samples


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        parent = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.target = parent / 'backups'
        self.partial = self.target / f'{samples.RUN}.partial'
        self.final = self.target / samples.RUN

    def create(self):
        return backup_set.BackupSet.create(self.target, samples.RUN)

    def open(self):
        return backup_set.BackupSet.open(self.target, samples.RUN)

    def refused(self, function, *args):
        return str(self.assertRaises(errors.TargetError, function, *args))


class TestCreate(Case):
    def test_makes_target_and_folder(self):
        self.assertEqual(self.partial, self.create().folder)
        self.assertEqual(0o40700, self.partial.stat().st_mode)

    def test_target_may_be_there_and_may_be_a_link(self):
        elsewhere = self.target.with_name('elsewhere')
        elsewhere.mkdir()
        self.target.symlink_to(elsewhere)
        self.create()
        self.assertEqual([self.partial.name], os.listdir(elsewhere))

    def test_parent_of_the_target_must_be_there(self):
        self.target = self.target / 'a' / 'b'
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
                self.refused(begin, self.target, run)
        self.assertFalse(self.target.exists())


class TestOpen(Case):
    def test_goes_on(self):
        self.create().path('volumes/1.raw').write_text('x')
        self.assertEqual('x', self.open().path('volumes/1.raw').read_text())

    def test_not_there(self):
        self.target.mkdir()
        self.refused(self.open)

    def test_closed_one_is_partial_again(self):
        samples.filled(self.target).close(samples.EVERYTHING)
        self.assertEqual(self.partial, self.open().folder)
        self.assertEqual([self.partial.name], os.listdir(self.target))
        self.open().close(samples.EVERYTHING)
        self.assertEqual((), check.check(self.final))

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


class TestPath(Case):
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
            path = made.path(relative)
            self.assertEqual(self.partial / relative, path)
            self.assertEqual(0o40700, path.parent.stat().st_mode)

    def test_folders_are_made_only_when_needed(self):
        made = self.create()
        made.path('volumes/1.raw')
        made.path('volumes/2.raw')
        self.assertEqual(['volumes'], os.listdir(self.partial))

    def test_ids_are_no_paths(self):
        made = self.create()
        for id_ in ('..', '../../x', '', 'a b', '/etc', 'a' * 99, 'a\n', '.x'):
            for relative in (
                f'volumes/{id_}.raw',
                layout.secret_file(id_, protected=False),
            ):
                self.refused(made.path, relative)
        self.assertEqual([], os.listdir(self.partial))

    def test_other_paths(self):
        made = self.create()
        for relative in (
            'manifest.json',
            'volumes',
            'volumes/',
            'other/1.raw',
            '/volumes/1.raw',
            './volumes/1.raw',
            'volumes/../keys/1.key',
            'volumes/1.raw\x00',
            'volumes/1/2.raw',
        ):
            self.refused(made.path, relative)

    @hypothesis.given(strategies.text())
    @hypothesis.settings(deadline=None)
    def test_any_text_is_refused_or_stays_inside(self, text):
        made = backup_set.BackupSet(self.final)
        self.partial.mkdir(parents=True, exist_ok=True)
        for relative in (text, f'keys/{text}', f'keys/{text}.key'):
            try:
                path = made.path(relative)
            except errors.TargetError:
                continue
            self.assertEqual(self.partial / 'keys', path.resolve().parent)

    def test_folder_that_is_a_link(self):
        made = self.create()
        (self.partial / 'keys').symlink_to(self.target)
        self.refused(made.path, 'keys/volume-1.key')

    def test_folder_that_is_a_file(self):
        made = self.create()
        (self.partial / 'keys').write_text('')
        self.refused(made.path, 'keys/volume-1.key')


class TestClose(Case):
    def setUp(self):
        super().setUp()
        self.made = samples.filled(self.target)

    def test_sha512sum_finds_all_files_right(self):
        self.assertEqual(self.final, self.made.close(samples.EVERYTHING))
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
        self.made.close(samples.EVERYTHING)
        self.assertEqual(samples.EVERYTHING, check.read(self.final))

    def test_only_the_user_can_read_anything(self):
        self.made.close(samples.EVERYTHING)
        for name in ('manifest.json', 'SHA512SUMS', 'RESTORE.md'):
            self.assertEqual(
                0o100600, (self.final / name).stat().st_mode, name
            )

    def test_empty_folders_are_dropped(self):
        self.made.path('secrets/1.bin')
        (self.partial / 'servers').mkdir()
        self.made.close(samples.EVERYTHING)
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
        documents.write(self.partial / 'manifest.json', samples.manifest())
        (self.partial / 'SHA512SUMS.part').write_text('half')
        self.made.close(samples.EVERYTHING)
        self.assertEqual((), check.check(self.final))
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
        self.assertEqual((), check.check(self.final))

    def test_parts_are_dropped(self):
        """What failed downloads have left where nothing can be deleted."""
        (self.partial / 'servers').mkdir()
        for name in ('servers/1.raw.part', 'volumes/2.raw.part'):
            (self.partial / name).write_bytes(b'half')
        self.close()
        self.assertEqual([], [*self.final.rglob('*.part')])
        self.assertFalse((self.final / 'servers').exists())

    def close(self):
        self.made.close(samples.EVERYTHING)

    def _without_use(self, state=outcome.State.FAILED):
        return samples.manifest(
            samples.volume_entry(samples.ROOT, state=state, file=None)
        )

    def test_nothing_complete(self):
        """Who takes the newest folder does not take this one."""
        failed = self.target / '.failed' / samples.RUN
        for state in (outcome.State.FAILED, outcome.State.SKIPPED):
            self.assertEqual(failed, self.made.close(self._without_use(state)))
            self.assertEqual(failed, self.made.place)
            self.assertEqual(['.failed'], os.listdir(self.target))
            self.assertEqual((), check.check(failed))
            page = (failed / 'RESTORE.md').read_text()
            self.assertIn('Nothing in this folder is complete', page)
            # A run that is resumed after that finds it again.
            again = backup_set.BackupSet.open(self.target, samples.RUN)
            self.assertEqual(self.partial, again.place)
            self.assertEqual([], os.listdir(failed.parent))
        again.close(samples.EVERYTHING)
        self.assertEqual(self.final, again.place)

    def test_nothing_that_had_to_be(self):
        """That of an empty project is complete."""
        self.assertEqual(self.final, self.made.close(samples.manifest()))

    def test_place_of_the_failed_ones_is_something_else(self):
        elsewhere = self.useFixture(fixtures.TempDir()).path
        place = self.target / '.failed'
        for make in (
            lambda: place.write_text(''),
            lambda: place.symlink_to(elsewhere),
        ):
            make()
            self.refused(self.made.close, self._without_use())
            self.assertTrue(self.partial.is_dir())
            self.assertEqual([], os.listdir(elsewhere))
            place.unlink()

    def test_never_over_something(self):
        self.final.mkdir()
        self.refused(self.made.close, samples.EVERYTHING)
        self.assertEqual([], os.listdir(self.final))
        self.assertTrue(self.partial.is_dir())

    def test_key_that_is_gone_or_a_link(self):
        (path,) = (self.partial / 'keys').iterdir()
        path.unlink()
        self.refused(self.made.close, samples.EVERYTHING)
        path.symlink_to('/etc/passwd')
        self.refused(self.made.close, samples.EVERYTHING)
        self.assertFalse(self.final.exists())

    def test_document_that_is_a_link(self):
        elsewhere = self.target / 'elsewhere'
        elsewhere.write_text('precious')
        (self.partial / 'RESTORE.md').symlink_to(elsewhere)
        self.refused(self.made.close, samples.EVERYTHING)
        self.assertEqual('precious', elsewhere.read_text())


class TestDiscard(Case):
    def test_nothing_in_it(self):
        made = self.create()
        made.path('volumes/1.raw')
        made.discard()
        self.assertEqual([], os.listdir(self.target))
        made.discard()

    def test_something_in_it(self):
        made = self.create()
        made.path('volumes/1.raw').write_text('x')
        made.path('keys/volume-1.key')
        made.discard()
        self.assertEqual(['volumes'], os.listdir(self.partial))
        self.assertEqual(['1.raw'], os.listdir(self.partial / 'volumes'))

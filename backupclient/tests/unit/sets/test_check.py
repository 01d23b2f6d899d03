# SPDX-License-Identifier: Apache-2.0
"""Damage that is found in a backup set."""

import dataclasses
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
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.unit.sets import samples

DATA = f'volumes/{samples.DATA.id}.raw'
KEY = f'keys/volume-{samples.DATA.id}.key.age'


class TestCheck(testtools.TestCase):
    def setUp(self):
        super().setUp()
        target = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.folder = samples.closed(target)
        self.files = localfolder.Folder(self.folder)

    def finds(self, path, problem):
        (found,) = check.check(self.files)
        self.assertEqual(path, found.path)
        self.assertThat(found.problem, matchers.Contains(problem))

    def refused(self):
        return str(
            self.assertRaises(errors.DocumentError, check.check, self.files)
        )

    def edit(self, named='file', **changes):
        """Change what the manifest says of a file."""
        documents.write(self.folder / 'manifest.json', samples.EVERYTHING)
        path = self.folder / 'manifest.json'
        manifest = json.loads(path.read_text())
        manifest['items'][1][named] |= changes
        path.write_text(json.dumps(manifest))

    def test_all_is_well(self):
        self.assertEqual((), check.check(self.files))

    def test_changed(self):
        for path in (DATA, KEY, 'RESTORE.md'):
            data = (self.folder / path).read_bytes()
            (self.folder / path).write_bytes(b'X' + data[1:])
            self.finds(path, 'changed')
            (self.folder / path).write_bytes(data)

    def test_cut_off(self):
        with (self.folder / DATA).open('r+') as file:
            file.truncate(10)
        self.finds(DATA, '10 bytes instead of 59')

    def test_gone(self):
        (self.folder / DATA).unlink()
        self.finds(DATA, 'No such file')

    def test_link(self):
        path = self.folder / DATA
        path.rename(self.folder / 'elsewhere')
        path.symlink_to(self.folder / 'elsewhere')
        self.finds(DATA, 'cannot be read')

    def test_folder_that_is_a_link(self):
        (self.folder / 'keys').rename(self.folder.parent / 'elsewhere')
        (self.folder / 'keys').symlink_to(self.folder.parent / 'elsewhere')
        self.finds(KEY, 'link')

    def test_pipe(self):
        (self.folder / DATA).unlink()
        os.mkfifo(self.folder / DATA)
        self.finds(DATA, 'plain file')

    def test_not_listed(self):
        sums = self.folder / 'SHA512SUMS'
        lines = sums.read_text().splitlines(keepends=True)
        sums.write_text(''.join(li for li in lines if DATA not in li))
        self.finds(DATA, 'not listed')

    def test_manifest_has_another_hash(self):
        entry = samples.EVERYTHING.items[1]
        digests = {'sha512': '0' * 128}
        file = dataclasses.replace(entry.file, digests=digests)
        documents.write(
            self.folder / 'manifest.json',
            samples.manifest(dataclasses.replace(entry, file=file)),
        )
        self.assertIn(
            DATA,
            [
                found.path
                for found in check.check(self.files)
                if 'disagree' in found.problem
            ],
        )

    def test_manifest_without_a_hash(self):
        for digests in ({}, {'sha512': ''}, {'sha512': f'{"0" * 128}\n'}):
            self.edit(digests=digests)
            self.assertThat(self.refused(), matchers.Contains('sha512'))

    def test_manifest_names_a_file_elsewhere(self):
        for path in ('/etc/passwd', '../x', 'volumes/../../x.raw', '', 'x'):
            for named in ('file', 'key'):
                self.edit(named, path=path)
                text = self.refused()
                self.assertThat(
                    text, matchers.Contains('not the path of a file')
                )
                self.assertThat(text, matchers.Contains(f'$.items[1].{named}'))

    def test_checksums_of_something_else(self):
        for text in (
            'nothing',
            f'{"0" * 128}  ../x\n',
            f'{"0" * 128}  /etc/passwd\n',
            f'{"0" * 127}  RESTORE.md\n',
            f'\\{"0" * 128}  RESTORE.md\n',
            '\n',
            '\x1b[2J',
        ):
            (self.folder / 'SHA512SUMS').write_text(text)
            self.assertTrue(self.refused().isprintable())

    def test_documents_gone(self):
        for name in ('SHA512SUMS', 'manifest.json'):
            (self.folder / name).unlink()
            self.assertThat(self.refused(), matchers.Contains(name))

    @hypothesis.given(strategies.binary())
    @hypothesis.settings(max_examples=50, deadline=None)
    def test_any_checksums(self, data):
        (self.folder / 'SHA512SUMS').write_bytes(data)
        try:
            found = check.check(self.files)
        except errors.DocumentError:
            return
        self.assertNotEqual((), found)

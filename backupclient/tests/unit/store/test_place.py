# SPDX-License-Identifier: Apache-2.0

import os
import pathlib

import fixtures
import testtools

from backupclient.store import place


class PlaceTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def test_there_or_to_be(self):
        for folder in self.root, self.root / 'new':
            self.assertEqual('', place.obstacle(folder))
        link = self.root / 'link'
        link.symlink_to(self.root)
        self.assertEqual('', place.obstacle(link))
        self.assertEqual('', place.obstacle(link / 'new'))

    def test_relative(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.root)
        self.assertEqual('', place.obstacle(pathlib.Path('new')))
        said = place.obstacle(pathlib.Path('a/b'))
        self.assertIn(str(self.root / 'a'), said)

    def test_more_is_missing(self):
        folder = self.root / 'a b' / 'c' / 'd'
        said = place.obstacle(folder)
        self.assertIn(f'{self.root / "a b"} is not there', said)
        self.assertIn(f"mkdir -p '{folder.parent}'", said)
        self.assertEqual('', place.obstacle(folder, makes_parents=True))
        folder.parent.mkdir(parents=True)
        self.assertEqual('', place.obstacle(folder))

    def test_no_folder(self):
        file, pipe = self.root / 'file', self.root / 'pipe'
        file.touch()
        os.mkfifo(pipe)
        for path in file, pipe:
            for folder in path, path / 'a', path / 'a' / 'b':
                for makes_parents in False, True:
                    said = place.obstacle(folder, makes_parents=makes_parents)
                    self.assertEqual(f'{path} is not a folder.', said)

    def test_link_to_nothing_and_in_a_circle(self):
        link, circle = self.root / 'link', self.root / 'circle'
        link.symlink_to('/not/there')
        circle.symlink_to(circle)
        for folder in link, link / 'a':
            self.assertIn('a link to /not/there', place.obstacle(folder))
        self.assertIn(str(circle), place.obstacle(circle))

    def test_name_that_is_too_long(self):
        long = self.root / ('x' * 300)
        for folder in long, long / 'a':
            self.assertIn('File name too long', place.obstacle(folder))

# SPDX-License-Identifier: Apache-2.0
"""Runs into a restic repository, with the real restic."""

import pathlib
import shutil

import fixtures

from backupclient import errors
from backupclient.engine import journals
from backupclient.sets import catalogue
from backupclient.store import targets
from backupclient.store.programs import finding
from backupclient.store.restic import repos
from backupclient.store.restic import staging
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.store import repositories


class GatheredTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(targets.forget)
        # The program that is counted lies elsewhere.
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.calls = folder / 'calls'
        script = folder / 'restic'
        script.write_text(
            f'#!/bin/sh\necho "$*" >>{self.calls}\n'
            f'exec {shutil.which("restic")} "$@"\n'
        )
        script.chmod(0o755)
        self.useFixture(
            fixtures.EnvironmentVariable('PATH', f'{folder}:/usr/bin:/bin')
        )
        finding.find(finding.RESTIC)

    def begin(self):
        super().begin()
        self.repository = self.useFixture(repositories.Repository())
        self.target = f'restic:{self.repository.place}'

    def new_process(self, stop_at=0):
        targets.forget()
        super().new_process(stop_at)

    def fill(self, count):
        for number in range(count):
            self.fake.barbican.add_secret(
                f'secret-{number}', b'payload %d' % number
            )
            self.fake.glance.add_image(f'small-{number}', b'%d' % number * 999)
        self.fake.glance.add_image('large', b'large' * 500_000)
        self.calls.write_text('')

    def planned(self):
        return self.plan(target=self.target, plaintext_keys=True)

    def set_of(self, report):
        store = targets.find(self.target)
        (found,) = catalogue.runs(store)
        self.assertEqual(report.run, found.run)
        return found, catalogue.read(store, found).manifest

    def check(self, report):
        """The set is finished, and each file in it has its bytes."""
        self.assertEqual(0, report.exit_code, self.reporter.said)
        self.new_process()
        found, manifest = self.set_of(report)
        self.assertIs(catalogue.State.FINISHED, found.state)
        files = catalogue.files(targets.find(self.target), found)
        sums = {}
        for entry in manifest.items:
            with files.read(entry.file.path) as stream:
                sums[entry.resource.name] = stream.read(1 << 30)
        for name, data in sums.items():
            number = name.partition('-')[2]
            expected = {
                'secret': f'payload {number}',
                'small': number * 999,
                'large': 'large' * 500_000,
            }[name.partition('-')[0]]
            self.assertEqual(expected.encode(), data, name)

    def test_small_files_share_a_snapshot(self):
        self.fill(12)
        report = self.start(self.planned(), parallel=4)
        calls = self.calls.read_text().splitlines()
        backups = [call for call in calls if call.startswith('backup')]
        # The marker, the large image, and all that is small.
        self.assertEqual(3, len(backups), calls)
        self.assertLessEqual(len(calls), 12, calls)
        self.check(report)
        self.assertEqual([], list(staging.found()))

    def test_outcomes_wait_for_their_files(self):
        self.fill(2)
        seen = []
        real = repos.Repository.keep

        def keep(this, folder, tags):
            (journal,) = self.journals()
            found = journals.Journal(journal.folder).outcomes()
            seen.extend(one.resource.name for one in found.values())
            return real(this, folder, tags)

        self.useFixture(
            fixtures.MonkeyPatch(f'{repos.__name__}.Repository.keep', keep)
        )
        report = self.start(self.planned())
        self.assertEqual(['large'], seen)
        (journal,) = self.journals()
        self.assertEqual(5, len(journals.Journal(journal.folder).outcomes()))
        self.check(report)

    def test_killed_before_they_are_stored(self):
        """Who resumes the run does them again."""
        self.fill(2)

        def killed(this, folder, tags):
            raise KeyboardInterrupt

        patch = fixtures.MonkeyPatch(
            f'{repos.__name__}.Repository.keep', killed
        )
        with patch:
            self.assertRaises(KeyboardInterrupt, self.start, self.planned())
        self.new_process()
        report = self.resume()
        self.assertEqual(5, len(report.outcomes))
        self.check(report)

    def test_they_cannot_be_stored(self):
        self.fill(2)

        def full(this, folder, tags):
            raise errors.TargetError('no space left on device')

        patch = fixtures.MonkeyPatch(f'{repos.__name__}.Repository.keep', full)
        with patch:
            report = self.start(self.planned())
        self.assertEqual(130, report.exit_code)
        self.assertIn('no space left', ' '.join(self.reporter.said))
        self.new_process()
        (journal,) = self.journals()
        self.assertEqual(1, len(journal.outcomes()))
        self.check(self.resume())

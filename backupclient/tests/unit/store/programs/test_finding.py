# SPDX-License-Identifier: Apache-2.0

import pathlib

import fixtures
import testtools

from backupclient import errors
from backupclient.store.programs import finding


class TestFind(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable(
                'PATH', f'{self.folder}:/usr/bin:/bin'
            )
        )

    def program(self, script, name='restic'):
        path = self.folder / name
        path.write_text(f'#!/bin/sh\n{script}\n')
        path.chmod(0o755)

    def refused(self, program=finding.RESTIC):
        error = self.assertRaises(errors.TargetError, finding.find, program)
        return str(error)

    def test_found_and_asked_once(self):
        self.program('echo x >>"$0.calls"; echo restic 0.14.0 on linux')
        for _ in range(2):
            found = finding.find(finding.RESTIC)
            self.assertEqual(str(self.folder / 'restic'), found.path)
            self.assertEqual((0, 14, 0), found.version)
        calls = self.folder / 'restic.calls'
        self.assertEqual('x\n', calls.read_text())

    def test_rclone(self):
        self.program('echo rclone v1.60.1-DEV; echo "- go 1.19"', 'rclone')
        self.assertEqual((1, 60, 1), finding.find(finding.RCLONE).version)

    def test_missing(self):
        self.useFixture(fixtures.EnvironmentVariable('PATH', str(self.folder)))
        said = self.refused()
        self.assertIn('restic is not there', said)
        self.assertIn('Install restic 0.14 or newer (the package', said)

    def test_too_old(self):
        for version in ('0.13.9', '0.9'):
            self.program(f'echo restic {version}')
            self.assertIn(
                f'version {version}, which is too old', self.refused()
            )
            self.assertIn('Install restic 0.14 or newer', self.refused())

    def test_newer(self):
        for version in ('0.14', '0.17.3', '1.0.0'):
            finding._known.clear()
            self.program(f'echo restic {version}')
            finding.find(finding.RESTIC)

    def test_something_else(self):
        self.program('echo hello')
        self.assertIn('does not say which version', self.refused())
        self.program('echo broken >&2; exit 1')
        self.assertIn('exit code 1: broken', self.refused())

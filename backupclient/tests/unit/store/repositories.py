# SPDX-License-Identifier: Apache-2.0
"""Restic repositories for tests: made by the real program."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import fixtures

from backupclient.store.restic import store

PASSWORD = 'geheim-4711'


def restic(place, *words, **options):
    """Call restic as a person does."""
    done = subprocess.run(
        ['restic', '-r', str(place), *words],
        env={**os.environ, 'RESTIC_PASSWORD': PASSWORD},
        check=True,
        capture_output=True,
        **options,
    )
    return done.stdout


class Repository(fixtures.Fixture):
    """A new repository. To make one takes a second, to copy one does not."""

    _template = None

    def _setUp(self):
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_PASSWORD', PASSWORD)
        )
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_CACHE_DIR', self.cache())
        )
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.place = root / 'repository'
        shutil.copytree(self.template(), self.place)

    @classmethod
    def template(cls):
        if cls._template is None:
            cls._template = tempfile.TemporaryDirectory()
            restic(cls._template.name, 'init')
        return cls._template.name

    @classmethod
    def cache(cls):
        return f'{cls.template()}/cache'

    def store(self):
        return store.Restic(
            str(self.place), f'restic:{self.place}', self.place
        )

# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on the machine itself: disks and clocks that tests break."""

import os
import pathlib
import subprocess
import time

import fixtures

CLOCK = """\
import datetime
import os
import time

TIME = time.time


def jump():
    try:
        with open(os.environ['CLOCK_JUMP']) as file:
            return float(file.read() or 0)
    except OSError:
        return 0.0


class Jumping(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=jump())

    @classmethod
    def utcnow(cls):
        return super().utcnow() + datetime.timedelta(seconds=jump())


datetime.datetime = Jumping
time.time = lambda: TIME() + jump()
"""


class Disk(fixtures.Fixture):
    """A small file system in memory, mounted on a folder."""

    def __init__(self, folder, **options):
        self.folder = pathlib.Path(folder)
        self.options = options

    def _setUp(self):
        self.folder.mkdir(exist_ok=True)
        self.addCleanup(self.unmount)
        self._mount('-t', 'tmpfs', 'tmpfs', **self.options)

    def change(self, *flags, **options):
        """Mount it anew, with another size or read-only."""
        self._mount('-o', 'remount', *flags, **options)

    def unmount(self):
        """Take it away at once, whoever uses it."""
        subprocess.run(
            ['umount', '--lazy', self.folder], stderr=subprocess.DEVNULL
        )

    def inodes(self):
        """How many files, folders and links there are."""
        found = os.statvfs(self.folder)
        return found.f_files - found.f_ffree

    def _mount(self, *words, **options):
        listed = [f'{name}={value}' for name, value in options.items()]
        more = ['-o', ','.join(listed)] if listed else []
        subprocess.run(['mount', *words, *more, self.folder], check=True)


class Clock(fixtures.Fixture):
    """The clock on the wall of the commands that get its environment."""

    def _setUp(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / 'sitecustomize.py').write_text(CLOCK)
        self._file = folder / 'jump'
        self.environment = {
            'PYTHONPATH': str(folder),
            'CLOCK_JUMP': str(self._file),
        }

    def jump(self, years):
        """Set it some years ahead of the true time."""
        self._file.write_text(str(years * 365 * 86400.0))


def soon(condition, what, seconds=60):
    """Wait until something holds that holds for a short time only."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'not within {seconds} s: {what}')

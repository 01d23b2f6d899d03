# SPDX-License-Identifier: Apache-2.0
"""Tell stestr how long the functional tests take, before it shares them out.

Usage: ``durations.py FOLDER [--write]``, that of the environment of tox. Its
repository is made anew, and knows of each class the seconds in
``durations.txt``: then the workers begin with the longest classes, and end at
about the same time. Classes that the file does not have go to any worker.

With ``--write`` the seconds of the last run replace those of the file. That
is worth it when the times of the workers drift apart.

stestr has no command for that, so its table of times is written here.
"""

import collections
from collections.abc import Iterator
from dbm import dumb
import pathlib
import shutil
import sys
import unittest

from stestr.repository import util

TESTS = 'backupclient.tests.functional.'
FILE = pathlib.Path(__file__).with_suffix('.txt')
LEAST = 10
"""Classes that take less seconds are left out of the file."""


def read() -> dict[str, float]:
    """Return the seconds of each class in the file."""
    lines = (line.split() for line in FILE.read_text().splitlines())
    return {name: float(seconds) for name, seconds in lines}


def tests() -> dict[str, list[str]]:
    """Return the IDs of the functional tests that there are, by class."""
    root = FILE.parents[1]
    folder = root / TESTS.replace('.', '/')
    suite = unittest.defaultTestLoader.discover(
        str(folder), 'test*', str(root)
    )
    found = collections.defaultdict(list)
    for test in _ids(suite):
        found[_class(test)].append(test)
    return found


def tell(folder: str) -> None:
    """Make the repository of an environment anew, with the file's times."""
    base = pathlib.Path(folder, '.stestr')
    shutil.rmtree(base, ignore_errors=True)
    util.get_repo_initialise(repo_url=folder)
    every, known = tests(), read()
    with dumb.open(str(base / 'times.dbm'), 'c') as table:
        for name in every.keys() & known.keys():
            for test in every[name]:
                table[test] = str(known[name] / len(every[name]))


def write(folder: str) -> None:
    """Replace the file by what the last run took."""
    ids = [test for found in tests().values() for test in found]
    known = util.get_repo_open(repo_url=folder).get_test_times(ids)['known']
    seconds: collections.Counter[str] = collections.Counter()
    for test, taken in known.items():
        seconds[_class(test)] += taken
    FILE.write_text(
        ''.join(
            f'{name} {taken:.0f}\n'
            for name, taken in sorted(seconds.items())
            if taken >= LEAST
        )
    )


def _ids(suite: unittest.TestSuite) -> Iterator[str]:
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _ids(one)
        else:
            yield one.id()


def _class(test: str) -> str:
    return test.removeprefix(TESTS).rpartition('.')[0]


if __name__ == '__main__':
    (write if '--write' in sys.argv else tell)(sys.argv[1])

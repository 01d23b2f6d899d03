# SPDX-License-Identifier: Apache-2.0
"""Name the tests that failed, and count those of all environments of tox.

Usage: ``count_tests.py .tox``; each environment has a stestr repository.
"""

import pathlib
import sys

from stestr.repository import util
import testtools

RUNS = '*/.stestr/0'
LINES = 20
"""How many lines of each failure are repeated: the last ones."""


def summary(environment: pathlib.Path) -> testtools.StreamSummary:
    """Read the last run of an environment."""
    found = testtools.StreamSummary()
    found.startTestRun()
    repository = util.get_repo_open(repo_url=str(environment))
    repository.get_latest_run().get_test().run(found)
    found.stopTestRun()
    return found


def main(folder: str) -> None:
    """Print the lines; a test that began and never ended has failed.

    What failed is named at the end, where nobody has to search for it.
    """
    runs = [run.parent.parent for run in pathlib.Path(folder).glob(RUNS)]
    found = [summary(environment) for environment in runs]
    for environment, each in zip(runs, found, strict=True):
        for test, text in each.errors:
            print(f'failed in {environment.name}: {test.id()}')
            print('\n'.join(text.strip().splitlines()[-LINES:]))
    failed = sum(len(each.errors) for each in found)
    failed += sum(len(each.unexpectedSuccesses) for each in found)
    skipped = sum(len(each.skipped) for each in found)
    passed = sum(each.testsRun for each in found) - failed - skipped
    print(f'tests: {passed} passed, {failed} failed, {skipped} skipped')


if __name__ == '__main__':
    main(sys.argv[1])

# SPDX-License-Identifier: Apache-2.0
"""Print one line that counts the tests of all environments of tox.

Usage: ``count_tests.py .tox``; each environment has a stestr repository.
"""

import pathlib
import sys

from stestr.repository import util
import testtools


def summary(environment: pathlib.Path) -> testtools.StreamSummary:
    """Read the last run of an environment."""
    found = testtools.StreamSummary()
    found.startTestRun()
    repository = util.get_repo_open(repo_url=str(environment))
    repository.get_latest_run().get_test().run(found)
    found.stopTestRun()
    return found


def main(folder: str) -> None:
    """Print the line; a test that began and never ended has failed."""
    runs = pathlib.Path(folder).glob('*/.stestr/0')
    found = [summary(run.parent.parent) for run in runs]
    failed = sum(len(each.errors) for each in found)
    failed += sum(len(each.unexpectedSuccesses) for each in found)
    skipped = sum(len(each.skipped) for each in found)
    passed = sum(each.testsRun for each in found) - failed - skipped
    print(f'tests: {passed} passed, {failed} failed, {skipped} skipped')


if __name__ == '__main__':
    main(sys.argv[1])

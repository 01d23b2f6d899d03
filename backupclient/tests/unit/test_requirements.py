# SPDX-License-Identifier: Apache-2.0
"""What is imported is required, and what is required is imported."""

import importlib.metadata
import re
import sys

import testtools

from backupclient.tests.unit import test_imports

TOP = test_imports.PACKAGE.parent

# Nobody imports it: it imports us.
HOST = 'python-openstackclient'


def normal(name: str) -> str:
    return re.sub('[-_.]+', '-', name).lower()


def versions(file: str) -> dict[str, str]:
    """Read requirements: names without their extras, and their versions."""
    lines = (TOP / file).read_text().splitlines()
    pairs = (re.split(r'(?:\[\w+\])?[=>]=', line) for line in lines)
    return {normal(pair[0]): pair[1] for pair in pairs if len(pair) == 2}


def owners() -> list[set[str]]:
    """Of each import: the distributions that it may come from."""
    imported = {
        target.partition('.')[0]
        for module in test_imports.modules(test_imports.PACKAGE)
        for target in module.imports()
    }
    ours = {*sys.stdlib_module_names, test_imports.NAME}
    installed = importlib.metadata.packages_distributions()
    return [
        {normal(owner) for owner in installed[root]}
        for root in imported - ours
    ]


class RequirementsTestCase(testtools.TestCase):
    def test_what_is_imported_is_required(self):
        required = set(versions('requirements.txt'))
        self.assertEqual(
            [], [each for each in owners() if not each & required]
        )

    def test_what_is_required_is_imported(self):
        required = set(versions('requirements.txt'))
        self.assertEqual({HOST}, required.difference(*owners()))

    def test_the_lowest_versions_are_what_is_tested(self):
        lowest = versions('requirements.txt')
        tested = versions('lower-constraints.txt')
        self.assertEqual(lowest, {name: tested.get(name) for name in lowest})

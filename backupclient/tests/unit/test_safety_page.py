# SPDX-License-Identifier: Apache-2.0
"""The page of the rules about safety: each rule has tests that exist."""

import importlib
import pathlib
import re

import testtools

PAGE = pathlib.Path(__file__).parents[3] / 'doc/source/contributor/safety.rst'
RULES = range(1, 26)
"""The numbers that the page has, in this order."""


def rules():
    """Give the numbers of the rules, and what stands below each."""
    _, *parts = re.split(
        r'^Rule (\d+): [^\n]*\n-+\n', PAGE.read_text(), flags=re.M
    )
    return list(zip(map(int, parts[::2]), parts[1::2], strict=True))


def tests_of(text):
    """Give the names of tests: those of a class stand below its own."""
    _, *parts = re.split(r'^\* ``([\w.]+)``:\n', text, flags=re.M)
    return [
        f'{case}.{name}'
        for case, names in zip(parts[::2], parts[1::2], strict=True)
        for name in re.findall(r'^  ``(\w+)``,?$', names, re.M)
    ]


def find(name):
    """Find a test by its name below ``backupclient.tests``."""
    module, case, method = name.rsplit('.', 2)
    found = importlib.import_module(f'backupclient.tests.{module}')
    return getattr(found, case), method


class SafetyPageTestCase(testtools.TestCase):
    def test_how_a_last_backup_is_deleted(self):
        """Prune never does it: the page about it says how."""
        page = (PAGE.parents[1] / 'user/prune.rst').read_text()
        _, found = page.split('How to delete the last backup\n====', 1)
        section = found.split('\n====', 1)[0]
        for place in ('rm -r', 'restic forget', 'rclone purge', 'openstack'):
            self.assertIn(place, section)

    def test_each_rule_is_there(self):
        self.assertEqual([*RULES], [number for number, _ in rules()])

    def test_each_rule_has_tests(self):
        for number, text in rules():
            self.assertNotEqual([], tests_of(text), f'rule {number}')
            listed = re.findall(r'^  ``', text, re.M)
            self.assertEqual(len(listed), len(tests_of(text)), number)

    def test_each_test_exists(self):
        for number, text in rules():
            for name in tests_of(text):
                case, method = find(name)
                self.assertTrue(
                    issubclass(case, testtools.TestCase), f'{number}: {name}'
                )
                self.assertTrue(method.startswith('test'), name)
                self.assertTrue(callable(getattr(case, method)), name)

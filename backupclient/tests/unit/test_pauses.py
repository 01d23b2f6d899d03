# SPDX-License-Identifier: Apache-2.0

import itertools
import pathlib
import re

import testtools

import backupclient
from backupclient import pauses


class PausesTestCase(testtools.TestCase):
    def test_growing(self):
        first = [*itertools.islice(pauses.growing(), 100)]
        self.assertEqual(
            [0.5, 0.65, 0.845, 1.0985], [round(each, 4) for each in first[:4]]
        )
        self.assertEqual(sorted(first), first)
        self.assertEqual(10.0, first[-1])

    def test_within(self):
        for seconds in (0.5, 4.0, 30.0, 900.0):
            total = sum(pauses.within(seconds))
            self.assertTrue(seconds <= total < seconds + 10, seconds)
        self.assertEqual([], [*pauses.within(0.0)])

    def test_no_other_schedule(self):
        """What sleeps takes its pause from here, or from a service."""
        root = pathlib.Path(backupclient.__file__).parent
        sleeps = [
            line.strip()
            for path in sorted(root.rglob('*.py'))
            if 'tests' not in path.relative_to(root).parts
            and path.name not in ('clock.py', 'stop.py')
            for line in path.read_text().splitlines()
            if re.search(r'\bsleep\(', line)
        ]
        wrong = [line for line in sleeps if not _is_ours(line)]
        self.assertEqual([], wrong)
        self.assertGreater(len(sleeps), 6)


def _is_ours(line):
    return bool(
        re.search(r'\b(pause|seconds)\b|next\((longer|pauses\.)', line)
    )

# SPDX-License-Identifier: Apache-2.0
"""What is said of rows that are not good."""

import testtools

from backupclient.model import verification
from backupclient.operations import verify
from backupclient.osc import problems

R = verification.Result


def row(kind, name, result, note, run='r'):
    depth = verification.Depth.FILES
    return verification.Row(
        run, kind, name, f'{name}-1', depth, result, (note,)
    )


class VerificationTestCase(testtools.TestCase):
    def said(self, *rows):
        report = verify.Report(rows, ('Also this.',), 0, 1)
        return problems.of_verification(report)

    def test_one_reason(self):
        """Resources of one run with the same reason are named together."""
        self.assertEqual(
            [
                'The set of run r: damaged: cut',
                'volumes "a", "b", secret "c" of run r: missing: gone',
                'volume "d" (d-1) of run s: missing: gone',
                'Also this.',
            ],
            self.said(
                row('set', 'r', R.DAMAGED, 'cut'),
                row('volume', 'a', R.MISSING, 'gone'),
                row('image', 'e', R.GOOD, 'fine'),
                row('volume', 'b', R.MISSING, 'gone'),
                row('secret', 'c', R.MISSING, 'gone'),
                row('volume', 'd', R.MISSING, 'gone', 's'),
            ),
        )

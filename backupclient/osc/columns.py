# SPDX-License-Identifier: Apache-2.0
"""The columns of each command's output, which scripts rely on."""

PLAN = (
    'Kind',
    'Name',
    'ID',
    'Size',
    'Procedure',
    'Consistency',
    'Result',
    'Notes',
)
STEPS = ('Kind', 'Name', 'Step', 'Command')
RUN = (
    'Kind',
    'Name',
    'ID',
    'Procedure',
    'Outcome',
    'Result',
    'Size',
    'Seconds',
    'Notes',
)
RESTORING = ('Kind', 'Name', 'ID', 'Procedure', 'Result', 'Size', 'Notes')
RESTORED = (
    'Kind',
    'Name',
    'ID',
    'Restored',
    'Outcome',
    'Size',
    'Seconds',
    'Notes',
)
VERIFY = ('Run', 'Kind', 'Name', 'ID', 'Depth', 'Result', 'Notes')
HISTORY = (
    'Run',
    'Captured',
    'Kind',
    'Name',
    'ID',
    'Procedure',
    'State',
    'Size',
    'Place',
    'Verified',
    'Notes',
)
RUNS = (
    'Run',
    'Started',
    'Finished',
    'State',
    'Complete',
    'Failed',
    'Skipped',
    'Size',
    'Place',
    'Host',
)
CLEANUP = ('Kind', 'Name', 'ID', 'Run', 'Age', 'Size', 'Action')
PRUNE = (
    'Run',
    'Captured',
    'Kind',
    'Name',
    'ID',
    'Place',
    'Size',
    'Action',
    'Reasons',
)
KEY = (
    'source_kind',
    'source_id',
    'secret_id',
    'secret_type',
    'algorithm',
    'bit_length',
    'format',
    'file',
    'fingerprint',
    'opens',
)

BRIEF = {
    PLAN: ('Kind', 'Name', 'Size', 'Procedure', 'Consistency'),
    RUN: ('Kind', 'Name', 'Procedure', 'Outcome', 'Size'),
    RESTORING: ('Kind', 'Name', 'Size', 'Procedure'),
    RESTORED: ('Kind', 'Name', 'Restored', 'Outcome'),
    VERIFY: ('Kind', 'Name', 'Depth', 'Result'),
    HISTORY: ('Captured', 'Kind', 'Name', 'State', 'Verified'),
    RUNS: ('Run', 'State', 'Complete', 'Size'),
    CLEANUP: ('Kind', 'Run', 'Age', 'Size', 'Action'),
    PRUNE: ('Run', 'Kind', 'Name', 'Action'),
}
"""The default columns of the table for people.

They fit a terminal of 60 columns.
"""

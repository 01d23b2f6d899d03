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
CLEANUP = ('Kind', 'Name', 'ID', 'Run', 'Age', 'Size', 'Action')
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

# SPDX-License-Identifier: Apache-2.0
"""How many examples hypothesis tries: few in each run of the tests.

They are the same in each run, so that what was green stays green.
``EXAMPLES_FACTOR`` makes them more, and others each time, as ``tox -e fuzz``
does.
"""

import os

import hypothesis

_FACTOR = int(os.environ.get('EXAMPLES_FACTOR') or 1)


def examples(count):
    """Settings for a property that says nothing about time.

    :param count: how many examples one run of the tests has time for.
    """
    return hypothesis.settings(
        max_examples=count * _FACTOR,
        deadline=None,
        derandomize=_FACTOR == 1,
        # Some of these tests see whatever is written to files.
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )

# SPDX-License-Identifier: Apache-2.0
"""How many cases there were, and how many of them failed."""

import dataclasses
import fcntl
import json
import os
import sys
import tempfile

# Two processes of one run of the tests share it.
FILE = os.environ.get('FAULTS_COUNTS') or os.path.join(
    tempfile.gettempdir(), f'faults-{os.getpid()}'
)


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """The cases of a procedure.

    :param faults: how many sorts were used.
    """

    requests: int
    faults: int
    cases: int
    failures: int

    def __str__(self):
        return (
            f'{self.requests} requests x {self.faults} faults = '
            f'{self.cases} cases, failures {self.failures}'
        )


def tell(procedure, count):
    """Say a procedure's counts, and those of all so far, on stderr."""
    with open(FILE, 'a+', encoding='utf-8') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        print(json.dumps(dataclasses.asdict(count)), file=file, flush=True)
        file.seek(0)
        known = [Count(**json.loads(line)) for line in file]
    total = Count(
        requests=sum(each.requests for each in known),
        faults=max(each.faults for each in known),
        cases=sum(each.cases for each in known),
        failures=sum(each.failures for each in known),
    )
    print(
        f'faults: {procedure}: {count}\n'
        f'faults: total of {len(known)} procedures: {total}',
        file=sys.stderr,
        flush=True,
    )

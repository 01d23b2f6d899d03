# SPDX-License-Identifier: Apache-2.0
"""The requests that each case makes, as they were seen on a real cloud.

They are files beside this module, so that a test without a cloud can look at
what is chosen of them. ``FAULTS_RECORD=FOLDER`` in the environment has the
functional tests write them anew, and try nothing.
"""

import os
import pathlib

from backupclient.tests.functional.faults import traffic

FOLDER = os.environ.get('FAULTS_RECORD', '')
_HERE = pathlib.Path(__file__).with_name('requests')
_SEEN, _COMMON = '# its own run\n', '# the cheaper run\n'


def cases():
    """The names of all cases."""
    return sorted(path.stem for path in _HERE.glob('*.txt'))


def read(case):
    """Read the requests of a case.

    :returns: those of its own run, and those of the cheaper one.
    """
    text = (_HERE / f'{case}.txt').read_text()
    own, _, common = text.removeprefix(_SEEN).partition(_COMMON)
    return _parsed(own), _parsed(common)


def write(case, seen, common):
    """Write the requests of a case."""
    path = pathlib.Path(FOLDER) / f'{case}.txt'
    path.write_text(
        ''.join((_SEEN, *map(_line, seen), _COMMON, *map(_line, common)))
    )


def unknown(case, seen):
    """Name what a run changes, and its record does not have.

    The choice is proved with the record: so that has to be the real thing.
    """
    own, _ = read(case)
    known = {each.request.kind for each in own}
    return [
        f'{each.request}: record the requests anew'
        for each in seen
        if each.request.changes and each.request.kind not in known
    ]


def _line(seen):
    one = seen.request
    return (
        f'{one.service} {one.method} {one.path} {one.occurrence} '
        f'{seen.length}\n'
    )


def _parsed(text):
    found = []
    for number, line in enumerate(text.splitlines()):
        service, method, path, occurrence, length = line.split(' ')
        request = traffic.Request(service, method, path, int(occurrence))
        found.append(traffic.Seen(number, request, 200, int(length)))
    return found

# SPDX-License-Identifier: Apache-2.0
"""Measure a restore against a script of plain ``openstack`` commands.

    OS_CLOUD=devcloud-alice python bench/restore.py

makes volumes (raw, every other 16 MiB random, the rest zeros), backs them up,
and in each round, in an order that changes, brings all of them back

    restore    by openstack backup restore --from ...
    script     by image create, a wait, volume create, a wait, image delete,
               one volume after the other

and deletes what came back. Then it deletes the volumes. It prints medians
and, of the ratios of each round, the median, with what the project promises;
its exit code is 1 when a promise is not kept. The processor times are those
of the commands alone.

Needs the ``openstack`` of the Python that runs it or of ``--openstack``, and
room for the volumes in ``--work``.
"""

import argparse
from collections.abc import Iterator
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import uuid

import measure

MIB = 1 << 20
SCRIPT = """
set -eu
openstack=$1 suffix=$2
shift 2
for file; do
    image=$("$openstack" image create -f value -c id --disk-format raw \
        --container-format bare --file "$file" "bench$suffix")
    until [ "$("$openstack" image show -f value -c status "$image")" = active ]
    do sleep 1; done
    volume=$("$openstack" volume create -f value -c id --image "$image" \
        --size 1 "bench$suffix")
    until [ "$("$openstack" volume show -f value -c status "$volume")" = \
        available ]
    do sleep 1; done
    "$openstack" image delete "$image"
done
"""


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--volumes', type=int, default=4)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument(
        '--openstack',
        default=str(pathlib.Path(sys.executable).with_name('openstack')),
        help='the command (default: %(default)s)',
    )
    parser.add_argument(
        '--work', type=pathlib.Path, help='a folder for the files'
    )
    return parser.parse_args()


def ask(openstack: str, *words: str) -> list[dict[str, str]]:
    """Run a command that prints JSON."""
    done = subprocess.run(
        [openstack, *words, '-f', 'json'],
        check=True,
        capture_output=True,
        text=True,
    )
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def delete(openstack: str, name: str) -> None:
    """Delete all volumes of a name, and wait until they are gone."""
    while found := [
        each
        for each in ask(openstack, 'volume', 'list', '--long')
        if each['Name'] == name
    ]:
        ready = [
            each['ID']
            for each in found
            if each['Status'] in ('available', 'error')
        ]
        if ready:
            measure.run([openstack, 'volume', 'delete', *ready])


@contextlib.contextmanager
def made_volumes(
    openstack: str, folder: pathlib.Path, name: str, count: int
) -> Iterator[None]:
    """Make volumes of 1 GiB with the same content."""
    file = folder / 'made'
    with file.open('wb') as data:
        for number in range(1024):
            data.write(bytes(MIB) if number & 16 else os.urandom(MIB))
    script = ['sh', '-c', SCRIPT, 'script', openstack, name[len('bench') :]]
    try:
        measure.run([*script, *([str(file)] * count)])
        file.unlink()
        yield
    finally:
        delete(openstack, name)


def one_round(
    programs: dict[str, tuple[list[str], str]],
    turn: int,
    openstack: str,
    state: pathlib.Path,
) -> dict[str, measure.Cost]:
    """Run each once, another one first in each round."""
    names = list(programs)
    names = names[turn % len(names) :] + names[: turn % len(names)]
    costs = {}
    for name in names:
        command, made = programs[name]
        os.sync()
        costs[name] = measure.run(command, {'XDG_STATE_HOME': str(state)})
        delete(openstack, made)
    return costs


def compare(rounds: list[dict[str, measure.Cost]]) -> bool:
    """Print what was measured; tell whether the promises are kept."""
    walls = {n: [one[n].wall for one in rounds] for n in rounds[0]}
    cpus = {n: [one[n].cpu for one in rounds] for n in rounds[0]}
    for name in rounds[0]:
        print(measure.row(name, walls[name], 's'))
        print(measure.row(f'{name}, processor', cpus[name], 's'))
    wall = measure.ratio(walls['restore'], walls['script'])
    cpu = measure.ratio(cpus['restore'], cpus['script'])
    print(f'restore / script             {wall:7.2f}   (at most 0.6)')
    print(f'restore / script, processor  {cpu:7.2f}   (at most 0.4)')
    return wall <= 0.6 and cpu <= 0.4


def main() -> int:
    """Make, measure, clean up."""
    options = parse()
    # SystemExit passes through what cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    openstack, name = options.openstack, f'bench-{uuid.uuid4()}'
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=options.work))
        )
        stack.enter_context(
            made_volumes(openstack, folder, name, options.volumes)
        )
        names = [
            each['ID']
            for each in ask(openstack, 'volume', 'list')
            if each['Name'] == name
        ]
        chosen = [word for each in names for word in ('--volume', each)]
        target = folder / 'backups'
        state = folder / 'state'
        measure.run(
            [openstack, 'backup', 'run', *chosen, '--to', str(target)],
            {'XDG_STATE_HOME': str(state)},
        )
        files = sorted(map(str, target.glob('*/volumes/*.raw')))
        shell = ['sh', '-c', SCRIPT, 'script', openstack]
        source = ['--from', str(target), '--suffix', '.restored']
        programs = {
            'restore': (
                [openstack, 'backup', 'restore', *chosen, *source],
                f'{name}.restored',
            ),
            'script': (
                [*shell, f'{name[len("bench") :]}.script', *files],
                f'{name}.script',
            ),
        }
        rounds = [
            one_round(programs, turn, openstack, state)
            for turn in range(options.rounds)
        ]
    return 0 if compare(rounds) else 1


if __name__ == '__main__':
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Measure ``backup verify --depth data`` against ``sha512sum -c``.

    python bench/verify.py

It needs no cloud. It makes a backup set of random bytes, without holes, in
memory, and in each round, in an order that changes, runs

    sha512sum    sha512sum -c SHA512SUMS, in the set
    one worker   a verification at the depth data, one file at a time
    two workers  the same, two files at a time
    start        a verification at the depth files: its time is taken off

It prints medians and, of the ratios of each round, the median, with what the
project promises; its exit code is 1 when a promise is not kept. Run it on a
machine that does nothing else; on a busy one, compare the processor times.

It needs this package, ``sha512sum``, and room for the set in ``--work``.
"""

import argparse
import contextlib
import datetime
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

import measure

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import verification
from backupclient.operations import verify
from backupclient.sets import backup_set
from backupclient.store import localfolder

MIB = 1 << 20
MEMORY = '/dev/shm'  # noqa: S108 - a new folder below it is used
RUN = '20260131T235959Z-abcd'


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--mib', type=int, default=2048, help='of the set')
    parser.add_argument('--files', type=int, default=8)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument(
        '--work',
        default=MEMORY,
        help='a folder for the set (default: %(default)s)',
    )
    # How this program runs itself, for one verification.
    parser.add_argument('--target', default='', help=argparse.SUPPRESS)
    parser.add_argument('--depth', default='data', help=argparse.SUPPRESS)
    parser.add_argument(
        '--parallel', type=int, default=1, help=argparse.SUPPRESS
    )
    return parser.parse_args()


def entry(
    files: backup_set.BackupSet, number: int, mib: int
) -> manifests.Entry:
    """Write a volume of random bytes; return what the manifest says of it."""
    volume = resources.Volume(f'{number:08}', f'v{number}', 'available', 1)
    path, digest = f'volumes/{volume.id}.raw', hashlib.sha512()
    with files.files.write(path, mib * MIB) as writer:
        for offset in range(mib):
            block = os.urandom(MIB)
            digest.update(block)
            writer.data(offset * MIB, block)
        writer.commit()
    return manifests.Entry(
        volume.resource,
        plans.Procedure.VOLUME_IMAGE,
        results.State.COMPLETE,
        volume=volume,
        file=copies.FileRecord(
            path, mib * MIB, {'sha512': digest.hexdigest()}
        ),
    )


def make_set(target: pathlib.Path, mib: int, count: int) -> pathlib.Path:
    """Make a backup set.

    :param mib: of all files together.
    :returns: its folder.
    """
    made = backup_set.BackupSet.create(localfolder.Folder(target), RUN)
    items = [entry(made, number, mib // count) for number in range(count)]
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds')
    identity = inventories.CloudIdentity('https://cloud', '', 'p', 'p', 'u')
    place = made.close(
        manifests.Manifest(
            RUN,
            now,
            now,
            manifests.State.COMPLETE,
            identity,
            requests.Request(everything=True),
            tuple(items),
        ),
        page='',
    )
    return pathlib.Path(place)


def check(options: argparse.Namespace) -> int:
    """Do what is measured."""
    settings = verify.Settings(
        verification.Depth(options.depth), parallel=options.parallel
    )
    return verify.verify(options.target, settings=settings).exit_code


def one_round(
    programs: dict[str, list[str]], turn: int
) -> dict[str, measure.Cost]:
    """Run each once, another one first in each round."""
    names = list(programs)
    names = names[turn % len(names) :] + names[: turn % len(names)]
    return {name: measure.run(programs[name]) for name in names}


def ratio(walls: dict[str, list[float]], name: str) -> float:
    """Give the median of the ratios to sha512sum, without the start."""
    pairs = zip(walls[name], walls['start'], strict=True)
    return measure.ratio(
        [all_ - start for all_, start in pairs], walls['sha512sum']
    )


def compare(rounds: list[dict[str, measure.Cost]]) -> bool:
    """Print what was measured; tell whether the promises are kept."""
    walls = {name: [one[name].wall for one in rounds] for name in rounds[0]}
    for name in rounds[0]:
        cpus = [one[name].cpu for one in rounds]
        memory = [one[name].memory / MIB for one in rounds]
        print(measure.row(name, walls[name], 's'))
        print(measure.row(f'{name}, processor', cpus, 's'))
        print(measure.row(f'{name}, memory', memory, 'MiB'))
    one, two = ratio(walls, 'one worker'), ratio(walls, 'two workers')
    work = ratio(
        {name: [each[name].cpu for each in rounds] for name in walls},
        'one worker',
    )
    print(f'one worker / sha512sum -c      {one:5.2f}   (at most 0.85)')
    print(f'two workers / sha512sum -c     {two:5.2f}   (at most 0.50)')
    print(f'one worker, processor          {work:5.2f}')
    return one <= 0.85 and two <= 0.5


def main() -> int:
    """Make, measure, clean up."""
    options = parse()
    if options.target:
        return check(options)
    with contextlib.ExitStack() as stack:
        target = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=options.work))
        )
        place = make_set(target, options.mib, options.files)
        itself = [sys.executable, __file__, '--target', str(target)]
        sums = f'cd {place} && exec sha512sum --quiet -c SHA512SUMS'
        programs = {
            'sha512sum': ['/bin/sh', '-c', sums],
            'one worker': [*itself, '--parallel', '1'],
            'two workers': [*itself, '--parallel', '2'],
            'start': [*itself, '--depth', 'files'],
        }
        subprocess.run(programs['sha512sum'], check=True)
        rounds = [one_round(programs, turn) for turn in range(options.rounds)]
    return 0 if compare(rounds) else 1


if __name__ == '__main__':
    sys.exit(main())

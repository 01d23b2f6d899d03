# SPDX-License-Identifier: Apache-2.0
"""Measure a target in restic against a folder, and against restic alone.

    python bench/restic.py

It needs no cloud. It fills a file in memory (every other 16 MiB random, the
rest zeros), serves it by HTTP on this machine, and in each round, in an order
that changes and each time into an empty place in memory, runs

    folder     a transfer from the server into a folder
    restic     the same into a restic repository
    curl       curl URL | restic backup --stdin
    start      the second without the transfer: it marks a run, as each
               run does once

Then it changes 1 % of the file in one piece, transfers that into a repository
with the first one, and looks what the repository has grown by. It prints
medians and, of the ratios of each round, the median, with what the project
promises; its exit code is 1 when a promise is not kept. Run it on a machine
that does nothing else.

It needs this package, ``curl``, ``restic``, and room for three copies of the
file in ``--work``.
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import shutil
import sys
import tempfile

import measure
import transfer

from backupclient import clocks
from backupclient.model import addresses
from backupclient.store.restic import store
from backupclient.transfer import comparison
from backupclient.transfer import download

MIB = 1 << 20
RUN = '20260131T235959Z-abcd'
SLOWER = 1.25
"""A transfer takes so many times of what restic alone does, at most."""

GROWTH = 0.02
"""After a change of 1 %, the repository grows by this part at most."""

VARIABLES = {'RESTIC_PASSWORD': 'bench', 'RESTIC_PROGRESS_FPS': '0.1'}


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--mib', type=int, default=1024, help='of the file')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument(
        '--work',
        default=transfer.MEMORY,
        help='a folder for the files (default: %(default)s)',
    )
    # How this program runs itself, for one transfer into a repository.
    for name in ('--url', '--size', '--repository', '--sha512', '--name'):
        parser.add_argument(name, default='', help=argparse.SUPPRESS)
    return parser.parse_args()


def fill(options: argparse.Namespace) -> None:
    """Do what is measured."""
    address = addresses.Address(addresses.Scheme.RESTIC, options.repository)
    repository = store.Restic(address)
    if not repository.has(RUN):
        repository.begin(RUN)
    if not options.name:
        return
    download.download(
        transfer.Url(options.url),
        repository,
        f'{RUN}/volumes/{options.name}.raw',
        comparison.Expected(int(options.size), 'sha512', options.sha512),
        clock=clocks.SystemClock(),
        progress=lambda done, total: None,
    )


def change(path: pathlib.Path, size: int) -> None:
    """Change 1 % of a file, in the middle of it."""
    with path.open('r+b') as file:
        file.seek(size // 2)
        file.write(os.urandom(size // 100))


def stored(repository: pathlib.Path) -> int:
    """Count the bytes in a repository."""
    return sum(
        each.stat().st_size for each in repository.rglob('*') if each.is_file()
    )


class Bench:
    """The places and programs of one measurement."""

    def __init__(self, place: pathlib.Path, url: str, size: int) -> None:
        self.empty = place / 'empty'
        self.repository = place / 'repository'
        self.target = place / 'target'
        self.url = url
        self.size = size
        measure.run(['restic', '-q', '-r', str(self.empty), 'init'])

    def renew(self) -> None:
        """Make all places empty."""
        for each in (self.repository, self.target):
            shutil.rmtree(each, ignore_errors=True)
        shutil.copytree(self.empty, self.repository)
        self.target.mkdir()

    def into_restic(self, name: str, digest: str) -> list[str]:
        """Return the command for a transfer into the repository."""
        return [
            *(sys.executable, __file__, '--url', self.url),
            *('--size', str(self.size), '--sha512', digest),
            *('--repository', str(self.repository), '--name', name),
        ]

    def programs(self, source: str, digest: str) -> dict[str, list[str]]:
        """Return all that is compared."""
        itself = [sys.executable, transfer.__file__, '--source', source]
        folder = ['--target', str(self.target), '--sha512', digest]
        alone = (
            f'curl -sS {self.url} | restic -q -r {self.repository} backup '
            '--stdin'
        )
        return {
            'folder': [*itself, *folder, '--url', self.url],
            'restic': self.into_restic('1', digest),
            'curl': ['sh', '-c', alone],
            'start': self.into_restic('', digest),
        }

    def round(
        self, programs: dict[str, list[str]], turn: int
    ) -> dict[str, measure.Cost]:
        """Run each once, another one first in each round."""
        names = list(programs)
        costs = {}
        for number in range(len(names)):
            name = names[(turn + number) % len(names)]
            self.renew()
            costs[name] = measure.run(programs[name])
        return costs


def compare(rounds: list[dict[str, measure.Cost]]) -> bool:
    """Print what was measured; tell whether the promise is kept."""
    walls = {name: [one[name].wall for one in rounds] for name in rounds[0]}
    for name, found in walls.items():
        memory = [one[name].memory / MIB for one in rounds]
        print(measure.row(name, found, 's'))
        print(measure.row(f'{name}, memory', memory, 'MiB'))
    started = [
        all_ - start
        for all_, start in zip(walls['restic'], walls['start'], strict=True)
    ]
    slower = measure.ratio(started, walls['curl'])
    folder = measure.ratio(walls['restic'], walls['folder'])
    print(f'restic / curl                  {slower:5.2f}   (at most {SLOWER})')
    print(f'restic / folder                {folder:5.2f}')
    return slower <= SLOWER


def growth(bench: Bench, source: pathlib.Path, digest: str) -> bool:
    """Change 1 %, and print what is stored again."""
    bench.renew()
    measure.run(bench.into_restic('1', digest))
    before = stored(bench.repository)
    change(source, bench.size)
    with source.open('rb') as file:
        changed = hashlib.file_digest(file, 'sha512').hexdigest()
    measure.run(bench.into_restic('2', changed))
    more = (stored(bench.repository) - before) / bench.size
    print(
        f'stored again                   {more:5.2%}  (at most {GROWTH:.0%})'
    )
    return more <= GROWTH


def main() -> int:
    """Make, measure, clean up."""
    options = parse()
    if options.url:
        fill(options)
        return 0
    os.environ.update(VARIABLES)
    with contextlib.ExitStack() as stack:
        place = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=options.work))
        )
        source = place / 'source'
        digest = transfer.make_file(source, options.mib)
        url = stack.enter_context(transfer.served(source))
        os.environ['RESTIC_CACHE_DIR'] = str(place / 'cache')
        bench = Bench(place, url, options.mib * MIB)
        programs = bench.programs(str(source), digest)
        rounds = [
            bench.round(programs, turn) for turn in range(options.rounds)
        ]
        kept = [compare(rounds), growth(bench, source, digest)]
    return 0 if all(kept) else 1


if __name__ == '__main__':
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Measure ``backup history`` over many runs of many resources.

    python bench/history.py

It needs no cloud. It makes a folder with the manifests of many runs, each
with many volumes, and runs

    version   openstack --version
    cold      openstack backup history --volume V, with an empty cache
    warm      the same, again
    start     this program, which does nothing
    read      each manifest read, hashed and made out once, in one process
    runs      openstack backup history --runs over 1,000 small runs, cold

It prints the times and the memory, with what the project promises: ``warm``
takes at most 1 s more than ``version``, ``runs`` 1 s more than ``warm``, which
reads nothing, and ``cold`` at most twice what ``read`` takes, each without
its start; the memory of ``cold`` does not grow with the number of runs. Its
exit code is 1 when a promise is not kept. The promises are judged by the time
of the processor, so that the machine may have other things to do.

It needs this package, python-openstackclient, and room for the manifests in
``--work``: 6 KiB for each resource of each run.
"""

import argparse
import dataclasses
import datetime
import os
import pathlib
import sys
import tempfile
import uuid

import measure

from backupclient import documents
from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.sets import catalogue
from backupclient.store import localfolder

FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
LETTERS = 'abcd'
MANY, SMALL = 1000, 5
MOST_SECONDS, MOST_RATIO, MOST_GROWTH = 1.0, 2.0, 1.3


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--runs', type=int, default=20)
    parser.add_argument('--resources', type=int, default=10_000)
    parser.add_argument('--work', default='', help='a folder for all of it')
    # How this program runs itself.
    parser.add_argument('--read', default='', help=argparse.SUPPRESS)
    parser.add_argument('--make', default='', help=argparse.SUPPRESS)
    return parser.parse_args()


def entry(number: int) -> manifests.Entry:
    """Make what a manifest says of a volume."""
    id_ = str(uuid.UUID(int=number + (1 << 120)))
    volume = resources.Volume(
        id_,
        f'volume-{number}',
        'available',
        1,
        'ssd',
        metadata={'owner': f'team-{number % 20}'},
        created_at='2025-12-01T00:00:00',
    )
    digest = f'{number:0128x}'
    return manifests.Entry(
        volume.resource,
        plans.Procedure.VOLUME_IMAGE,
        results.State.COMPLETE,
        captured_at='2026-01-01T00:00:00+00:00',
        size=1 << 30,
        volume=volume,
        file=copies.FileRecord(
            f'volumes/{id_}.raw', 1 << 30, {'sha512': digest}, 'sha512'
        ),
    )


def make(target: pathlib.Path, runs: int, count: int) -> None:
    """Make the manifests of runs, a day between two of them."""
    entries = tuple(entry(number) for number in range(count))
    identity = inventories.CloudIdentity('https://cloud', '', 'p', 'p', 'u')
    for number in range(runs):
        began = FIRST + datetime.timedelta(days=number)
        run = f'{began:%Y%m%dT%H%M%SZ}-{LETTERS}'
        stamp = began.isoformat()
        items = (
            dataclasses.replace(one, captured_at=stamp) for one in entries
        )
        manifest = manifests.Manifest(
            run,
            stamp,
            stamp,
            manifests.State.COMPLETE,
            identity,
            requests.Request(everything=True),
            tuple(items),
        )
        place = target / run
        place.mkdir(parents=True)
        (place / 'manifest.json').write_bytes(documents.encode(manifest))


def read(target: str) -> int:
    """Read each manifest once."""
    store = localfolder.Folder(pathlib.Path(target))
    opened = [
        catalogue.read(store, found).problem for found in catalogue.runs(store)
    ]
    return 1 if any(opened) else 0


def openstack(
    cache: pathlib.Path, target: pathlib.Path, *words: str
) -> measure.Cost:
    """Run ``openstack backup history``."""
    command = [
        *(sys.executable, '-m', 'openstackclient.shell', 'backup', 'history'),
        *('--from', str(target), *words, '-f', 'value'),
    ]
    return measure.run(command, {'XDG_CACHE_HOME': str(cache)})


def promise(name: str, value: float, most: float, unit: str) -> bool:
    """Print a value beside the promise, and tell whether that is kept."""
    kept = value <= most
    word = 'kept' if kept else 'NOT KEPT'
    print(f'{name}: {value:.2f}{unit}, at most {most:.2f}{unit}: {word}')
    return kept


def main() -> int:
    """Measure, and print."""
    options = parse()
    if options.read:
        return read(options.read)
    if options.make:
        make(pathlib.Path(options.make), options.runs, options.resources)
        return 0
    with tempfile.TemporaryDirectory(dir=options.work or None) as work:
        root = pathlib.Path(work)
        full, fewer, many = root / 'full', root / 'fewer', root / 'many'
        for target, count, size in (
            (full, options.runs, options.resources),
            (fewer, max(1, options.runs // 4), options.resources),
            (many, MANY, SMALL),
        ):
            # Not here: what a process has begins with what this one had.
            measure.run(
                [
                    *(sys.executable, __file__, '--make', str(target)),
                    *('--runs', str(count), '--resources', str(size)),
                ]
            )
        os.sync()
        version = measure.run(
            [sys.executable, '-m', 'openstackclient.shell', '--version']
        )
        words = ('--volume', f'volume-{options.resources // 2}')
        less = openstack(root / 'c1', fewer, *words)
        cold = openstack(root / 'c2', full, *words)
        warm = openstack(root / 'c2', full, *words)
        plain = measure.run([sys.executable, __file__, '--read', str(full)])
        start = measure.run([sys.executable, __file__, '--help'])
        runs = openstack(root / 'c3', many, '--runs')
        cache = sum(
            each.stat().st_size for each in (root / 'c2').rglob('*.sqlite')
        )
    print(f'{options.runs} runs of {options.resources:,} resources')
    for name, cost in (
        ('version', version),
        ('cold', cold),
        ('warm', warm),
        ('start', start),
        ('read', plain),
        ('runs', runs),
    ):
        print(
            f'{name:8} {cost.wall:8.2f} s {cost.cpu:8.2f} s of processor '
            f'{cost.memory >> 20:5} MiB'
        )
    print(f'cache    {cache >> 20} MiB')
    kept = [
        promise('warm', warm.cpu - version.cpu, MOST_SECONDS, ' s'),
        promise('runs', runs.cpu - warm.cpu, MOST_SECONDS, ' s'),
        promise(
            'cold',
            (cold.cpu - warm.cpu) / (plain.cpu - start.cpu),
            MOST_RATIO,
            '',
        ),
        promise('memory', cold.memory / less.memory, MOST_GROWTH, ''),
    ]
    return 0 if all(kept) else 1


if __name__ == '__main__':
    sys.exit(main())

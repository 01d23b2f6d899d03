# SPDX-License-Identifier: Apache-2.0
"""Measure the transfer alone against ``openssl dgst -sha512``.

    python bench/transfer.py

It needs no cloud. It fills a file in memory (every other 16 MiB random, the
rest zeros), and in each round, in an order that changes, runs

    transfer   from the bytes of that file, into a folder in memory
    http       the same from an HTTP server of this machine, through requests
    start      the same program without a transfer: its time is taken off
    openssl    openssl dgst -sha512 of that file

The first is what the transfer costs; the second adds what HTTP costs here,
where the server takes its part of the same processors. It prints medians and,
of the ratios of each round, the median, with what the project promises; its
exit code is 1 when a promise is not kept. A transfer uses two processors, so
run it on a machine that does nothing else: on a busy one, compare the
processor times.

It needs this package, ``openssl``, and room for two copies of the file in
``--work``.
"""

import argparse
from collections.abc import Iterator
import contextlib
import dataclasses
import functools
import hashlib
import http.server
import os
import pathlib
import sys
import tempfile
import threading
from typing import Any

import measure
import requests

from backupclient import clocks
from backupclient.store import localfolder
from backupclient.transfer import comparison
from backupclient.transfer import download

MIB = 1 << 20
MEMORY = '/dev/shm'  # noqa: S108 - a new folder below it is used


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--mib', type=int, default=2048, help='of the file')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument(
        '--work',
        default=MEMORY,
        help='a folder for the files (default: %(default)s)',
    )
    # How this program runs itself, for one transfer.
    for name in ('--source', '--url', '--target', '--sha512'):
        parser.add_argument(name, default='', help=argparse.SUPPRESS)
    return parser.parse_args()


def make_file(path: pathlib.Path, mib: int) -> str:
    """Write a file of which every other 16 MiB are random.

    :returns: its SHA-512.
    """
    found = hashlib.sha512()
    with path.open('wb') as file:
        for number in range(mib):
            block = bytes(MIB) if number & 16 else os.urandom(MIB)
            file.write(block)
            found.update(block)
    return found.hexdigest()


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A stream from its start."""

    file: Any
    start: int = 0

    def read(self, size: int, /) -> bytes:
        """Read the next bytes."""
        block: bytes = self.file.read(size)
        return block


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """The bytes of a file."""

    path: str

    @contextlib.contextmanager
    def open(self, offset: int, /) -> Iterator[Opened]:
        """Read it from its start: nothing breaks here."""
        with open(self.path, 'rb', buffering=0) as file:
            yield Opened(file)


@dataclasses.dataclass(frozen=True, slots=True)
class Url:
    """The bytes that a server gives, read as those of Glance are."""

    url: str

    @contextlib.contextmanager
    def open(self, offset: int, /) -> Iterator[Opened]:
        """Ask for them: nothing breaks here."""
        with requests.get(self.url, stream=True, timeout=60) as answer:
            answer.raw.decode_content = False
            yield Opened(answer.raw)


def transfer(options: argparse.Namespace) -> None:
    """Do what is measured."""
    size = os.stat(options.source).st_size
    download.download(
        Url(options.url) if options.url else File(options.source),
        localfolder.Folder(pathlib.Path(options.target)),
        'data',
        comparison.Expected(size, 'sha512', options.sha512),
        clock=clocks.SystemClock(),
        progress=lambda done, total: None,
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives one file, as fast as the kernel can."""

    def __init__(self, path: str, *arguments: Any) -> None:
        self.file = path
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Send the file."""
        with open(self.file, 'rb') as file:
            self.send_response(200)
            size = os.fstat(file.fileno()).st_size
            self.send_header('Content-Length', str(size))
            self.end_headers()
            self.connection.sendfile(file)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(file: pathlib.Path) -> Iterator[str]:
    """Serve a file for as long as it is needed; give its URL."""
    handler = functools.partial(Handler, str(file))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.shutdown()
        server.server_close()


def one_round(
    programs: dict[str, list[str]], turn: int, target: pathlib.Path
) -> dict[str, measure.Cost]:
    """Run each once, another one first in each round."""
    names = list(programs)
    names = names[turn % len(names) :] + names[: turn % len(names)]
    costs = {}
    for name in names:
        costs[name] = measure.run(programs[name])
        (target / 'data').unlink(missing_ok=True)
    return costs


def ratio(costs: dict[str, list[float]], name: str) -> float:
    """Give the median of the ratios to openssl, without the start."""
    pairs = zip(costs[name], costs['start'], strict=True)
    return measure.ratio(
        [all_ - start for all_, start in pairs], costs['openssl']
    )


def compare(rounds: list[dict[str, measure.Cost]]) -> bool:
    """Print what was measured; tell whether the promises are kept."""
    walls = {name: [one[name].wall for one in rounds] for name in rounds[0]}
    cpus = {name: [one[name].cpu for one in rounds] for name in rounds[0]}
    for name in rounds[0]:
        memory = [one[name].memory / MIB for one in rounds]
        print(measure.row(name, walls[name], 's'))
        print(measure.row(f'{name}, processor', cpus[name], 's'))
        print(measure.row(f'{name}, memory', memory, 'MiB'))
    slower = ratio(walls, 'transfer')
    work = ratio(cpus, 'transfer')
    http_slower = ratio(walls, 'http')
    print(f'transfer / openssl             {slower:5.2f}   (at most 1.25)')
    print(f'transfer / openssl, processor  {work:5.2f}')
    print(f'http / openssl                 {http_slower:5.2f}')
    return slower <= 1.25


def main() -> int:
    """Make, measure, clean up."""
    options = parse()
    if options.target:
        transfer(options)
    if options.source:
        return 0
    with contextlib.ExitStack() as stack:
        place = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=options.work))
        )
        source, target = place / 'source', place / 'target'
        target.mkdir()
        digest = make_file(source, options.mib)
        url = stack.enter_context(served(source))
        itself = [sys.executable, __file__, '--source', str(source)]
        moving = [*itself, '--target', str(target), '--sha512', digest]
        programs = {
            'transfer': moving,
            'http': [*moving, '--url', url],
            'start': itself,
            'openssl': ['openssl', 'dgst', '-sha512', str(source)],
        }
        rounds = [
            one_round(programs, turn, target) for turn in range(options.rounds)
        ]
    return 0 if compare(rounds) else 1


if __name__ == '__main__':
    sys.exit(main())

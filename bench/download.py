# SPDX-License-Identifier: Apache-2.0
"""Measure a download against ``openstack image save`` and ``sha512sum``.

    OS_CLOUD=devcloud-alice python bench/download.py

makes an image (raw, every other 16 MiB random, the rest zeros), and in each
round, in an order that changes, runs

    backup run    openstack backup run --image ... --to ...
    image save    openstack image save --file ...
    sha512sum     of the file that "image save" gave
    image show    for its memory, and for the time that every command takes

Then it deletes the image and its files. It prints medians and, of the ratios
of each round, the median, with what the project promises; its exit code is 1
when a promise is not kept. The two commands that are compared move the same
bytes, so run it on a machine, and with a cloud, that do nothing else.

Needs the standard library, the ``openstack`` of the Python that runs it or of
``--openstack``, ``sha512sum``, and room for three copies of the image.
"""

import argparse
from collections.abc import Iterator
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import uuid

import measure

MIB = 1 << 20


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--image', help='name or ID of an image that is there (default: make)'
    )
    parser.add_argument(
        '--mib', type=int, default=2048, help='size of the image to be made'
    )
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


def make_file(path: pathlib.Path, mib: int) -> None:
    """Write a file of which every other 16 MiB are random."""
    with path.open('wb') as file:
        for number in range(mib):
            file.write(bytes(MIB) if number & 16 else os.urandom(MIB))


@contextlib.contextmanager
def made_image(
    openstack: str, folder: pathlib.Path, mib: int
) -> Iterator[str]:
    """Give the ID of an image that is there for as long as it is needed."""
    image = str(uuid.uuid4())
    file = folder / 'made'
    make_file(file, mib)
    create = ['--id', image, '--file', str(file), '--disk-format', 'raw']
    try:
        measure.run([openstack, 'image', 'create', *create, f'bench-{image}'])
        file.unlink()
        yield image
    finally:
        measure.run([openstack, 'image', 'delete', image])


def commands(
    openstack: str, image: str, folder: pathlib.Path
) -> dict[str, list[str]]:
    """Give the commands that are compared, by their names here."""
    saved = str(folder / 'saved')
    target = ['--to', str(folder / 'target')]
    return {
        'backup run': [openstack, 'backup', 'run', '--image', image, *target],
        'image save': [openstack, 'image', 'save', '--file', saved, image],
        'sha512sum': ['sha512sum', str(folder / 'reference')],
        'image show': [openstack, 'image', 'show', image],
    }


def one_round(
    programs: dict[str, list[str]], turn: int, folder: pathlib.Path
) -> dict[str, measure.Cost]:
    """Run each once, another one first in each round."""
    names = list(programs)
    names = names[turn % len(names) :] + names[: turn % len(names)]
    costs = {}
    for name in names:
        # No one pays for what another has left to be written.
        os.sync()
        costs[name] = measure.run(
            programs[name], {'XDG_STATE_HOME': str(folder / 'state')}
        )
        (folder / 'saved').unlink(missing_ok=True)
        shutil.rmtree(folder / 'target', ignore_errors=True)
    return costs


def compare(rounds: list[dict[str, measure.Cost]]) -> bool:
    """Print what was measured; tell whether the promises are kept."""
    names = list(rounds[0])
    walls = {name: [one[name].wall for one in rounds] for name in names}
    cpus = {name: [one[name].cpu for one in rounds] for name in names}
    memory = {
        name: [one[name].memory / MIB for one in rounds] for name in names
    }
    for name in names:
        print(measure.row(name, walls[name], 's'))
        print(measure.row(f'{name}, processor', cpus[name], 's'))
        print(measure.row(f'{name}, memory', memory[name], 'MiB'))
    slower = measure.ratio(walls['backup run'], walls['sha512sum'])
    faster = measure.ratio(walls['image save'], walls['backup run'])
    more = max(memory['backup run']) - min(memory['image show'])
    print(f'backup run / sha512sum   {slower:7.2f}   (at most 1.5)')
    print(f'image save / backup run  {faster:7.2f}   (at least 3)')
    print(f'memory over image show   {more:7.1f} MiB (at most 48)')
    return slower <= 1.5 and faster >= 3 and more <= 48


def main() -> int:
    """Make, measure, clean up."""
    options = parse()
    # SystemExit passes through what cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=options.work))
        )
        image = options.image or stack.enter_context(
            made_image(options.openstack, folder, options.mib)
        )
        programs = commands(options.openstack, image, folder)
        measure.run(programs['image save'])
        (folder / 'saved').rename(folder / 'reference')
        rounds = [
            one_round(programs, turn, folder) for turn in range(options.rounds)
        ]
    return 0 if compare(rounds) else 1


if __name__ == '__main__':
    sys.exit(main())

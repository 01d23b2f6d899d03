# SPDX-License-Identifier: Apache-2.0
"""Measure what the plugin costs commands that have nothing to do with it.

    python bench/startup.py WITH/bin/python WITHOUT/bin/python

The two are the Pythons of virtual environments with the same
python-openstackclient, one of them with this project. In turns, it runs

    openstack --version                        with and without the plugin
    openstack backup plan --help               with it
    openstack volume backup create --help      with it

and prints the processor time of each (own and system; the wall time depends
on what else the machine does), differences and ratios. No cloud is needed.
The standard library is enough. The environments must not lie below ``/tmp``:
there stevedore keeps no cache of the entry points, and every start is slower.
"""

import argparse
import pathlib
import statistics

import measure


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('with_plugin', type=pathlib.Path)
    parser.add_argument('without_plugin', type=pathlib.Path)
    parser.add_argument('--rounds', type=int, default=10)
    options = parser.parse_args()
    for python in (options.with_plugin, options.without_plugin):
        if 'tmp' in python.absolute().parts[:2]:
            parser.error(f'{python} lies below /tmp')
    return options


def main() -> None:
    """Measure and print."""
    options = parse()
    plugin = str(options.with_plugin.with_name('openstack'))
    plain = str(options.without_plugin.with_name('openstack'))
    theirs = 'volume backup create --help'
    programs = {
        '--version, with': [plugin, '--version'],
        '--version, without': [plain, '--version'],
        'backup plan --help': [plugin, 'backup', 'plan', '--help'],
        theirs: [plugin, *theirs.split()],
    }
    # The first round fills caches and writes byte code.
    for program in programs.values():
        measure.run(program)
    costs: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(options.rounds):
        # There and back: no one always runs first.
        for name in list(programs)[:: -1 if turn % 2 else 1]:
            costs[name].append(measure.run(programs[name]).cpu * 1000)
    for name, values in costs.items():
        print(measure.row(name, values, 'ms'))
    more, less = costs['--version, with'], costs['--version, without']
    ours, other = costs['backup plan --help'], costs[theirs]
    difference = statistics.median(
        a - b for a, b in zip(more, less, strict=True)
    )
    print(f'the plugin costs {difference:.1f} ms')
    print(f'with / without   {measure.ratio(more, less):.3f}')
    print(f'help of "backup plan" / "{theirs}"')
    print(f'                 {measure.ratio(ours, other):.3f}')


if __name__ == '__main__':
    main()

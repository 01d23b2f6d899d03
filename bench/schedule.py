# SPDX-License-Identifier: Apache-2.0
"""Measure what the schedule of a run costs, without a cloud.

    python bench/schedule.py

It compiles the plans of projects with 1,000, 10,000 and 100,000 resources and
drives the schedule through them: a third of the volumes have Cinder backups, 1
of 20 resources is a server that is stopped, the quotas have room for about two
of the largest volumes at a time. No time passes between the flows, so all that
is measured is the program. It prints the seconds of processor time, the
microseconds for each flow, and how much more a project costs than one of a
tenth of its size, beside what n log n would be.
"""

from collections.abc import Iterator
import math
import random
import time

from backupclient.engine import messages
from backupclient.engine import schedules
from backupclient.model import graphs
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tasks
from backupclient.procedures import compiler

SIZES = (1_000, 10_000, 100_000)
VOLUMES_GIB = (1, 2, 5, 10, 20, 50, 80, 100, 200, 500)
TYPES = ('fast', 'slow', 'ssd')
PARALLEL = 8
HERE = inventories.CloudIdentity('https://cloud', 'one', 'p', 'web', 'alice')

NEWS = {
    messages.Act.CLAIM: messages.News.CLAIMED,
    messages.Act.DO: messages.News.DONE,
    messages.Act.UNDO: messages.News.UNDONE,
}


def volume(dice: random.Random, number: int, server: str) -> plans.Item:
    """Give the item of a volume, attached or not."""
    record = resources.Volume(
        f'volume-{number}',
        '',
        'in-use' if server else 'available',
        dice.choice(VOLUMES_GIB),
        type_name=dice.choice(TYPES),
        attachments=(resources.Attachment(server, ''),) if server else (),
    )
    down = plans.Consistency.STOPPED if server else plans.Consistency.DETACHED
    copy = plans.Item(
        record.resource,
        tasks.SnapshotImage(to_file=True)
        if server
        else tasks.VolumeImage(to_file=True),
        '',
        consistency=down,
        group=server,
        seen=record,
    )
    if dice.random() > 1 / 3:
        return copy
    return plans.Item(
        record.resource,
        plans.VolumeBackup(fallback=copy),
        '',
        consistency=down,
        group=server,
        seen=record,
    )


def items(count: int) -> Iterator[plans.Item]:
    """Give the items of a project."""
    dice = random.Random(count)
    server = ''
    for number in range(count):
        if number % 20 == 0:
            server = f'server-{number}'
            found = resources.Server(server, '', 'ACTIVE')
            yield plans.Item(
                found.resource,
                tasks.ServerImage(),
                '',
                consistency=plans.Consistency.STOPPED,
                group=server,
                seen=found,
            )
        else:
            # Each server has three volumes.
            yield volume(dice, number, server if number % 20 < 4 else '')


def drive(graph: graphs.Graph) -> int:
    """Go through a graph as if all went well.

    :returns: how many flows were performed.
    """
    free = {'gigabytes': 2000, 'volumes': 10, 'snapshots': 10}
    schedule = schedules.Schedule(graph, PARALLEL, free)
    waiting, flows = schedule.begin(), 0
    # The last one first: they end in another order than they begin.
    while waiting:
        action = waiting.pop()
        flows += action.act is messages.Act.DO
        if action.act in NEWS:
            event = messages.Event(NEWS[action.act], action.group)
            waiting += schedule.hear(event)
    if not schedule.over:
        raise SystemExit('The schedule hangs.')
    return flows


def main() -> None:
    """Measure and print."""
    before: tuple[int, float] | None = None
    asked = requests.Request(everything=True, stop_servers=True)
    # What is called for the first time costs more.
    drive(compiler.compile(plans.Plan(HERE, asked, tuple(items(100)))))
    print(
        'resources    flows  compile s  schedule s  us/flow   ratio  n log n'
    )
    for count in SIZES:
        planned = plans.Plan(HERE, asked, tuple(items(count)))
        begun = time.process_time()
        graph = compiler.compile(planned)
        compiled = time.process_time()
        flows = drive(graph)
        took = time.process_time() - compiled
        ratios = ''
        if before is not None:
            fair = count * math.log(count) / before[0] / math.log(before[0])
            ratios = f'{took / before[1]:8.1f}{fair:9.1f}'
        print(
            f'{count:9,}{flows:9,}{compiled - begun:11.2f}{took:12.2f}'
            f'{took / flows * 1e6:9.0f}{ratios}'
        )
        before = (count, took)


if __name__ == '__main__':
    main()

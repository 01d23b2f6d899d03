# SPDX-License-Identifier: Apache-2.0
"""Items whose data other items hold: they end when these have ended."""

from collections.abc import Iterator, Mapping, Sequence

from backupclient.engine import outcomes
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_


def ended(
    items: Sequence[plan_.Item], known: Mapping[int, outcome_.Outcome]
) -> Iterator[tuple[int, outcome_.Outcome]]:
    """Yield the outcomes of the wholes whose parts all have theirs.

    :param known: the outcomes so far, by the items' numbers.
    """
    others = {one.resource.id: one for one in known.values()}
    waiting = {item.resource.id for item in items} - others.keys()
    for number, item in enumerate(items):
        if number not in known and item.parts and not waiting & {*item.parts}:
            yield number, outcomes.without_work(item, others)

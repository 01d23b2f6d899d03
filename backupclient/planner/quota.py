# SPDX-License-Identifier: Apache-2.0
"""Fitting a plan into the project's quotas."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from backupclient.model import inventories
from backupclient.model import needs
from backupclient.model import plans
from backupclient.planner.backup import rule

_Quotas = Mapping[str, inventories.Quota]


def within(items: Iterable[plans.Item], quotas: _Quotas) -> list[plans.Item]:
    """Return the items; those that exceed a quota are refused.

    Earlier items have priority.
    """
    fitting = []
    kept: Counter[str] = Counter()
    for item in items:
        lack = _lack(needs.of(item), kept, quotas)
        if not lack:
            kept += needs.artifacts(item)
        fitting.append(rule.unless(lack, _fallback_within(item, quotas)))
    return fitting


def _fallback_within(item: plans.Item, quotas: _Quotas) -> plans.Item:
    if item.fallback is None:
        return item
    lack = _lack(needs.temporaries(item.fallback), Counter(), quotas)
    return rule.with_fallback(item, rule.unless(lack, item.fallback))


def peaks(
    items: Sequence[plans.Item], quotas: _Quotas
) -> tuple[plans.Peak, ...]:
    """Return the quota that all items together need at most.

    Items that do not fit count too.

    :returns: a peak for each quota that is needed and known, by name.
    """
    artifacts: Counter[str] = Counter()
    largest: Counter[str] = Counter()
    for item in items:
        artifacts += needs.artifacts(item)
        largest |= needs.temporaries(item)
    return tuple(
        plans.Peak(name, needed, quotas[name].free)
        for name, needed in sorted((artifacts + largest).items())
        if name in quotas
    )


def _lack(needed: Counter[str], kept: Counter[str], quotas: _Quotas) -> str:
    """Return which quotas are exceeded, in a sentence, else ``''``.

    :param needed: the need of the item.
    :param kept: what earlier items keep.
    """
    lacks = []
    for name in sorted(needed.keys() & quotas.keys()):
        free, total = quotas[name].free, kept[name] + needed[name]
        if free is not None and total > free:
            whose = ' with what stands before it' if kept[name] else ''
            lacks.append(f'{name}: {total} needed{whose}, {free} free')
    if not lacks:
        return ''
    return (
        f'The quota has no room for it ({"; ".join(lacks)}): '
        'delete something, or ask for more.'
    )

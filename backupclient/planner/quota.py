# SPDX-License-Identifier: Apache-2.0
"""Whether a plan fits the project's quotas.

Cinder counts a snapshot's size in ``gigabytes`` too, and everything once more
for its volume type. What it makes for itself during a backup counts nowhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from backupclient.model import inventory as inventory_
from backupclient.model import plan
from backupclient.planner import rule

_Quotas = Mapping[str, inventory_.Quota]


def within(items: Iterable[plan.Item], quotas: _Quotas) -> list[plan.Item]:
    """Refuse the items that the quotas have no room for, first come first."""
    fitting = []
    kept: Counter[str] = Counter()
    for item in items:
        lack = _lack(_artifacts(item) + _temporaries(item), kept, quotas)
        if not lack:
            kept += _artifacts(item)
        fitting.append(rule.unless(lack, _fallback_within(item, quotas)))
    return fitting


def _fallback_within(item: plan.Item, quotas: _Quotas) -> plan.Item:
    if item.fallback is None:
        return item
    lack = _lack(_temporaries(item.fallback), Counter(), quotas)
    return rule.with_fallback(item, rule.unless(lack, item.fallback))


def peaks(
    items: Sequence[plan.Item], quotas: _Quotas
) -> tuple[plan.Peak, ...]:
    """Sum up what all the items need, those that do not fit included.

    :returns: one for each quota that is needed and known, by name.
    """
    artifacts: Counter[str] = Counter()
    largest: Counter[str] = Counter()
    for item in items:
        artifacts += _artifacts(item)
        largest |= _temporaries(item)
    return tuple(
        plan.Peak(name, needed, quotas[name].free)
        for name, needed in sorted((artifacts + largest).items())
        if name in quotas
    )


def _artifacts(item: plan.Item) -> Counter[str]:
    backup = plan.Procedure.VOLUME_BACKUP
    if item.volume is None or item.procedure is not backup:
        return Counter()
    return Counter(backups=1, backup_gigabytes=item.volume.size_gib)


def _temporaries(item: plan.Item) -> Counter[str]:
    """Count a snapshot and the volume that is made of it."""
    image = plan.Procedure.SNAPSHOT_IMAGE
    if item.volume is None or item.procedure is not image:
        return Counter()
    needed = {
        'snapshots': 1,
        'volumes': 1,
        'gigabytes': 2 * item.volume.size_gib,
    }
    of_type = {
        f'{name}_{item.volume.type_name}': count
        for name, count in needed.items()
    }
    return Counter(needed | of_type)


def _lack(needed: Counter[str], kept: Counter[str], quotas: _Quotas) -> str:
    """Say which quotas have no room, beside what is kept of other items."""
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

# SPDX-License-Identifier: Apache-2.0
"""Strategies: any plan, any outcome, any manifest."""

from hypothesis import strategies

from backupclient.manifest import record
from backupclient.model import outcome
from backupclient.model import plan
from backupclient.model import resources

# Clouds do give lone surrogates: JSON allows them.
TEXTS = strategies.text(
    strategies.characters(exclude_categories=()), max_size=20
)
RESOURCES = strategies.builds(resources.Resource, name=TEXTS, id=TEXTS)


def _few(one):
    return strategies.lists(one, max_size=3).map(tuple)


def _items(fallback):
    return strategies.builds(
        plan.Item, resource=RESOURCES, reason=TEXTS, fallback=fallback
    )


_NONE = strategies.none()
ITEMS = _items(_NONE | _items(_NONE))
PLANS = strategies.builds(
    plan.Plan, items=_few(ITEMS), version=strategies.just(1)
)
OUTCOMES = strategies.builds(
    outcome.Outcome,
    resource=RESOURCES,
    reason=TEXTS,
    seconds=strategies.floats(allow_nan=False, allow_infinity=False),
)
ENTRIES = strategies.builds(
    record.Entry, resource=RESOURCES, reason=TEXTS, notes=_few(TEXTS)
)
MANIFESTS = strategies.builds(
    record.Manifest, items=_few(ENTRIES), version=strategies.just(1)
)

# SPDX-License-Identifier: Apache-2.0
"""Strategies: any plan, any outcome, any manifest."""

import dataclasses

from hypothesis import strategies

from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import saved_plans

# Clouds do give lone surrogates: JSON allows them.
TEXTS = strategies.text(
    strategies.characters(exclude_categories=()), max_size=20
)
IDS = strategies.from_regex('[0-9A-Za-z][0-9A-Za-z-]{0,63}', fullmatch=True)
RESOURCES = strategies.builds(resources.Resource, name=TEXTS, id=IDS)


def _few(one):
    return strategies.lists(one, max_size=3).map(tuple)


@strategies.composite
def _items(draw):
    """An item, and what to do instead."""
    resource = draw(RESOURCES)
    fitting = strategies.sampled_from(_PROCEDURES[resource.kind])
    item = strategies.builds(
        saved_plans.Item, strategies.just(resource), fitting, TEXTS
    )
    return dataclasses.replace(
        draw(item), fallback=draw(strategies.none() | item)
    )


_PROCEDURES = {
    resources.Kind.SERVER: [
        plans.Procedure.NONE,
        plans.Procedure.SERVER_IMAGE,
    ],
    resources.Kind.VOLUME: [
        plans.Procedure.NONE,
        plans.Procedure.VOLUME_BACKUP,
        plans.Procedure.VOLUME_IMAGE,
        plans.Procedure.SNAPSHOT_IMAGE,
    ],
    resources.Kind.IMAGE: [plans.Procedure.NONE],
    resources.Kind.SECRET: [
        plans.Procedure.NONE,
        plans.Procedure.SECRET_DOWNLOAD,
    ],
}
ITEMS = _items()
# What a path of a folder can have.
TARGETS = strategies.text(
    strategies.characters(exclude_categories=['Cs'], exclude_characters='\0')
)
REQUESTS = strategies.builds(
    requests.Request, target=TARGETS.map('/{}'.format)
)
PLANS = strategies.builds(
    saved_plans.Plan,
    request=REQUESTS,
    items=_few(ITEMS),
    version=strategies.just(1),
)
OUTCOMES = strategies.builds(
    results.Outcome,
    resource=RESOURCES,
    reason=TEXTS,
    seconds=strategies.floats(allow_nan=False, allow_infinity=False),
)
ENTRIES = strategies.builds(
    manifests.Entry, resource=RESOURCES, reason=TEXTS, notes=_few(TEXTS)
)
MANIFESTS = strategies.builds(
    manifests.Manifest,
    request=REQUESTS,
    items=_few(ENTRIES),
    version=strategies.just(1),
)

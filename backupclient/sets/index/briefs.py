# SPDX-License-Identifier: Apache-2.0
"""What the cache keeps of a resource in a manifest.

That is what a list shows, and what a selection looks at: so an entry that
comes out of the cache has no files, no key and no artifact.
"""

import json
from typing import Any

from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results

_ENCODER = json.JSONEncoder(separators=(',', ':'), check_circular=False)


def encode(entry: manifests.Entry) -> str:
    """Return the text of an entry, but for what is mostly new in each run."""
    kept: dict[str, Any] = {
        'procedure': entry.procedure.value,
        'state': entry.state.value,
        'reason': entry.reason,
        'covered_by': entry.covered_by,
        'group': entry.group,
        'notes': entry.notes,
    }
    if entry.server:
        kept['server'] = {
            'volume_ids': entry.server.volume_ids,
            'metadata': dict(entry.server.metadata),
            'tags': entry.server.tags,
        }
    if entry.volume:
        kept['volume'] = dict(entry.volume.metadata)
    return _ENCODER.encode(
        {name: value for name, value in kept.items() if value or value == {}}
    )


def decode(
    kind: str, id_: str, name: str, body: str, captured: str, size: int | None
) -> manifests.Entry:
    """Return the entry of a text.

    :raises ValueError: it is none, or :class:`LookupError`, or
        :class:`TypeError`.
    """
    kept = json.loads(body)
    server, volume = kept.get('server'), kept.get('volume')
    return manifests.Entry(
        resource=resources.Resource(resources.Kind(kind), name, id_),
        procedure=plans.Procedure(kept['procedure']),
        state=results.State(kept['state']),
        reason=kept.get('reason', ''),
        covered_by=kept.get('covered_by', ''),
        group=kept.get('group', ''),
        captured_at=captured,
        size=size,
        notes=tuple(kept.get('notes', ())),
        server=None
        if server is None
        else resources.Server(
            id=id_,
            name=name,
            status='',
            image_id='',
            volume_ids=tuple(server['volume_ids']),
            metadata=server['metadata'],
            tags=tuple(server['tags']),
        ),
        volume=None
        if volume is None
        else resources.Volume(
            id=id_, name=name, status='', size_gib=0, metadata=volume
        ),
    )

# SPDX-License-Identifier: Apache-2.0
"""The part of a manifest's entry that the cache keeps.

It keeps only the fields that lists show and selections use. So an entry from
the cache has no file, no key and no artifact.
"""

import json
from typing import Any

from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results

_ENCODER = json.JSONEncoder(separators=(',', ':'), check_circular=False)


def encode(entry: manifests.Entry) -> str:
    """Return an entry as a text for the cache.

    The time and the size are left out, because they differ between runs:
    equal texts are stored once.
    """
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
    """Return the entry from a text of the cache.

    :raises ValueError: if the text is damaged; also :class:`LookupError` or
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

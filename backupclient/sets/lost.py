# SPDX-License-Identifier: Apache-2.0
"""Tell a set that has lost its manifest from one that is not finished."""

from collections.abc import Iterable

from backupclient import errors
from backupclient.model import layout
from backupclient.store import base

_HELPFUL = {
    layout.INSTRUCTIONS: 'says how',
    layout.CHECKSUMS: 'has the hashes',
}


def is_lost(names: Iterable[str]) -> bool:
    """Return whether a set was finished, but has no manifest any more.

    A run writes its marker first, and deletes it after it has written the
    manifest. A deletion writes its list first, and deletes it last. So a set
    that has files, but no manifest, no marker and no such list, has lost its
    manifest by other means.

    :param names: the files in the folder ``<run>`` of the set, by their paths
        in it.
    """
    every = frozenset(names)
    return every.isdisjoint(
        (layout.MANIFEST, layout.MARKER, layout.DELETION)
    ) and any(
        layout.is_member(name) or name in layout.DESCRIPTIONS for name in every
    )


def message(files: base.Files) -> str:
    """Return the message about a lost manifest, ``''`` if it is not lost.

    Then the run is being resumed, or the set is being deleted.

    :param files: the files of a set whose manifest cannot be found.
    """
    try:
        names = {each.path for each in files.list()}
    except errors.TargetError:
        return ''
    if not is_lost(names):
        return ''
    there = ', '.join(
        f'{name} {what}' for name, what in _HELPFUL.items() if name in names
    )
    return (
        f'The set {files.name} has no {layout.MANIFEST}, although its run has '
        'ended: the file was deleted, or the set was not copied completely. '
        'Its data are kept. Put a copy of the file back. If there is none, '
        f'restore by hand{f" ({there})" if there else ""}, or '
        'delete the set if nobody needs it.'
    )

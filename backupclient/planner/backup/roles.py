# SPDX-License-Identifier: Apache-2.0
"""Warnings if the user's roles probably do not suffice.

Policies differ between clouds, so the roles never prevent a backup.
"""

import dataclasses

from backupclient.model import plans

_READING = frozenset({'reader', 'observer', 'audit', 'auditor'})
# The roles that may read secrets in Barbican's old and new default policies.
_WITH_KEYS = frozenset({'admin', 'creator', 'manager', 'member', '_member_'})


def warned(item: plans.Item, roles: frozenset[str]) -> plans.Item:
    """Return the item, with a warning if the roles probably do not suffice.

    :param roles: the names of the user's roles; empty if they are not known.
    """
    names = frozenset(role.lower() for role in roles)
    if item.procedure is plans.Procedure.NONE or not names:
        return item
    if names <= _READING:
        note = 'probably do not allow this: ask for the role member.'
    elif (item.encrypted or item.secret) and not names & _WITH_KEYS:
        note = 'probably do not allow to use its key: ask for creator.'
    else:
        return item
    text = f'Your roles ({", ".join(sorted(roles))}) {note}'
    return dataclasses.replace(
        item, notes=(*item.notes, text), warnings=(*item.warnings, text)
    )

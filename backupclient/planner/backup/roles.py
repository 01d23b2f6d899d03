# SPDX-License-Identifier: Apache-2.0
"""What the user's roles hardly allow. Clouds differ, so it is no refusal."""

import dataclasses

from backupclient.model import plans

_READING = frozenset({'reader', 'observer', 'audit', 'auditor'})
# Of Barbican's old and new default policies.
_WITH_KEYS = frozenset({'admin', 'creator', 'manager', 'member', '_member_'})


def warned(item: plans.Item, roles: frozenset[str]) -> plans.Item:
    """Give the item, with a note if the roles are probably not enough.

    :param roles: their names; none at all means that they are not known.
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

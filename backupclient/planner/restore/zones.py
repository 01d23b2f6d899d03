# SPDX-License-Identifier: Apache-2.0
"""Availability zones: the old one where it exists, or as the user maps it."""

from collections.abc import Collection

from backupclient.planner.restore import rule
from backupclient.planner.restore import scene


def find(
    case: scene.Case, old: str, there: Collection[str] | None, why: str
) -> rule.Answer[str]:
    """Return the zone; ``''`` leaves the choice to the service.

    :param old: the zone at the time of the backup, ``''`` if not known.
    :param there: the zones of the service, None if they are not known.
    :param why: why the zones are not known.
    """
    mapped = case.request.zones.get(old) if old else None
    if mapped is not None:
        return _mapped(old, mapped, there)
    if not old:
        return rule.Answer('')
    if there is None:
        note = f'Its zone "{old}" is not asked for: {why}'
        return rule.Answer('', notes=(note,))
    if old in there:
        return rule.Answer(old)
    note = (
        f'There is no availability zone "{old}" here: the cloud chooses one. '
        f'You can choose with --availability-zone {old}=NEW.'
    )
    return rule.Answer('', warnings=(note,))


def _mapped(
    old: str, new: str, there: Collection[str] | None
) -> rule.Answer[str]:
    if there is None or not new or new in there:
        return rule.Answer(new)
    return rule.Answer(
        '',
        f'There is no availability zone "{new}" here, which '
        f'--availability-zone {old}={new} asks for. There are: '
        f'{", ".join(sorted(there)) or "none"}.',
    )

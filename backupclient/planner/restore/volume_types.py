# SPDX-License-Identifier: Apache-2.0
"""Volume types: the one with the old name, or as the user maps it."""

from collections.abc import Sequence

from backupclient.model import on_offer
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene

_SHOWN = 10


def find(case: scene.Case, old: str) -> rule.Answer[on_offer.VolumeType]:
    """Return the type of the new volume.

    :param old: the name of the old type, ``''`` for the cloud's default.
    :returns: a type without ID if the types of the cloud are not known.
    """
    new = wanted(case, old)
    there = case.scene.offers.volume_types
    if there is None:
        why = case.scene.offers.why_unread('volume_types')
        note = f'Whether its volume type is here is not known: {why}'
        return rule.Answer(on_offer.VolumeType('', new), notes=(note,))
    found = _named(new or case.scene.offers.default_type, there)
    if found or not new:
        return rule.Answer(found or on_offer.VolumeType('', ''))
    return rule.Answer(on_offer.VolumeType('', new), _missing(old, new, there))


def wanted(case: scene.Case, old: str) -> str:
    """Return the name to which the user maps a type, else the old name."""
    return case.request.volume_types.get(old, old)


def _named(
    name: str, there: Sequence[on_offer.VolumeType]
) -> on_offer.VolumeType | None:
    """Return the type with a name, or with an ID."""
    return next(
        (one for one in there if one.name == name),
        next((one for one in there if one.id == name), None),
    )


def _missing(old: str, new: str, there: Sequence[on_offer.VolumeType]) -> str:
    names = sorted(one.name for one in there)
    shown = ', '.join(names[:_SHOWN]) or 'none'
    more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
    if new != old:
        what = f', which --volume-type {old}={new} asks for'
    else:
        what = f'. Choose another with --volume-type {old}=NEW'
    return (
        f'There is no volume type "{new}" here{what}. '
        f'There are: {shown}{more}.'
    )

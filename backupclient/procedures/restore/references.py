# SPDX-License-Identifier: Apache-2.0
"""Replacing old IDs in properties by the IDs of restored resources."""

from collections.abc import Mapping

from backupclient.model import plans
from backupclient.model import properties
from backupclient.procedures import step
from backupclient.procedures.restore import task


def resolved(
    work: step.Work, item: plans.Item, found: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return properties with new IDs in place of the old ones.

    If the named resource was not restored, the old ID stays as long as the
    original exists. Otherwise the property is left out.

    :param found: the properties, with old IDs.
    :returns: the properties, and notes on those that were left out.
    """
    result, notes = dict(found), []
    for name, old in properties.references(found).items():
        if old not in task.of(item).after:
            continue
        new = _new(work, name, old)
        if new:
            result[name] = new
        else:
            notes.append(
                f'What its {name} names did not come back: it is left out.'
            )
            _leave_out(result, name)
    return result, tuple(notes)


def _new(work: step.Work, name: str, old: str) -> str:
    """Return the new ID for a property, ``''`` to leave it out."""
    if name == properties.CERTIFICATE:
        made = work.made_of(f'secret/{old}').restored
        return made or (old if work.cloud.barbican.secret(old) else '')
    made = work.made_of(f'image/{old}').restored
    return made or (old if work.cloud.glance.image(old) else '')


def _leave_out(result: dict[str, str], name: str) -> None:
    """Remove a property; with the certificate, remove the whole signature."""
    gone = [name]
    if name == properties.CERTIFICATE:
        gone = [*properties.signature(result)]
    for each in gone:
        result.pop(each, None)

# SPDX-License-Identifier: Apache-2.0
"""The protocol for planning the restore of one kind of resources.

The answer to a question (which flavor, which network) is a value or an
obstacle. All obstacles of a resource are reported together, so that the user
can solve them in one attempt.
"""

import dataclasses
from typing import Generic, Protocol, TypeVar

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import tasks
from backupclient.planner.backup import rule
from backupclient.planner.restore import scene

T_co = TypeVar('T_co', covariant=True)


class Rule(Protocol):
    """The planning of one kind of resources. Modules implement it."""

    KIND: resources.Kind

    def item(self, case: scene.Case) -> plans.Item:
        """Return the item: its procedure, or the obstacles."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """The answer to one question.

    :param value: not meaningful if there is an obstacle.
    :param obstacle: sentences that name the option to solve it; ``''`` for
        no obstacle.
    :param notes: sentences that are shown on request.
    :param warnings: sentences that are always shown.
    """

    value: T_co
    obstacle: str = ''
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def decided(
    case: scene.Case, wanted: plans.Item, *answers: Answer[object]
) -> plans.Item:
    """Return the item with the answers' notes, or refused by an obstacle."""
    said = case.choice.notes
    obstacles = dict.fromkeys(a.obstacle for a in answers if a.obstacle)
    if obstacles:
        refused = rule.refusal(wanted, ' '.join(obstacles))
        return dataclasses.replace(refused, notes=said, warnings=said)
    warnings = (
        *said,
        *wanted.warnings,
        *(one for a in answers for one in a.warnings),
    )
    notes = (*wanted.notes, *(one for a in answers for one in a.notes))
    return dataclasses.replace(
        wanted,
        notes=tuple(dict.fromkeys((*warnings, *notes))),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def blank(case: scene.Case, reason: str, present: str = '') -> plans.Item:
    """Return an item without a procedure.

    :param present: the ID of the resource that exists already, ``''`` if
        there is none.
    """
    # Without a complete backup the reason says what the notes would say.
    complete = case.entry.state is results.State.COMPLETE
    notes = case.choice.notes if present or complete else ()
    return plans.Item(
        resource=case.resource,
        task=tasks.Present(present) if present else tasks.Nothing(),
        reason=reason,
        notes=notes,
        warnings=notes,
    )

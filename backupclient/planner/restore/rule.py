# SPDX-License-Identifier: Apache-2.0
"""What a kind of resources has to tell so that it can be restored.

Each question (which flavor, which network) has an answer: a value, or the
obstacle. All obstacles of a resource are said at once, so that one more
attempt is enough.
"""

import dataclasses
from typing import Generic, Protocol, TypeVar

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import tasks
from backupclient.planner.backup import rule
from backupclient.planner.restore import scene

T_co = TypeVar('T_co', covariant=True)


class Rule(Protocol):
    """A kind of resources; each module that implements it is one kind."""

    KIND: resources.Kind

    def item(self, case: scene.Case) -> plans.Item:
        """Choose the procedure, or say what is in the way."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """What was found out for one question.

    :param value: of no use when there is an obstacle.
    :param obstacle: in sentences, with the option that solves it.
    :param warnings: sentences that a person should read unasked.
    """

    value: T_co
    obstacle: str = ''
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def decided(
    case: scene.Case, wanted: plans.Item, *answers: Answer[object]
) -> plans.Item:
    """Return the item with what the answers say, or with their obstacles."""
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

    :param present: the ID of what is there already.
    """
    return plans.Item(
        resource=case.resource,
        task=tasks.Present(present) if present else tasks.Nothing(),
        reason=reason,
        notes=case.choice.notes,
        warnings=case.choice.notes,
    )

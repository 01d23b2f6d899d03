# SPDX-License-Identifier: Apache-2.0
"""The outcome of a resource whose data other resources contain."""

from collections.abc import Mapping

from backupclient.model import results
from backupclient.model import tasks


def state(
    covered: tasks.Covered, others: Mapping[str, results.Outcome]
) -> tuple[results.State, str]:
    """Return the state of a resource that others cover, with the reason.

    It is COMPLETE if all parts are, FAILED if any part has failed, else
    SKIPPED.

    :param others: the outcomes by resource ID. A part without an outcome does
        not belong to the run.
    """
    reason = f'The data are in {covered.by}.'
    lacking = {
        id_: others.get(id_)
        for id_ in covered.parts
        if id_ not in others or others[id_].state is not results.State.COMPLETE
    }
    if not lacking:
        return results.State.COMPLETE, reason
    said = '; '.join(_lack(id_, found) for id_, found in lacking.items())
    failed = any(
        found and found.state is results.State.FAILED
        for found in lacking.values()
    )
    return (
        results.State.FAILED if failed else results.State.SKIPPED,
        f'{reason} Of these, not backed up: {said}.',
    )


def _lack(id_: str, found: results.Outcome | None) -> str:
    if found is None:
        return f'{id_} (not part of this run)'
    return f'{found.resource.label}, {found.state}'

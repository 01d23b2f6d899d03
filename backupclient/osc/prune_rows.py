# SPDX-License-Identifier: Apache-2.0
"""The table of ``prune``, its question, and the summary below it."""

from collections import Counter
from collections.abc import Iterable

from backupclient.model import prunings
from backupclient.operations import prune
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import display

_WORDS = {
    prunings.Action.KEEP: 'kept',
    prunings.Action.DELETE: 'to delete',
    prunings.Action.DELETED: 'deleted',
    prunings.Action.FAILED: 'failed',
}


def rows(done: prune.Decision) -> base.Table:
    """Return the columns, and a row for each resource and run."""
    return columns.PRUNE, [
        (
            row.run,
            display.Time(row.captured),
            row.kind,
            row.name,
            row.id,
            row.place,
            display.Size(row.size),
            row.action.value,
            display.Sentences(row.reasons),
        )
        for row in done.rows
    ]


def listed(decision: prune.Decision) -> list[str]:
    """Return a line for each backup that would be deleted."""
    return [
        f'{row.label}, captured {_minute(row.captured)}, '
        f'{display.size(row.size or 0)}'
        for row in decision.going
    ] + [
        f'what an interrupted deletion has left of {name}'
        for name in decision.left
    ]


def _minute(captured: str) -> str:
    return display.Time(captured).human_readable()


def _counted(count: int, what: str) -> str:
    return f'{count} {what}{"" if count == 1 else "s"}'


def question(decision: prune.Decision) -> str:
    """Return the question: what to delete, how much, where, and whose."""
    going = decision.going
    if not going:
        return f'Finish what was interrupted in {decision.place}?'
    runs = {row.run for row in going}
    failed = sum(row.kind == prunings.SET for row in going)
    what = [_counted(len(going) - failed, 'backup')]
    if failed:
        what.append(f'{_counted(failed, "set")} without a backup')
    return (
        f'Delete {" and ".join(what)} of '
        f'{_counted(len(runs), "run")} of project '
        f'{", ".join(decision.project_names)} in {decision.place}, '
        f'{_bytes(going)}?'
    )


def summary(done: prune.Decision, freed: str = '') -> list[str]:
    """Return lines with the counts and the bytes that are or would be freed.

    :param freed: a sentence of the place about the freed space, ``''`` for
        none.
    """
    if not (done.rows or done.left):
        return [f'There are no backups in {done.place}.']
    counts = Counter(row.action for row in done.rows)
    said = [
        f'{counts[action]} {word}{_how_much(done.rows, action)}'
        for action, word in _WORDS.items()
        if counts[action]
    ]
    if done.left:
        said.append(f'{len(done.left)} interrupted deletions to finish')
    return [f'{", ".join(said)}, in {done.place}', *filter(None, [freed])]


def _how_much(rows_: Iterable[prunings.Row], action: prunings.Action) -> str:
    """Return the bytes of an action's rows; ``''`` for rows that stay."""
    if action not in (prunings.Action.DELETE, prunings.Action.DELETED):
        return ''
    return f' ({_bytes(row for row in rows_ if row.action is action)})'


def _bytes(rows_: Iterable[prunings.Row]) -> str:
    return display.size(sum(row.size or 0 for row in rows_))

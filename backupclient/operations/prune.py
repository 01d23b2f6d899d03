# SPDX-License-Identifier: Apache-2.0
"""Delete old backups by rules: ``openstack backup prune``.

First decide, then let a person or a rule agree, then :func:`delete`::

    place = prune.in_target('/srv/backups', settings)
    decision = place.decide()
    decision = prune.delete(place, decision)

The last complete backup of a resource that is not known as damaged is never
deleted, whatever the rules say.
"""

from collections.abc import Iterable

from backupclient import errors
from backupclient.engine import interruption
from backupclient.model import events
from backupclient.model import prunings
from backupclient.operations import sessions
from backupclient.operations.pruning import in_cloud
from backupclient.operations.pruning import in_target
from backupclient.operations.pruning import places
from backupclient.planner import prunable
from backupclient.planner import retention

INCOMPLETE = 3

Decision = places.Decision
Duration = retention.Duration
Login = prunable.Login
Place = places.Place
Rules = retention.Rules
Settings = places.Settings
duration = retention.duration

_ASKED = (
    'Stopping when what is being deleted is gone. Press Ctrl-C again to quit '
    'at once.'
)
_LEFT = 'Left at once. Call the command again: it goes on.'


def target(target: str, settings: Settings) -> Place:
    """Return a target as a place to prune. No cloud and no login are needed.

    :param target: as in a request: the absolute path of a folder, say.
    :raises UsageError: there is no rule, or the target is a set itself.
    """
    _require_rules(settings)
    return in_target.Target(target, settings)


def cloud(session: sessions.Session, settings: Settings) -> Place:
    """Return what runs have left in the cloud as a place to prune.

    :raises UsageError: there is no rule.
    """
    _require_rules(settings)
    return in_cloud.Cloud(session, settings)


def delete(
    place: Place,
    agreed: Decision,
    reporter: events.Reporter | None = None,
) -> Decision:
    """Delete what goes by a decision.

    It is decided again first, because an agreement takes time: only what
    goes by both decisions is deleted. Ctrl-C ends this in order, so call it
    from the main thread.

    :param agreed: as of ``place.decide()``.
    :returns: with what became of each backup. One that still goes was not
        reached before Ctrl-C.
    :raises BackupError: a list would not be complete; nothing was deleted.
    """
    heard = reporter or events.Silent()
    with interruption.orderly(place.clock, heard, _ASKED, lambda: _LEFT):
        again = place.decide().limited(agreed)
        return place.delete(again, heard)


def exit_code(decision: Decision) -> int:
    """Return the exit code of the command after :func:`delete`."""
    if decision.going:
        return errors.Interrupted.exit_code
    return dry_exit_code(decision)


def dry_exit_code(decision: Decision) -> int:
    """Return the exit code of the command when nothing is deleted."""
    failed = prunings.Action.FAILED
    wrong = any(row.action is failed for row in decision.rows)
    return INCOMPLETE if wrong or decision.notices else 0


def problems(decision: Decision) -> list[str]:
    """Say what could not be deleted or read, and why."""
    return [*_reasons(decision.rows), *decision.notices]


def _reasons(rows: Iterable[prunings.Row]) -> Iterable[str]:
    for row in rows:
        wrong = row.action is prunings.Action.FAILED
        if wrong or row.kind == prunings.SET:
            yield f'{row.label}: {" ".join(row.reasons)}'


def _require_rules(settings: Settings) -> None:
    """Raise UsageError if there is no rule."""
    if not settings.rules:
        raise errors.UsageError(
            'Say what to keep, such as --keep-daily 7 --keep-weekly 4. '
            'Without a rule nothing is deleted.'
        )

# SPDX-License-Identifier: Apache-2.0
"""Delete old backups by rules: ``openstack backup prune``.

First decide, then let the user confirm, then call :func:`delete`::

    place = prune.target('/srv/backups', settings)
    decision = place.decide()
    decision = prune.delete(place, decision)

Whatever the rules say, the newest complete backup of each resource is kept,
not counting backups that are known to be damaged.
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
from backupclient.planner import pruning
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
    'Stopping as soon as the current deletion has ended. Press Ctrl-C again '
    'to quit at once.'
)
_LEFT = 'Quit at once. Call the command again to go on.'


def target(target: str, settings: Settings) -> Place:
    """Return a target as a place to prune. No cloud and no login are needed.

    :param target: a target, as in a request, such as an absolute path.
    :raises UsageError: if there is no rule, or the target is a single set.
    """
    _require_rules(settings)
    return in_target.Target(target, settings)


def cloud(session: sessions.Session, settings: Settings) -> Place:
    """Return the backups in the cloud as a place to prune.

    :raises UsageError: if there is no rule.
    """
    _require_rules(settings)
    return in_cloud.Cloud(session, settings)


def delete(
    place: Place,
    agreed: Decision,
    reporter: events.Reporter | None = None,
) -> Decision:
    """Delete the backups that a decision selects.

    Decide again first, because the backups may have changed since, and delete
    only what both decisions select. This handles Ctrl-C: call it from the main
    thread.

    :param agreed: the result of ``place.decide()`` that the user confirmed.
    :returns: the new decision, with the action that was taken in each row.
        ``delete`` means that Ctrl-C or the end of the login came first.
    :raises BackupError: if a list of backups is incomplete; nothing was
        deleted.
    """
    heard = reporter or events.Silent()
    with interruption.orderly(place.clock, heard, _ASKED, lambda: _LEFT):
        again = place.decide().limited(agreed)
        return place.delete(again, heard)


def exit_code(decision: Decision) -> int:
    """Return the exit code of the command after :func:`delete`."""
    if decision.going or decision.login:
        return errors.Interrupted.exit_code
    return dry_exit_code(decision)


def dry_exit_code(decision: Decision) -> int:
    """Return the exit code of the command when nothing is deleted."""
    failed = prunings.Action.FAILED
    wrong = any(row.action is failed for row in decision.rows)
    return INCOMPLETE if wrong or decision.notices else 0


def problems(decision: Decision) -> list[str]:
    """Return why the login has ended, what failed, and what is unreadable."""
    login = [decision.login] if decision.login else []
    return [*login, *_reasons(decision.rows), *decision.notices]


def _reasons(rows: Iterable[prunings.Row]) -> Iterable[str]:
    for row in rows:
        wrong = row.action is prunings.Action.FAILED
        if wrong or pruning.UNUSABLE in row.reasons:
            yield f'{row.label}: {" ".join(row.reasons)}'


def _require_rules(settings: Settings) -> None:
    """Raise UsageError if there is no rule."""
    if not settings.rules:
        raise errors.UsageError(
            'Say what to keep, such as --keep-daily 7 --keep-weekly 4. '
            'Without a rule nothing is deleted.'
        )

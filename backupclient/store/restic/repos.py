# SPDX-License-Identifier: Apache-2.0
"""Calls of restic for one repository.

The address of the repository may have passwords. So it is passed in the
environment, never as an argument: everyone on the machine can read those.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
import datetime
import json
import os
import pathlib
import re
import socket
import time
from typing import Any, TypeVar

from backupclient import errors
from backupclient import pauses
from backupclient.store.programs import environment
from backupclient.store.programs import finding
from backupclient.store.programs import starting
from backupclient.store.programs.child import Child
from backupclient.store.restic import troubles

LOCK_PATIENCE = 60.0
"""Seconds for which a call is retried while the repository is locked."""

BUSY_PATIENCE = 5 * 60.0
"""The same, for calls that may have to wait for a long deletion."""

_LIMIT = 30 * 60.0
"""The time limit of a call that moves no data, in seconds."""

_HANDED_ON = ('RESTIC_', 'AWS_', 'AZURE_', 'B2_', 'GOOGLE_', 'RCLONE_', 'ST_')
_OF_SWIFT = ('OS_',)
_PASSWORDS = (
    'RESTIC_PASSWORD',
    'RESTIC_PASSWORD_FILE',
    'RESTIC_PASSWORD_COMMAND',
)
_SECRET = re.compile(r'PASSWORD$|SECRET|_KEY$|TOKEN', re.I)
_AT_A_TIME = 500
"""The number of IDs in one call: the length of arguments is limited."""

Result = TypeVar('Result')


class Repository:
    """A restic repository, and the program that works on it.

    :param place: the address for ``restic -r``, with its passwords.
    :param name: the address for people, without passwords.
    """

    def __init__(self, place: str, name: str) -> None:
        self.name = name
        self._place = place

    def require(self) -> None:
        """Raise TargetError if restic or the password variable is missing.

        Without the variable, restic would read the password from its stdin,
        which has the data.
        """
        finding.find(finding.RESTIC)
        if not any(os.environ.get(each) for each in _PASSWORDS):
            raise errors.TargetError(
                f'{self.name} needs a password: set RESTIC_PASSWORD_FILE, '
                'RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD.'
            )

    def call(self, *words: str, folder: pathlib.Path | None = None) -> bytes:
        """Call restic for a task that moves no data.

        :param words: the arguments.
        :param folder: its working folder, None for that of this program.
        :returns: its stdout.
        :raises TargetError: if it fails; the text explains the failure.
        """
        with self.child(words, folder=folder) as running:
            try:
                return running.require_done(_LIMIT).out
            except troubles.Failures as error:
                raise troubles.of(self.name, error) from error

    def child(
        self,
        words: Iterable[str],
        *,
        folder: pathlib.Path | None = None,
        fed: bool = False,
        is_read: bool = False,
    ) -> Child:
        """Start restic.

        :param words: the arguments.
        :param folder: its working folder, None for that of this program.
        :param fed: its stdin is a stream.
        :param is_read: the caller reads its stdout while it runs.
        :raises TargetError: if it cannot be started.
        """
        self.require()
        found = finding.find(finding.RESTIC)
        variables = self._environment()
        secrets = tuple(
            value for name, value in variables.items() if _SECRET.search(name)
        )
        how = starting.How('restic', secrets, folder)
        return Child(
            [found.path, *words], variables, how, fed=fed, is_read=is_read
        )

    def snapshots(self) -> bytes:
        """Return the list of all snapshots, as JSON."""
        return self.call('snapshots', '--json', '--no-lock')

    def files(self, snapshot: str) -> bytes:
        """Return the list of files in a snapshot, one JSON document a line."""
        return self.call('ls', '--json', '--no-lock', snapshot)

    def dump(self, snapshot: str, path: str) -> Child:
        """Start restic to write a file of a snapshot, or a folder as a tar.

        The caller reads it from restic's stdout.
        """
        return self.child(['dump', '--no-lock', snapshot, path], is_read=True)

    def feed(
        self,
        path: str,
        tags: Iterable[str],
        at: datetime.datetime | None = None,
    ) -> Child:
        """Start restic to make a snapshot of a stream.

        :param path: the path of the only file in the snapshot.
        :param at: the time of the snapshot, None for now.
        """
        stream = ['--stdin', '--stdin-filename', path]
        return self.child([*_backup(tags, at), *stream], fed=True)

    def keep(
        self, folder: pathlib.Path, tags: Iterable[str]
    ) -> Mapping[str, Any]:
        """Make a snapshot of the files in a folder.

        :returns: restic's summary, with ``snapshot_id``.
        """
        words = [*_backup(tags), '.']
        out = self.patiently(
            lambda: self.call(*words, folder=folder), LOCK_PATIENCE
        )
        return summary(self.name, out)

    def forget(self, snapshots: Iterable[str]) -> None:
        """Delete snapshots by their IDs.

        :raises TargetError: if they cannot be deleted, or if the repository
            is locked for too long.
        """
        every = list(snapshots)
        for at in range(0, len(every), _AT_A_TIME):
            some = every[at : at + _AT_A_TIME]
            self._alone('forget', *some)

    def would_free(self, snapshots: Iterable[str]) -> bytes:
        """Return restic's output of a dry run that deletes snapshots.

        :raises TargetError: if restic fails.
        """
        words = ('forget', '--prune', '--dry-run', '--no-lock')
        return self.call(*words, *snapshots)

    def prune(self) -> None:
        """Free the space of data that no snapshot needs any more."""
        self._alone('prune')

    def unlock(self) -> None:
        """Remove the locks of dead processes."""
        self.call('unlock')

    def require_unlocked(self) -> None:
        """Raise Locked if somebody has an exclusive lock on the repository.

        Nothing is written. Locks of dead processes do not count.
        """
        for lock in self.call('list', 'locks', '--no-lock').split():
            try:
                found = json.loads(
                    self.call('cat', 'lock', lock.decode(), '--no-lock')
                )
            except (errors.TargetError, ValueError):
                # The lock was removed meanwhile.
                continue
            if found.get('exclusive') and not _is_stale(found):
                raise troubles.Locked(
                    f'{self.name} is locked since {found.get("time")} by the '
                    f'process {found.get("pid")} of {found.get("username")} '
                    f'on {found.get("hostname")}. Wait until that has ended. '
                    'If nothing works on it any more, "restic unlock" '
                    'removes the lock.'
                )

    def patiently(self, call: Callable[[], Result], patience: float) -> Result:
        """Call a function, and retry while the repository is locked.

        :param patience: the time for which it is retried, in seconds.
        :returns: the result of the function.
        :raises Locked: if the repository is locked for longer.
        """
        deadline = time.monotonic() + patience
        for number, pause in enumerate(pauses.growing()):
            try:
                return call()
            except troubles.Locked:
                if time.monotonic() + pause >= deadline:
                    raise
            if not number:
                # The lock may be that of a dead process. Remove it now.
                self.unlock()
            time.sleep(pause)
        raise AssertionError

    def _alone(self, *words: str) -> None:
        """Call restic for a task that needs an exclusive lock."""
        self.patiently(lambda: self.call(*words), BUSY_PATIENCE)

    def _environment(self) -> dict[str, str]:
        swift = _OF_SWIFT if self._place.startswith('swift:') else ()
        found = environment.minimal(
            (*_HANDED_ON, *swift),
            {'RESTIC_REPOSITORY': self._place, 'TZ': 'UTC'},
        )
        found.pop('RESTIC_REPOSITORY_FILE', None)
        return found


def _backup(
    tags: Iterable[str], at: datetime.datetime | None = None
) -> Iterator[str]:
    yield from ('backup', '--json', '--quiet', '--host', socket.gethostname())
    for tag in tags:
        yield from ('--tag', tag)
    if at is not None:
        yield from ('--time', f'{at.astimezone(datetime.UTC):%F %T}')


def summary(name: str, output: bytes) -> Mapping[str, Any]:
    """Return the summary in the output of ``restic backup --json``.

    :param name: the repository, for people.
    :raises TargetError: if the output names no new snapshot.
    """
    for line in reversed(output.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if found.get('message_type') == 'summary' and found.get('snapshot_id'):
            return dict(found)
    raise errors.TargetError(
        f'{name}: restic has ended without saying which snapshot it made. '
        'Try again with a newer restic.'
    )


def _is_stale(lock: Mapping[str, Any]) -> bool:
    """Return whether the process that made a lock is dead, as restic does.

    A process that is alive renews its lock every five minutes.
    """
    try:
        made = datetime.datetime.fromisoformat(str(lock.get('time')))
        age = datetime.datetime.now(datetime.UTC) - made
        if age > datetime.timedelta(minutes=30):
            return True
        if lock.get('hostname') != socket.gethostname():
            return False
        os.kill(int(lock.get('pid') or 0), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except (OSError, ValueError, TypeError):
        return False
    return False

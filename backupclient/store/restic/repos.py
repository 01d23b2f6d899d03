# SPDX-License-Identifier: Apache-2.0
"""Calls of restic for one repository.

The repository, with the passwords in it, goes into the environment and never
into the arguments: everyone on the machine can read those.
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
"""Seconds to try again while somebody has locked the repository."""

BUSY_PATIENCE = 5 * 60.0
"""The same, for what waits behind long work: a deletion of others."""

PROGRAM_PATIENCE = starting.PATIENCE
"""Seconds for which restic may do nothing."""

_LIMIT = 30 * 60.0
"""Seconds for a call that moves no data."""

_HANDED_ON = ('RESTIC_', 'AWS_', 'AZURE_', 'B2_', 'GOOGLE_', 'RCLONE_', 'ST_')
_OF_SWIFT = ('OS_',)
_PASSWORDS = (
    'RESTIC_PASSWORD',
    'RESTIC_PASSWORD_FILE',
    'RESTIC_PASSWORD_COMMAND',
)
_SECRET = re.compile(r'PASSWORD$|SECRET|_KEY$|TOKEN', re.I)
_AT_A_TIME = 500
"""The IDs in one call: an argument list has an end."""

Result = TypeVar('Result')


class Repository:
    """A restic repository, and the program that works on it.

    :param place: as ``restic -r`` takes it, with the passwords in it.
    :param name: for people, without them.
    """

    def __init__(self, place: str, name: str) -> None:
        self.name = name
        self._place = place

    def require(self) -> None:
        """Raise TargetError if restic is missing, or cannot have a password.

        restic would ask for the password in place of reading the data.
        """
        finding.find(finding.RESTIC)
        if not any(os.environ.get(each) for each in _PASSWORDS):
            raise errors.TargetError(
                f'{self.name} needs a password: set RESTIC_PASSWORD_FILE, '
                'RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD.'
            )

    def call(self, *words: str, folder: pathlib.Path | None = None) -> bytes:
        """Call restic for something that ends soon.

        :param folder: where it works.
        :returns: its stdout.
        :raises TargetError: it has failed; the text says what that means.
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

        :param fed: its stdin is a stream.
        :param is_read: its stdout is read while it comes.
        """
        self.require()
        found = finding.find(finding.RESTIC)
        variables = self._environment()
        secrets = tuple(
            value for name, value in variables.items() if _SECRET.search(name)
        )
        how = starting.How(
            'restic', secrets, folder, patience=PROGRAM_PATIENCE
        )
        return Child(
            [found.path, *words], variables, how, fed=fed, is_read=is_read
        )

    def snapshots(self) -> bytes:
        """List all snapshots, as JSON."""
        return self.call('snapshots', '--json', '--no-lock')

    def files(self, snapshot: str) -> bytes:
        """List the files in a snapshot, a JSON document a line."""
        return self.call('ls', '--json', '--no-lock', snapshot)

    def dump(self, snapshot: str, path: str) -> Child:
        """Start to read a file of a snapshot, or a folder as a tar."""
        return self.child(['dump', '--no-lock', snapshot, path], is_read=True)

    def feed(
        self,
        path: str,
        tags: Iterable[str],
        at: datetime.datetime | None = None,
    ) -> Child:
        """Start to make a snapshot of a stream.

        :param path: of the only file in it.
        :param at: the time that it gets, None for now.
        """
        stream = ['--stdin', '--stdin-filename', path]
        return self.child([*_backup(tags, at), *stream], fed=True)

    def keep(
        self, folder: pathlib.Path, tags: Iterable[str]
    ) -> Mapping[str, Any]:
        """Make a snapshot of what is in a folder.

        :returns: restic's summary.
        """
        words = [*_backup(tags), '.']
        out = self.patiently(
            lambda: self.call(*words, folder=folder), LOCK_PATIENCE
        )
        return summary(self.name, out)

    def forget(self, snapshots: Iterable[str]) -> None:
        """Delete snapshots by their IDs.

        :raises TargetError: they cannot be deleted, or somebody works on the
            repository for too long.
        """
        every = list(snapshots)
        for at in range(0, len(every), _AT_A_TIME):
            some = every[at : at + _AT_A_TIME]
            self._alone('forget', *some)

    def would_free(self, snapshots: Iterable[str]) -> bytes:
        """Return what restic says of deleting snapshots, and delete nothing.

        :raises TargetError: it has failed.
        """
        words = ('forget', '--prune', '--dry-run', '--no-lock')
        return self.call(*words, *snapshots)

    def prune(self) -> None:
        """Free the space of what no snapshot needs any more."""
        self._alone('prune')

    def unlock(self) -> None:
        """Remove the locks of processes that are dead."""
        self.call('unlock')

    def require_unlocked(self) -> None:
        """Raise Locked if somebody has the repository for himself.

        Nothing is written. Locks of dead processes do not count.
        """
        for lock in self.call('list', 'locks', '--no-lock').split():
            try:
                found = json.loads(
                    self.call('cat', 'lock', lock.decode(), '--no-lock')
                )
            except (errors.TargetError, ValueError):
                # It went away meanwhile.
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
        """Do something, again and again while the repository is locked.

        :param patience: in seconds.
        :raises Locked: somebody has locked it for longer.
        """
        deadline = time.monotonic() + patience
        for number, pause in enumerate(pauses.growing()):
            try:
                return call()
            except troubles.Locked:
                if time.monotonic() + pause >= deadline:
                    raise
            if not number:
                # What a killed process has left goes at once.
                self.unlock()
            time.sleep(pause)
        raise AssertionError

    def _alone(self, *words: str) -> None:
        """Do what needs the repository for itself."""
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
    """Return what ``restic backup --json`` says at its end.

    :raises TargetError: it does not say that a snapshot was made.
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
    """Tell whether the process that has made a lock is dead, as restic does.

    It renews its lock every five minutes.
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

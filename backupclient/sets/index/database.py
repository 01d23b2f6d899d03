# SPDX-License-Identifier: Apache-2.0
"""The file of the cache: ``$XDG_CACHE_HOME/openstack-backup/history.sqlite``.

It can be deleted at any time. A file that is damaged, or is not this
program's own, is replaced. If no file can be used, a temporary database
takes its place.
"""

from collections.abc import Iterator
import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

APPLICATION = 0x6F736268
VERSION = 2
NAME = 'history.sqlite'

# SQLite's page cache in KiB.
_MEMORY = 32 << 10
_PATIENCE = 2.0

_TABLES = """
CREATE TABLE manifest (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, run TEXT NOT NULL,
    created_at TEXT NOT NULL, finished_at TEXT NOT NULL, state TEXT NOT NULL,
    project_id TEXT NOT NULL, host TEXT NOT NULL, complete INTEGER NOT NULL,
    failed INTEGER NOT NULL, skipped INTEGER NOT NULL, size INTEGER NOT NULL);
CREATE TABLE resource (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, rid TEXT NOT NULL,
    name TEXT NOT NULL, UNIQUE (kind, rid, name));
CREATE INDEX resource_name ON resource (kind, name);
CREATE TABLE detail (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, server TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE entry (
    manifest INTEGER NOT NULL, position INTEGER NOT NULL,
    resource INTEGER NOT NULL, detail INTEGER NOT NULL,
    captured TEXT NOT NULL, size INTEGER, PRIMARY KEY (manifest, position))
    WITHOUT ROWID;
CREATE INDEX entry_resource ON entry (resource, manifest);
CREATE TABLE verification (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, run TEXT NOT NULL,
    at TEXT NOT NULL);
CREATE TABLE finding (
    verification INTEGER NOT NULL, kind TEXT NOT NULL, rid TEXT NOT NULL,
    depth TEXT NOT NULL, result TEXT NOT NULL,
    PRIMARY KEY (verification, kind, rid)) WITHOUT ROWID;
CREATE TABLE seen (
    place TEXT NOT NULL, path TEXT NOT NULL, fingerprint TEXT NOT NULL,
    digest TEXT NOT NULL, PRIMARY KEY (place, path)) WITHOUT ROWID;
"""


class Unusable(Exception):
    """The cache is damaged, or was not made by this release."""


class Busy(Unusable):
    """Another process has locked the cache, which is otherwise fine."""


def path() -> str:
    """Return the path of the file, by the XDG base directory rules."""
    home = os.environ.get('XDG_CACHE_HOME', '')
    if not os.path.isabs(home):
        home = os.path.expanduser('~/.cache')
    return os.path.join(home, 'openstack-backup', NAME)


@contextlib.contextmanager
def opened() -> 'Iterator[sqlite3.Connection]':
    """Open the cache; replace it if it cannot be used."""
    try:
        connection = _connect(_file())
    except Busy:
        connection = _temporary()
    except (OSError, Unusable):
        try:
            discard()
            connection = _connect(_file())
        except (OSError, Unusable):
            connection = _temporary()
    with contextlib.closing(connection):
        yield connection


@contextlib.contextmanager
def temporary() -> 'Iterator[sqlite3.Connection]':
    """Open a database that ends with the process."""
    with contextlib.closing(_temporary()) as connection:
        yield connection


def discard() -> None:
    """Delete the cache.

    :raises OSError: if that fails.
    """
    for end in ('', '-journal', '-wal', '-shm'):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path() + end)


@contextlib.contextmanager
def troubles() -> Iterator[None]:
    """Raise errors of SQLite, and of damaged values, as Unusable.

    :raises Busy: if another process has locked the cache.
    :raises Unusable: on any other error.
    """
    import sqlite3

    try:
        yield
    except sqlite3.Error as exc:
        code = getattr(exc, 'sqlite_errorcode', 0) & 0xFF
        busy = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        raise (Busy if busy else Unusable)(str(exc)) from exc
    except (LookupError, TypeError, ValueError) as exc:
        raise Unusable(f'What it holds makes no sense: {exc}') from exc


def _file() -> str:
    """Return the path of the cache's file, and make the file if needed.

    Only its owner can read and write it.

    :raises OSError: if it cannot be made, is a link, or is accessible to
        other users.
    """
    found = path()
    os.makedirs(os.path.dirname(found), 0o700, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    file = os.open(found, flags, 0o600)
    try:
        state = os.fstat(file)
    finally:
        os.close(file)
    own = stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid()
    if not own or stat.S_IMODE(state.st_mode) & 0o077:
        raise OSError(errno.EPERM, 'it is not the own file of this user')
    return found


def _connect(file: str) -> 'sqlite3.Connection':
    """Open the database in a file.

    :raises Busy: if another process has locked it.
    :raises Unusable: if it is damaged, or was not made by this release.
    """
    import sqlite3

    with troubles(), contextlib.ExitStack() as undo:
        connection = sqlite3.connect(file, timeout=_PATIENCE)
        undo.callback(connection.close)
        _prepare(connection)
        undo.pop_all()
    return connection


def _temporary() -> 'sqlite3.Connection':
    import sqlite3

    # The name '' is SQLite's for a temporary file that it deletes itself.
    connection = sqlite3.connect('')
    _prepare(connection)
    return connection


def _prepare(connection: 'sqlite3.Connection') -> None:
    connection.execute(f'PRAGMA cache_size = -{_MEMORY}')
    connection.execute('PRAGMA synchronous = NORMAL')
    connection.execute('PRAGMA trusted_schema = OFF')
    (kind,) = connection.execute('PRAGMA application_id').fetchone()
    (version,) = connection.execute('PRAGMA user_version').fetchone()
    if (kind, version) == (APPLICATION, VERSION):
        return
    tables = connection.execute('SELECT count(*) FROM sqlite_master')
    if tables.fetchone() != (0,):
        raise Unusable('it is not the cache of this release')
    connection.executescript(
        f'BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {APPLICATION};'
        f'PRAGMA user_version = {VERSION}; COMMIT;'
    )

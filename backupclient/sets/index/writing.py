# SPDX-License-Identifier: Apache-2.0
"""Write into the cache: add manifests and results, delete old ones."""

from collections.abc import Iterable
import hashlib
from typing import TYPE_CHECKING

from backupclient.model import manifests
from backupclient.model import results
from backupclient.model import verification
from backupclient.sets.index import briefs
from backupclient.sets.index import database

if TYPE_CHECKING:
    import sqlite3

_MOST_KNOWN = 50_000


class Writer:
    """Puts manifests and results into the cache. Not thread-safe.

    Changes are only saved by :meth:`keep`.
    """

    def __init__(self, connection: 'sqlite3.Connection') -> None:
        self._sql = connection
        # Row numbers by values: most manifests repeat the same values.
        self._known: dict[tuple[str | bytes, ...], int] = {}

    def note(
        self, place: str, path: str, fingerprint: str, digest: str
    ) -> None:
        """Store the hash of a file, with its fingerprint."""
        with database.troubles():
            self._sql.execute(
                'INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)',
                (place, path, fingerprint, digest),
            )

    def add(self, manifest: manifests.Manifest, digest: str) -> None:
        """Add a manifest.

        :param digest: the sha512 of the manifest's bytes.
        """
        states = [entry.state for entry in manifest.items]
        size = sum(
            entry.size or 0
            for entry in manifest.items
            if entry.state is results.State.COMPLETE
        )
        with database.troubles():
            number = self._sql.execute(
                'INSERT INTO manifest VALUES '
                '(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                (
                    digest,
                    manifest.run,
                    manifest.created_at,
                    manifest.finished_at,
                    manifest.state.value,
                    manifest.identity.project_id,
                    manifest.host,
                    *(states.count(state) for state in results.State),
                    min(size, (1 << 63) - 1),
                ),
            ).lastrowid
            self._sql.executemany(
                'INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)',
                (
                    (number, position, *self._row(entry))
                    for position, entry in enumerate(manifest.items)
                ),
            )

    def add_verification(
        self, found: verification.Verification, digest: str
    ) -> None:
        """Add the results of a verification.

        :param digest: the sha512 of the result's bytes.
        """
        with database.troubles():
            number = self._sql.execute(
                'INSERT INTO verification VALUES (NULL, ?, ?, ?)',
                (digest, found.run, found.verified_at),
            ).lastrowid
            self._sql.executemany(
                'INSERT OR REPLACE INTO finding VALUES (?, ?, ?, ?, ?)',
                (
                    (
                        number,
                        row.kind,
                        row.id,
                        row.depth.value,
                        row.result.value,
                    )
                    for row in found.rows
                ),
            )

    def forget(self, place: str, paths: Iterable[str]) -> None:
        """Remove files that a place does not have any more from the cache.

        :param paths: the paths of the files that the place has.
        """
        with database.troubles():
            known = self._sql.execute(
                'SELECT path FROM seen WHERE place = ?', (place,)
            )
            gone = {path for (path,) in known} - set(paths)
            if not gone:
                return
            self._sql.executemany(
                'DELETE FROM seen WHERE place = ? AND path = ?',
                ((place, path) for path in gone),
            )
            for table, part in (
                ('manifest', 'entry'),
                ('verification', 'finding'),
            ):
                self._sql.execute(
                    f'DELETE FROM {table} '  # noqa: S608 - known words
                    'WHERE digest NOT IN (SELECT digest FROM seen)'
                )
                self._sql.execute(
                    f'DELETE FROM {part} '  # noqa: S608
                    f'WHERE {table} NOT IN (SELECT id FROM {table})'
                )

    def keep(self) -> None:
        """Commit the changes."""
        with database.troubles():
            self._sql.commit()

    def _row(self, entry: manifests.Entry) -> tuple[int, int, str, int | None]:
        one = entry.resource
        resource = self._interned(
            'INSERT OR IGNORE INTO resource VALUES (NULL, ?, ?, ?)',
            'SELECT id FROM resource WHERE kind = ? AND rid = ? AND name = ?',
            (one.kind.value, one.id, one.name),
        )
        body = briefs.encode(entry)
        digest = hashlib.blake2b(body.encode(), digest_size=16).digest()
        detail = self._interned(
            'INSERT OR IGNORE INTO detail VALUES (NULL, ?, ?, ?)',
            'SELECT id FROM detail WHERE digest = ?',
            (digest, entry.group, body),
        )
        return resource, detail, entry.captured_at, entry.size

    def _interned(
        self, insert: str, select: str, values: tuple[str | bytes, ...]
    ) -> int:
        """Return the number of a row; insert the row if it is missing."""
        known = self._known.get(values)
        if known is not None:
            return known
        wanted = values[: select.count('?')]
        found = self._sql.execute(select, wanted).fetchone()
        if found is None:
            found = (self._sql.execute(insert, values).lastrowid,)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[values] = int(found[0])
        return int(found[0])

# SPDX-License-Identifier: Apache-2.0
"""The cache: manifests go in, entries of resources come out."""

from collections.abc import Collection, Iterable, Iterator, Sequence
import contextlib
import dataclasses
import hashlib
from typing import TYPE_CHECKING

from backupclient.model import manifests
from backupclient.model import outcome as outcome_
from backupclient.model import verification
from backupclient.sets.index import briefs
from backupclient.sets.index import database

if TYPE_CHECKING:
    import sqlite3

Key = tuple[str, str]
"""The kind and the ID of a resource."""

_MOST_KNOWN = 50_000

_ENTRY = (
    'SELECT resource.kind, resource.rid, resource.name, detail.body, '
    'entry.captured, entry.size FROM entry '
    'JOIN resource ON resource.id = entry.resource '
    'JOIN detail ON detail.id = entry.detail '
)


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """What a manifest says of its run.

    :param number: of the manifest in the cache.
    :param complete: how many resources are; ``failed`` and ``skipped``
        likewise.
    :param size: of what is complete, in bytes.
    """

    number: int
    run: str
    created_at: str
    finished_at: str
    state: manifests.State
    project_id: str
    host: str
    complete: int
    failed: int
    skipped: int
    size: int


class Index:
    """The cache, opened. Used by one thread.

    Each method raises :class:`~backupclient.sets.index.database.Unusable` if
    what is in the cache cannot be used: throw it away then.
    """

    def __init__(self, connection: 'sqlite3.Connection') -> None:
        self._sql = connection
        # The numbers of what was added: most manifests have the same again.
        self._known: dict[tuple[str | bytes, ...], int] = {}

    def digest(self, place: str, path: str, fingerprint: str) -> str:
        """Return the hash of a file that was read, ``''`` if it is new."""
        with _troubles():
            found = self._sql.execute(
                'SELECT digest FROM seen '
                'WHERE place = ? AND path = ? AND fingerprint = ?',
                (place, path, fingerprint),
            ).fetchone()
        return found[0] if found else ''

    def note(
        self, place: str, path: str, fingerprint: str, digest: str
    ) -> None:
        """Note the hash of a file."""
        with _troubles():
            self._sql.execute(
                'INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)',
                (place, path, fingerprint, digest),
            )

    def header(self, digest: str) -> Header | None:
        """Return what a manifest says of its run, None if it is not there."""
        with _troubles():
            found = self._sql.execute(
                'SELECT id, run, created_at, finished_at, state, project_id, '
                'host, complete, failed, skipped, size FROM manifest '
                'WHERE digest = ?',
                (digest,),
            ).fetchone()
            if found is None:
                return None
            number, run, created, finished, state, *others = found
            return Header(
                number,
                run,
                created,
                finished,
                manifests.State(state),
                *others,
            )

    def add(self, manifest: manifests.Manifest, digest: str) -> None:
        """Add a manifest."""
        states = [entry.state for entry in manifest.items]
        size = sum(
            entry.size or 0
            for entry in manifest.items
            if entry.state is outcome_.State.COMPLETE
        )
        with _troubles():
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
                    *(states.count(state) for state in outcome_.State),
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

    def keep(self) -> None:
        """Write down what was added."""
        with _troubles():
            self._sql.commit()

    def entries(
        self, number: int, keys: Sequence[Key] | None = None
    ) -> Iterator[manifests.Entry]:
        """Return the entries of a manifest, in its order.

        :param number: of the manifest.
        :param keys: of the resources that are meant; None for all.
        """
        if keys is None:
            yield from self._entries('WHERE entry.manifest = ?', number)
            return
        for kind, id_ in keys:
            # The order of the joins: from the resource to its entries.
            yield from self._entries(
                'WHERE resource.kind = ? AND resource.rid = ? '
                'AND entry.manifest = ?',
                kind,
                id_,
                number,
            )

    def newest(
        self, key: Key, numbers: Collection[int]
    ) -> Iterator[tuple[int, manifests.Entry]]:
        """Return the entries of a resource, the newest run first.

        :param numbers: of the manifests that are meant.
        """
        with _troubles():
            found = self._sql.execute(
                'SELECT manifest.id FROM resource '
                'JOIN entry ON entry.resource = resource.id '
                'JOIN manifest ON manifest.id = entry.manifest '
                'WHERE resource.kind = ? AND resource.rid = ? '
                'ORDER BY manifest.run DESC',
                key,
            ).fetchall()
        for (number,) in found:
            if number in numbers:
                for entry in self.entries(number, (key,)):
                    yield number, entry

    def captured_with(
        self, number: int, server: str
    ) -> Iterator[manifests.Entry]:
        """Return the entries that were captured with a server."""
        yield from self._entries(
            'WHERE entry.manifest = ? AND detail.server = ?', number, server
        )

    def images(self, number: int) -> Iterator[manifests.Entry]:
        """Return the entries of images."""
        yield from self._entries(
            "WHERE entry.manifest = ? AND resource.kind = 'image'", number
        )

    def named(self, kind: str, text: str) -> list[Key]:
        """Find resources by an ID, or by a name that they have had."""
        with _troubles():
            return self._sql.execute(
                'SELECT DISTINCT kind, rid FROM resource '
                'WHERE kind = ? AND rid = ? '
                'UNION SELECT DISTINCT kind, rid FROM resource '
                'WHERE kind = ? AND name = ?',
                (kind, text, kind, text),
            ).fetchall()

    def add_verification(
        self, found: verification.Verification, digest: str
    ) -> None:
        """Add what a verification has found."""
        with _troubles():
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

    def known_verification(self, digest: str) -> tuple[int, str, str] | None:
        """Return the number, run and time of a verification, or None."""
        with _troubles():
            found: tuple[int, str, str] | None = self._sql.execute(
                'SELECT id, run, at FROM verification WHERE digest = ?',
                (digest,),
            ).fetchone()
        return found

    def findings(
        self, number: int, keys: Sequence[Key] | None = None
    ) -> Iterator[tuple[Key, verification.Row]]:
        """Return what a verification has found.

        :param number: of the verification.
        :param keys: of the resources that are meant; None for all.
        """
        asked = 'SELECT kind, rid, depth, result FROM finding WHERE '
        if keys is None:
            yield from self._findings(asked + 'verification = ?', number)
            return
        for key in keys:
            yield from self._findings(
                asked + 'verification = ? AND kind = ? AND rid = ?',
                number,
                *key,
            )

    def forget(self, place: str, paths: Iterable[str]) -> None:
        """Forget the files of a place that are not there any more.

        :param paths: that are there.
        """
        with _troubles():
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
        """Return the number of a text that is kept once."""
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

    def _entries(
        self, where: str, *values: object
    ) -> Iterator[manifests.Entry]:
        with _troubles():
            rows = self._sql.execute(
                f'{_ENTRY}{where} ORDER BY entry.position', values
            )
            for row in rows:
                yield briefs.decode(*row)

    def _findings(
        self, asked: str, *values: object
    ) -> Iterator[tuple[Key, verification.Row]]:
        with _troubles():
            for kind, id_, depth, result in self._sql.execute(asked, values):
                yield (
                    (kind, id_),
                    verification.Row(
                        '',
                        kind,
                        '',
                        id_,
                        verification.Depth(depth),
                        verification.Result(result),
                    ),
                )


@contextlib.contextmanager
def _troubles() -> Iterator[None]:
    try:
        with database.troubles():
            yield
    except (LookupError, TypeError, ValueError) as exc:
        raise database.Unusable(
            f'what it holds makes no sense: {exc}'
        ) from exc

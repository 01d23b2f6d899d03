# SPDX-License-Identifier: Apache-2.0
"""Read from the cache: entries of resources, and verification results."""

from collections.abc import Collection, Iterator, Sequence
import dataclasses

from backupclient.model import manifests
from backupclient.model import verification
from backupclient.sets.index import briefs
from backupclient.sets.index import database
from backupclient.sets.index import writing

Key = tuple[str, str]
"""The kind and the ID of a resource."""

_COLUMNS = (
    'SELECT resource.kind, resource.rid, resource.name, detail.body, '
    'entry.captured, entry.size FROM '
)
_DETAIL = ' JOIN detail ON detail.id = entry.detail '
_OF_MANIFEST = (
    f'{_COLUMNS}entry JOIN resource ON resource.id = entry.resource{_DETAIL}'
)
# SQLite would read all entries of the manifest, as they are sorted already.
_OF_RESOURCE = (
    f'{_COLUMNS}resource CROSS JOIN entry INDEXED BY entry_resource '
    f'ON entry.resource = resource.id{_DETAIL}'
)


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """What a manifest says about its run as a whole.

    :param number: the manifest's number in the cache.
    :param complete: the number of complete resources; ``failed`` and
        ``skipped`` likewise.
    :param size: the total size of the complete resources, in bytes.
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


class Index(writing.Writer):
    """The opened cache. Not thread-safe.

    Each method raises :class:`~backupclient.sets.index.database.Unusable` if
    the cache is damaged: delete it then.
    """

    def digest(self, place: str, path: str, fingerprint: str) -> str:
        """Return the hash of an unchanged file, ``''`` if it must be read.

        :param place: the name of the store.
        :param fingerprint: the file's fingerprint, by the store.
        """
        with database.troubles():
            found = self._sql.execute(
                'SELECT digest FROM seen '
                'WHERE place = ? AND path = ? AND fingerprint = ?',
                (place, path, fingerprint),
            ).fetchone()
        return found[0] if found else ''

    def header(self, digest: str) -> Header | None:
        """Return the header of a manifest, None if it is not in the cache.

        :param digest: the sha512 of the manifest's bytes.
        """
        with database.troubles():
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

    def entries(
        self, number: int, keys: Sequence[Key] | None = None
    ) -> Iterator[manifests.Entry]:
        """Yield entries of a manifest.

        :param number: the manifest's number in the cache.
        :param keys: the resources whose entries are wanted, in the order of
            the result; None for all entries, in the manifest's order.
        """
        if keys is None:
            yield from self._entries('WHERE entry.manifest = ?', number)
            return
        for kind, id_ in keys:
            yield from self._entries(
                'WHERE resource.kind = ? AND resource.rid = ? '
                'AND entry.manifest = ?',
                kind,
                id_,
                number,
                start=_OF_RESOURCE,
            )

    def newest(
        self, key: Key, numbers: Collection[int]
    ) -> Iterator[tuple[int, manifests.Entry]]:
        """Yield the entries of a resource, the newest run first.

        :param numbers: the numbers of the manifests to look in.
        :returns: the manifest's number with each entry.
        """
        with database.troubles():
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
        """Yield the entries that were captured with a server.

        :param number: the manifest's number in the cache.
        :param server: the server's ID.
        """
        yield from self._entries(
            'WHERE entry.manifest = ? AND detail.server = ?', number, server
        )

    def images(self, number: int) -> Iterator[manifests.Entry]:
        """Yield the entries of images in a manifest."""
        yield from self._entries(
            "WHERE entry.manifest = ? AND resource.kind = 'image'", number
        )

    def named(self, kind: str, text: str) -> list[Key]:
        """Return the resources with an ID, or with a current or old name."""
        with database.troubles():
            found: list[Key] = self._sql.execute(
                'SELECT DISTINCT kind, rid FROM resource '
                'WHERE kind = ? AND rid = ? '
                'UNION SELECT DISTINCT kind, rid FROM resource '
                'WHERE kind = ? AND name = ?',
                (kind, text, kind, text),
            ).fetchall()
        return found

    def known_verification(self, digest: str) -> tuple[int, str, str] | None:
        """Return a verification's number, run and time, None if unknown.

        :param digest: the sha512 of the result's bytes.
        """
        with database.troubles():
            found: tuple[int, str, str] | None = self._sql.execute(
                'SELECT id, run, at FROM verification WHERE digest = ?',
                (digest,),
            ).fetchone()
        return found

    def findings(
        self, number: int, keys: Sequence[Key] | None = None
    ) -> Iterator[tuple[Key, verification.Row]]:
        """Yield the results of a verification by resource.

        :param number: the verification's number in the cache.
        :param keys: the resources whose results are wanted; None for all.
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

    def _entries(
        self, where: str, *values: object, start: str = _OF_MANIFEST
    ) -> Iterator[manifests.Entry]:
        with database.troubles():
            rows = self._sql.execute(
                f'{start}{where} ORDER BY entry.position', values
            )
            for row in rows:
                yield briefs.decode(*row)

    def _findings(
        self, asked: str, *values: object
    ) -> Iterator[tuple[Key, verification.Row]]:
        with database.troubles():
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

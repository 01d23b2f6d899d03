# SPDX-License-Identifier: Apache-2.0
"""Make a thing many, for those who measure lists: its rows are copied.

The copies are in the databases only: no storage stands behind them, so they
can be listed and shown, and nothing else.  They go with their project's other
copies, again by SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
import re

from devcloud.commands import Failed
from devcloud.infrastructure import sql

_ID = re.compile(r'[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}')
_MOST = 100_000


@dataclasses.dataclass(frozen=True)
class _Thing:
    """Where a kind of things has its rows.

    :param owner: the column of the project.
    :param children: tables, and their columns with the ID of the thing.
    """

    table: str
    name: str
    owner: str
    children: tuple[tuple[str, str], ...]


KINDS = {
    'volume': _Thing(
        'cinder.volumes',
        'display_name',
        'project_id',
        (
            ('cinder.volume_metadata', 'volume_id'),
            ('cinder.volume_glance_metadata', 'volume_id'),
        ),
    ),
    'image': _Thing(
        'glance.images',
        'name',
        'owner',
        (
            ('glance.image_properties', 'image_id'),
            ('glance.image_tags', 'image_id'),
            ('glance.image_locations', 'image_id'),
        ),
    ),
    'secret': _Thing(
        'barbican.secrets',
        'name',
        'project_id',
        (
            ('barbican.encrypted_data', 'secret_id'),
            ('barbican.secret_store_metadata', 'secret_id'),
        ),
    ),
}


def multiply(kind: str, id_: str, count: int) -> None:
    """Copy a thing with all of its rows."""
    thing = KINDS[kind]
    _require(id_)
    if not 0 < count <= _MOST:
        raise Failed(f'{count} copies: 1 to {_MOST} are possible')
    where = f"id = '{id_}'"
    if sql(f'select count(*) from {thing.table} where {where}').strip() != '1':
        raise Failed(f'no {kind} {id_}')
    values = {
        'id': 'uuid()',
        thing.name: f"concat({thing.name}, '-', seq)",
    }
    columns = _columns(thing.table)
    schema = thing.table.partition('.')[0]
    sql(
        f'insert into {thing.table} ({_listed(columns)}) select '
        f'{_listed(columns, values)} from {thing.table}, '
        f'{schema}.seq_1_to_{count} where {where}'
    )
    for table, column in thing.children:
        _multiply_child(thing, table, column, id_)


def diminish(project_id: str) -> None:
    """Delete all rows of a project: copies, and what they are of."""
    _require(project_id)
    for thing in KINDS.values():
        owner = f"'{project_id}'"
        if thing.table.startswith('barbican'):
            # Barbican has IDs of its own for projects.
            owner = (
                '(select id from barbican.projects where external_id = '
                f"'{project_id}')"
            )
        own = f'select id from {thing.table} where {thing.owner} = {owner}'
        for table, column in thing.children:
            sql(f'delete from {table} where {column} in ({own})')
        sql(f'delete from {thing.table} where {thing.owner} = {owner}')


def _multiply_child(thing: _Thing, table: str, column: str, id_: str) -> None:
    """Give each copy what its original has in another table."""
    columns = [name for name, own in _described(table) if not own]
    values = {column: 'copy.id'}
    if 'id' in columns:
        # A text that the service made; MariaDB makes the numbers itself.
        values['id'] = 'uuid()'
    sql(
        f'insert into {table} ({_listed(columns)}) select '
        f'{_listed(columns, values, "one.")} from {table} one '
        f"join {thing.table} origin on origin.id = '{id_}' "
        f'join {thing.table} copy on copy.{thing.owner} = '
        f'origin.{thing.owner} and copy.{thing.name} like '
        f"concat(origin.{thing.name}, '-%') where one.{column} = '{id_}'"
    )


def _described(table: str) -> Iterator[tuple[str, bool]]:
    """Give the columns, and whether MariaDB numbers them."""
    for line in sql(f'describe {table}').splitlines():
        yield line.split('\t')[0], 'auto_increment' in line


def _columns(table: str) -> list[str]:
    return [name for name, _ in _described(table)]


def _listed(
    columns: list[str], values: dict[str, str] | None = None, own: str = ''
) -> str:
    """Write a list of columns, or of the values that they get."""
    found = values or {}
    return ', '.join(found.get(name) or f'{own}`{name}`' for name in columns)


def _require(id_: str) -> None:
    """Refuse what is no ID: it becomes part of a statement."""
    if not _ID.fullmatch(id_):
        raise Failed(f'{id_!r} is no ID')

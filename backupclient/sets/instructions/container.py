# SPDX-License-Identifier: Apache-2.0
"""How the containers of secrets are made again, of the new secrets."""

from collections.abc import Iterable, Iterator

from backupclient.model import manifests
from backupclient.model import secret_facts
from backupclient.sets.instructions import barbican
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import secret as secret_

Member = tuple[secret_facts.Membership, str]
"""What a secret is in a container, and its variable; ``''`` for no copy."""


def sections(secrets: Iterable[tuple[int, manifests.Entry]]) -> Iterator[str]:
    """Give the paragraphs of all containers.

    :param secrets: all of the set, with their numbers.
    """
    found: dict[str, list[Member]] = {}
    for number, entry in secrets:
        restorable = secret_.restorable(entry)
        variable = secret_.variable(number) if restorable else ''
        for one in entry.secret.containers if entry.secret else ():
            found.setdefault(one.container_id, []).append((one, variable))
    for number, members in enumerate(found.values(), 1):
        yield from _section(number, members)


def _section(number: int, members: list[Member]) -> Iterator[str]:
    one, _ = members[0]
    name = markdown.span(one.container_name or 'without a name')
    here = sum(bool(variable) for _, variable in members)
    yield f'### Container {number}: {name}\n\n' + markdown.facts(
        (
            ('ID', one.container_id),
            ('type', one.kind),
            ('secrets', f'{one.size}' if one.size else 'not known'),
            ('in this set', f'{here}'),
        )
    )
    if here < max(one.size, len(members)):
        yield (
            '**Not all of its secrets are in this set.** Make the container '
            'by hand when you have the others.'
        )
        return
    if not one.size:
        yield '**It may have had more secrets:** their number is not known.'
    yield (
        'Make the container of the new secrets. Its access list is not in '
        'the backup:'
    )
    yield markdown.block(
        barbican.container(
            one.container_name,
            one.kind,
            ((each.role, variable) for each, variable in members),
        )
    )

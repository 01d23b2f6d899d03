# SPDX-License-Identifier: Apache-2.0
"""How a secret goes back into the key manager."""

from collections.abc import Iterator

from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import secret_facts
from backupclient.sets.instructions import about
from backupclient.sets.instructions import barbican
from backupclient.sets.instructions import key
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell


def variable(number: int) -> str:
    """Name what holds the new secret's address, for its containers."""
    return f'SECRET{number}'


def restorable(entry: manifests.Entry) -> bool:
    """Tell whether a secret can be stored again."""
    secret = entry.secret
    return secret is not None and (
        entry.file is not None or not secret.content_type
    )


def section(entry: manifests.Entry, number: int) -> Iterator[str]:
    """Give the paragraphs of a secret's section."""
    secret = entry.secret
    title, facts = f'Secret {number}', _facts(secret) if secret else ()
    if secret is None or not restorable(entry):
        yield from about.without_copy(entry, title, facts)
        return
    yield about.head(entry, title, facts, secret.metadata)
    yield from _cautions(secret)
    if entry.file:
        yield 'Store it again:'
    else:
        yield 'It has no payload. Store it again without one:'
    source = key.content(entry.file.path) if entry.file else ''
    yield markdown.block(
        barbican.store(variable(number), source, secret.name, _told(secret)),
        f'echo {shell.value(variable(number))}',
    )
    yield 'It has a new address: give that to whatever used the old one.'


def _facts(secret: resources.Secret) -> tuple[tuple[str, str], ...]:
    length = '' if secret.bit_length is None else str(secret.bit_length)
    return (
        ('type', secret.secret_type),
        ('content', secret.content_type or 'none'),
        ('algorithm', secret.algorithm),
        ('length', length and f'{length} bits'),
        ('mode', secret.mode),
        ('expires', secret.expires_at),
        ('readers', _readers(secret.acl)),
        *(
            (
                'part of',
                f'{one.kind} container "{one.container_name}" '
                f'({one.container_id}) as {one.role}',
            )
            for one in secret.containers
        ),
    )


def _readers(acl: secret_facts.Acl | None) -> str:
    if acl is None:
        return 'not known'
    users = ', '.join(f'user {id_}' for id_ in acl.users)
    project = 'the project' if acl.project_access else 'its creator'
    return f'{project}, {users}' if users else project


def _cautions(secret: resources.Secret) -> Iterator[str]:
    """Say what may not come back as it was."""
    acl = secret.acl
    if acl is None:
        yield (
            '**It is not known who may read it.** After the restore all '
            'members of the project can read it, as their roles allow.'
        )
    elif not acl.project_access:
        yield (
            '**It is private.** After the restore only you and the users '
            'listed above can read it.'
        )
    if acl is not None and acl.users:
        yield 'The user IDs are those of the cloud of the backup.'
    if secret.expires_at:
        yield (
            'If it has expired before the restore, the command leaves the '
            'expiration out and says so.'
        )


def _told(secret: resources.Secret) -> barbican.Told:
    fields = {
        'secret_type': secret.secret_type,
        'algorithm': secret.algorithm,
        'bit_length': secret.bit_length,
        'mode': secret.mode,
        'expiration': secret.expires_at,
    }
    return barbican.Told(
        {name: value for name, value in fields.items() if value},
        _content_type(secret),
        _read(secret.acl),
        secret.metadata,
    )


def _content_type(secret: resources.Secret) -> str:
    """Give the content type without its character set."""
    return secret.content_type.split(';')[0].strip()


def _read(acl: secret_facts.Acl | None) -> dict[str, object] | None:
    if acl is None or acl == secret_facts.Acl():
        return None
    return {'project-access': acl.project_access, 'users': [*acl.users]}

# SPDX-License-Identifier: Apache-2.0
"""How a secret goes back into the key manager."""

from collections.abc import Iterator

from backupclient.manifest import record
from backupclient.manifest.restore import about
from backupclient.manifest.restore import key
from backupclient.manifest.restore import markdown
from backupclient.manifest.restore import shell
from backupclient.model import resources

_BYTES = 'application/octet-stream'
_TEXT = 'text/plain'


def section(entry: record.Entry, number: int) -> Iterator[str]:
    """Give the paragraphs of a secret's section."""
    secret = entry.secret
    if secret is None or entry.file is None:
        return
    yield about.head(entry, f'Secret {number}', _facts(secret), {})
    yield 'Store it again:'
    yield markdown.block(
        key.stored(_payload(entry.file.path, secret), *_options(secret)),
        f'echo {shell.value("SECRET")}',
    )
    yield (
        'It has a new address: give that to whatever used the old one. An '
        'algorithm, length or mode that is not said is set to '
        '`aes`, `256` and `cbc`; the key manager attaches no meaning to them.'
    )


def _facts(secret: resources.Secret) -> tuple[tuple[str, str], ...]:
    length = '' if secret.bit_length is None else str(secret.bit_length)
    return (
        ('type', secret.secret_type),
        ('content', secret.content_type),
        ('algorithm', secret.algorithm),
        ('length', length and f'{length} bits'),
        ('mode', secret.mode),
        ('expires', secret.expires_at),
        *(
            (
                'part of',
                f'{one.kind} container "{one.container_name}" '
                f'({one.container_id}) as {one.role}',
            )
            for one in secret.containers
        ),
    )


def _payload(path: str, secret: resources.Secret) -> str:
    """Give the command that writes the payload as the client wants it.

    python-barbicanclient encodes bytes by itself when no content type is
    given, and wants them encoded when one is (``v1/secrets.py:Secret.store``).
    """
    if secret.content_type in {'', _BYTES} or _is_text(secret):
        return key.content(path)
    return f'{key.content(path)} | base64 -w 0'


def _options(secret: resources.Secret) -> tuple[str, ...]:
    return (
        shell.option('--name', secret.name),
        shell.option('--secret-type', secret.secret_type),
        shell.option('--algorithm', secret.algorithm),
        shell.option('--bit-length', str(secret.bit_length or '')),
        shell.option('--mode', secret.mode),
        *_content(secret),
    )


def _content(secret: resources.Secret) -> tuple[str, ...]:
    if secret.content_type in {'', _BYTES}:
        return ()
    if _is_text(secret):
        return (f'--payload-content-type {_TEXT}',)
    return (
        shell.option('--payload-content-type', secret.content_type),
        '--payload-content-encoding base64',
    )


def _is_text(secret: resources.Secret) -> bool:
    return secret.content_type.startswith(_TEXT)

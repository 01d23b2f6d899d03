# SPDX-License-Identifier: Apache-2.0
"""Keys and secrets in files: how they go back into the key manager."""

from backupclient.model import copies
from backupclient.sets.instructions import barbican
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell

PROTECTED = '.age'


def content(path: str) -> str:
    """Give the command that writes a file's content to the next one."""
    if path.endswith(PROTECTED):
        return f'age --decrypt -i "$IDENTITY" {shell.word(path)}'
    return f'cat {shell.word(path)}'


def store(key: copies.KeyRecord, name: str) -> str:
    """Give the command that stores the key of encrypted data again.

    The file holds the passphrase. That is the hexadecimal digits of the key,
    except for a secret of type ``passphrase``
    (``os_brick.utils.get_passphrase_from_secret``).

    :returns: it keeps the new secret's address in ``SECRET``.
    """
    is_text = key.secret_type == 'passphrase'
    source = content(key.path)
    return barbican.store(
        'SECRET',
        source if is_text else f'{source} | xxd -r -p',
        f'key of {name}',
        barbican.Told(
            {
                'secret_type': 'passphrase' if is_text else 'symmetric',
                'algorithm': key.algorithm or 'aes',
                'bit_length': key.bit_length or 256,
            },
            barbican.TEXT if is_text else barbican.BYTES,
        ),
    )


def unlocking(key: copies.KeyRecord, path: str) -> tuple[str, ...]:
    """Give the paragraphs on opening encrypted data without OpenStack."""
    passphrase = f'{content(key.path)} |'
    data = shell.word(path)
    return (
        'To open the file without OpenStack, first see whether the key '
        'fits. It prints nothing when it does:',
        markdown.block(
            shell.command(
                passphrase,
                f'cryptsetup open --test-passphrase --key-file - {data}',
            )
        ),
        'Then open it, read-only, as root. The disk appears as '
        '`/dev/mapper/restored`:',
        markdown.block(
            shell.command(
                passphrase,
                'sudo cryptsetup open --type luks --readonly',
                f'--key-file - {data} restored',
            )
        ),
        'Or, without root, write the decrypted disk to a file (LUKS 1 only):',
        markdown.block(
            'umask 077',
            shell.command(
                passphrase,
                'qemu-img convert -O raw',
                '--object secret,id=key,format=raw,file=/dev/stdin',
                '--image-opts driver=luks,key-secret=key,'
                f'file.filename={data}',
                'decrypted.raw',
            ),
        ),
    )

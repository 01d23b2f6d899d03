# SPDX-License-Identifier: Apache-2.0
"""The remotes of rclone: ``NAME:PATH``, or a connection string.

A connection string contains options: ``:webdav,url="https://a":PATH`` for a
storage system, ``NAME,option=value:PATH`` for a configured remote with other
options. https://rclone.org/docs/#connection-strings
"""

from collections.abc import Iterator
import dataclasses
import re

from backupclient.model import urls

_OWN_NAME = 'backupclient'
_NAME = re.compile(r'[\w.][\w. +@-]*')
_KEY = re.compile(r'[\w-]+')
_PLAIN = re.compile(r'[^,:]*')
_QUOTED = {
    quote: re.compile(f'(?:[^{quote}]|{quote}{quote})*') for quote in '\'"'
}


@dataclasses.dataclass(frozen=True, slots=True)
class Remote:
    """A place in a storage system of rclone.

    :param name: the configured remote, or the type of the storage system.
    :param on_the_fly: whether the name is a type of storage system.
    :param options: names and values, which may be secret.
    :param path: the path in the storage system.
    """

    name: str
    on_the_fly: bool
    options: tuple[tuple[str, str], ...] = dataclasses.field(repr=False)
    path: str

    @property
    def argument(self) -> str:
        """The remote as an argument for rclone, without its options.

        Other users of the machine can see a program's arguments.
        """
        name = _OWN_NAME if self.on_the_fly else self.name
        return f'{name}:{self.path}'

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that pass the options to rclone."""
        name = _OWN_NAME if self.on_the_fly else self.name
        type_ = {'type': self.name} if self.on_the_fly else {}
        return {
            f'RCLONE_CONFIG_{name}_{key}'.replace('-', '_').upper(): value
            for key, value in {**type_, **dict(self.options)}.items()
        }


def parse(text: str) -> Remote:
    """Split a remote into its parts.

    :raises ValueError: if the text is no remote. The message contains no
        values of options.
    """
    on_the_fly = text.startswith(':')
    at = int(on_the_fly)
    found = _NAME.match(text, at)
    if found is None:
        raise ValueError('it has no name of a remote')
    at = found.end()
    options = []
    while text[at : at + 1] == ',':
        key, value, at = _option(text, at + 1)
        options.append((key, value))
    if text[at : at + 1] != ':':
        raise ValueError(
            'the remote does not end with a colon, as in rclone:REMOTE:PATH'
        )
    return Remote(found[0], on_the_fly, tuple(options), text[at + 1 :])


def _option(text: str, at: int) -> tuple[str, str, int]:
    """Return an option's name and value, and the index behind it.

    :raises ValueError: if it is malformed.
    """
    key = _KEY.match(text, at)
    if key is None:
        raise ValueError('an option of the remote has no name')
    at = key.end()
    if text[at : at + 1] != '=':
        return key[0], 'true', at
    quote = text[at + 1 : at + 2]
    if quote not in _QUOTED:
        value = _PLAIN.match(text, at + 1)
        assert value is not None  # noqa: S101 - it matches nothing, too
        if text.startswith('://', value.end()):
            raise ValueError(
                f'the value of the option {key[0]} needs quotes, as in '
                f'{key[0]}="https://..."'
            )
        return key[0], value[0], value.end()
    value = _QUOTED[quote].match(text, at + 2)
    assert value is not None  # noqa: S101
    if text[value.end() : value.end() + 1] != quote:
        raise ValueError('the quotes of an option of the remote do not end')
    return key[0], value[0].replace(quote * 2, quote), value.end() + 1


def shown(text: str, hidden: str) -> str:
    """Return a remote with option values hidden that may be secret.

    :param text: a remote that :func:`parse` accepts.
    :param hidden: the text in place of a hidden value.
    """
    found = parse(text)
    return ''.join(_words(found, hidden)) + f':{found.path}'


def _words(remote: Remote, hidden: str) -> Iterator[str]:
    yield f'{":" if remote.on_the_fly else ""}{remote.name}'
    for key, value in remote.options:
        plain = key.replace('-', '_') in _HARMLESS or value in _SWITCH
        value = urls.shown(value, hidden) if plain else hidden
        if _PLAIN.fullmatch(value) and value[:1] not in _QUOTED:
            yield f',{key}={value}'
        else:
            quoted = value.replace('"', '""')
            yield f',{key}="{quoted}"'


_SWITCH = ('true', 'false')
_HARMLESS = frozenset(
    {
        'acl',
        'chunk_size',
        'container',
        'domain',
        'endpoint',
        'endpoint_type',
        'host',
        'location',
        'port',
        'provider',
        'region',
        'remote',
        'share',
        'shell_type',
        'storage_class',
        'tenant',
        'type',
        'url',
        'user',
        'username',
        'vendor',
    }
)
"""The options whose values are shown; any other value may be secret."""

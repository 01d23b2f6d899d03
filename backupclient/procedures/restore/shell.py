# SPDX-License-Identifier: Apache-2.0
"""Commands whose words may come from the cloud: they stay words.

A word with a line break or with something else that does not show is written
with escapes, in bash's ``$'...'``: so the page itself does nothing to a
terminal, and the command gets the word as it was.

New IDs are passed on in variables. ``new`` has the ID of what was restored by
the old ID. ``IMAGE``, ``KEY``, ``SECRET``, ``SERVER`` and ``VOLUME`` are for
the commands of one resource.
"""

from collections.abc import Iterable, Mapping
import shlex

from backupclient.model import layout

SUFFIX = '\ufdd0'
"""In a name: what the reader wants there, the value of ``SUFFIX``. Unicode
has no character with this number."""

READY = """\
ready() {  # KIND ID: wait until it can be used, and print its ID
    local state
    while state=$(openstack "$1" show -f value -c status "$2"); do
        case $state in
            available | active | ACTIVE) echo "$2"; return ;;
            error* | ERROR) break ;;
        esac
        sleep 2
    done
    echo "$1 $2 is not ready: ${state:-its status is not known}" >&2
    return 1
}"""
"""A function for the shell, which the commands call."""

_ESCAPES = {'\n': r'\n', '\r': r'\r', '\t': r'\t', '\\': r'\\'}


def plain(text: str) -> str:
    """Replace what moves the cursor, ends a line or turns its direction."""
    return ''.join(c if c.isprintable() else ' ' for c in text)


def carries(text: str) -> bool:
    """Tell whether a command's argument can be this text.

    None can hold NUL, nor half a surrogate pair.
    """
    return not any(map(_is_no_argument, text))


def word(text: str) -> str:
    """Quote a word for bash.

    What no argument can hold becomes a space.
    """
    parts = text.split(SUFFIX)
    if len(parts) == 1:
        return _quoted(text)
    return '"$SUFFIX"'.join(_quoted(part) if part else '' for part in parts)


def _quoted(text: str) -> str:
    held = ''.join(' ' if _is_no_argument(c) else c for c in text)
    if held.isprintable() and not ("'" in held and '!' in held):
        return shlex.quote(held)
    return f"$'{''.join(map(_escaped, held))}'"


def _is_no_argument(character: str) -> bool:
    return character == '\0' or '\ud800' <= character <= '\udfff'


def _escaped(character: str) -> str:
    """Write a character of ``$'...'``.

    As bytes: bash writes other escapes by the locale. Quotes and
    exclamation marks are escaped too: an interactive bash may take them for
    the end, or for a part of its history.
    """
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() and character not in "'!":
        return character
    return ''.join(f'\\x{byte:02x}' for byte in character.encode())


def option(name: str, value: str) -> str:
    """Give an option with its value, whatever that begins with.

    :returns: nothing for a value that is empty.
    """
    if not value:
        return ''
    between = '=' if value.startswith('-') else ' '
    return f'{name}{between}{word(value)}'


def options(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Give an option that is repeated."""
    return tuple(option(name, value) for value in values)


def properties(
    found: Mapping[str, str], name: str = '--property'
) -> tuple[str, ...]:
    """Give the options for properties, those that a command can give.

    :param name: of the option.
    """
    return options(
        name, (f'{k}={found[k]}' for k in sorted(found) if _is_key(k))
    )


def lost(found: Mapping[str, str]) -> tuple[str, ...]:
    """Give the properties that a command cannot give as they are.

    OSC takes what comes before the first ``=`` for the name.
    """
    return tuple(
        f'{k}={found[k]}'
        for k in sorted(found)
        if not (_is_key(k) and carries(k + found[k]))
    )


def _is_key(name: str) -> bool:
    return bool(name) and '=' not in name


def last(name: str) -> str:
    """Give the new name at the end of a command, whatever it begins with."""
    return ('-- ' if name.startswith('-') else '') + word(name)


def command(*parts: str) -> str:
    """Give a command, each of its parts on a line; empty ones are dropped."""
    return ' \\\n    '.join(part for part in parts if part)


def value(variable: str) -> str:
    """Give what a variable holds; the command stops if that is nothing."""
    return f'"${{{variable}:?}}"'


def new(old_id: str) -> str:
    """Name the variable with the new ID of a resource, by its old ID."""
    return f'new[{old_id}]'


def kept(variable: str, column: str, *parts: str) -> str:
    """Give a command that keeps one column of its answer in a variable.

    :param parts: the last one is what comes after all options.
    """
    show = f'-f value -c {shlex.quote(column)}'
    return f'{variable}=$({command(*parts[:-1], show, parts[-1])})'


def ready(old_id: str, kind: str, variable: str) -> str:
    """Give the command that waits for what was made, and keeps its new ID."""
    return f'{new(old_id)}=$(ready {kind} {value(variable)})'


def content(path: str) -> str:
    """Give the command that writes a small file's content to the next one."""
    if layout.is_sealed(path):
        return f'age --decrypt -i {value("IDENTITY")} {word(path)}'
    return f'cat {word(path)}'

# SPDX-License-Identifier: Apache-2.0
"""Build bash commands for people, with names that come from the cloud.

Names are quoted so that the shell cannot interpret them. A word with
characters that cannot be printed is written as ``$'...'`` with escapes: to
print the page is harmless, and the command receives the exact word.

Variables pass new IDs on. The bash array ``new``, which the page declares
(``operations/by_hand/page``), maps the old ID of a restored resource to its
new ID. ``IMAGE``, ``KEY``, ``SECRET``, ``SERVER`` and ``VOLUME`` hold IDs
within the commands of one resource.
"""

from collections.abc import Iterable, Mapping
import shlex

from backupclient.model import layout
from backupclient.model import names

READY = """\
ready() {  # KIND ID: wait until it can be used, and print its ID
    local state
    while state=$(openstack "$1" show -f value -c status "$2"); do
        case $state in
            available | active | ACTIVE) echo "$2"; return ;;
            error* | ERROR | killed | deactivated | SHUTOFF | *DELETED)
                break ;;
        esac
        sleep 2
    done
    echo "$1 $2 is not ready: ${state:-its status cannot be read}" >&2
    return 1
}"""
"""The bash function ``ready``, which the commands call."""

_ESCAPES = {'\n': r'\n', '\r': r'\r', '\t': r'\t', '\\': r'\\'}


def plain(text: str) -> str:
    """Return a text with a space for each character that cannot be printed.

    Those could move the cursor, end a line or turn its direction.
    """
    return ''.join(c if c.isprintable() else ' ' for c in text)


def fits_argument(text: str) -> bool:
    """Return whether a command's argument can be this text.

    No argument can hold NUL or half of a surrogate pair.
    """
    return not any(map(_is_no_argument, text))


def word(text: str) -> str:
    """Return a word, quoted for bash.

    The variable ``SUFFIX`` takes the place of :data:`names.SUFFIX`.
    NUL and halves of surrogate pairs become spaces: no argument holds them.
    """
    parts = text.split(names.SUFFIX)
    if len(parts) == 1:
        return _quoted(text)
    return '"$SUFFIX"'.join(_quoted(part) if part else '' for part in parts)


def _quoted(text: str) -> str:
    possible = ''.join(' ' if _is_no_argument(c) else c for c in text)
    if possible.isprintable() and not ("'" in possible and '!' in possible):
        return shlex.quote(possible)
    return f"$'{''.join(map(_escaped, possible))}'"


def _is_no_argument(character: str) -> bool:
    return character == '\0' or '\ud800' <= character <= '\udfff'


def _escaped(character: str) -> str:
    """Return a character as it is written within ``$'...'``.

    The escapes are bytes of UTF-8, since what bash makes of other escapes
    depends on the locale. A quote would end the string, and an interactive
    bash may expand an exclamation mark from its history.
    """
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() and character not in "'!":
        return character
    return ''.join(f'\\x{byte:02x}' for byte in character.encode())


def option(name: str, value: str) -> str:
    """Return an option with its value, also one that begins with a hyphen.

    :returns: ``''`` if the value is empty.
    """
    if not value:
        return ''
    between = '=' if value.startswith('-') else ' '
    return f'{name}{between}{word(value)}'


def options(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return an option once for each value."""
    return tuple(option(name, value) for value in values)


def properties(
    found: Mapping[str, str], name: str = '--property'
) -> tuple[str, ...]:
    """Return an option for each property that OSC can set.

    Keys that are empty or contain ``=`` are left out; :func:`inexpressible`
    names them.

    :param name: the name of the option.
    """
    return options(
        name, (f'{k}={found[k]}' for k in sorted(found) if _is_key(k))
    )


def inexpressible(found: Mapping[str, str]) -> tuple[str, ...]:
    """Return the properties that a command cannot set exactly.

    OSC splits at the first ``=``, and an argument cannot hold every text, see
    :func:`fits_argument`.
    """
    return tuple(
        f'{k}={found[k]}'
        for k in sorted(found)
        if not (_is_key(k) and fits_argument(k + found[k]))
    )


def _is_key(name: str) -> bool:
    return bool(name) and '=' not in name


def positional(name: str) -> str:
    """Return a name as the last word of a command, behind ``--`` if needed."""
    return ('-- ' if name.startswith('-') else '') + word(name)


def command(*parts: str) -> str:
    """Return a command with a line for each part that is not empty."""
    return ' \\\n    '.join(part for part in parts if part)


def value(variable: str) -> str:
    """Return a reference to a variable; bash stops if it is empty."""
    return f'"${{{variable}:?}}"'


def new(old_id: str) -> str:
    """Return the bash variable that holds the new ID of a resource."""
    return f'new[{old_id}]'


def assign(variable: str, column: str, *parts: str) -> str:
    """Return a command that assigns one column of its output to a variable.

    :param parts: the parts of the command; the last one is what comes after
        all options.
    """
    show = f'-f value -c {shlex.quote(column)}'
    return f'{variable}=$({command(*parts[:-1], show, parts[-1])})'


def ready(old_id: str, kind: str, variable: str) -> str:
    """Return the command that waits for a new resource and stores its ID.

    :param variable: the one that holds the new ID until then.
    """
    return f'{new(old_id)}=$(ready {kind} {value(variable)})'


def content(path: str) -> str:
    """Return the command that prints a file, decrypted if it is sealed."""
    if layout.is_sealed(path):
        return f'age --decrypt -i {value("IDENTITY")} {word(path)}'
    return f'cat {word(path)}'

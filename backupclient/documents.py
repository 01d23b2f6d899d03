# SPDX-License-Identifier: Apache-2.0
"""Our dataclasses as JSON files: read strictly, written whole or not at all.

A class with a field ``version`` is a format of its own: the field's default
is the version that is written. It is the one that is read, and those that the
class names in ``OLDER``.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import errno
import io
import json
import math
import os
import pathlib
import stat
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from backupclient import errors

_LARGEST = 64 << 20
_LARGEST_NUMBER = (1 << 63) - 1
_LONGEST_REASON = 300


class Document(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


_Document = TypeVar('_Document', bound=Document)


def read(
    path: pathlib.Path,
    kind: type[_Document],
    what: str,
    *,
    edited: bool = False,
) -> _Document:
    """Read a file that holds a dataclass.

    Fields that the class does not have are passed over.

    :param what: the file is, for messages: ``saved plan``.
    :param edited: people may have written it: such fields are refused, for
        a misspelt one would be an option that silently does nothing.
    :raises DocumentError: when it cannot be read, is larger than 64 MiB, is
        not JSON, has another format version, or a value does not fit, as
        its type or its class says; the text says where, as in
        ``$.items[3].size``.
    """
    try:
        loaded = json.loads(
            read_text(path, what),
            parse_float=_finite,
            parse_constant=_finite,
            parse_int=_sensible,
        )
        _check_version(path, loaded, kind, what)
        found = msgspec.convert(loaded, kind)
        if edited:
            _require_known(loaded, msgspec.to_builtins(found), '$')
        return found
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise _damaged(path, what, str(error)) from None


def read_text(path: pathlib.Path, what: str) -> str:
    """Read a text in UTF-8.

    :raises DocumentError: when it cannot be read, is larger than 64 MiB, or
        is not UTF-8.
    """
    try:
        with open_plain(path) as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise _damaged(path, what, f'it has over {_LARGEST:,} bytes')
        return data.decode()
    except OSError as error:
        raise errors.DocumentError(
            f'The {what} {path} cannot be read: {error.strerror}. Look at '
            'its name and its permissions.'
        ) from error
    except UnicodeDecodeError as error:
        raise _damaged(path, what, 'it is not UTF-8') from error


def write(path: pathlib.Path, value: Document, mode: int = 0o600) -> None:
    """Write a dataclass: sorted, indented, and in ASCII.

    A name with control characters or another direction of writing is inert
    when the file is printed.

    :raises TargetError: as :func:`write_text` does.
    """
    plain = msgspec.to_builtins(value, order='sorted')
    text = json.dumps(plain, indent=2, allow_nan=False)
    write_text(path, f'{text}\n', mode)


def write_text(path: pathlib.Path, text: str, mode: int = 0o600) -> None:
    """Put a text on the disk, then give it its name.

    A plain file with that name is replaced; a link is not followed.

    :raises TargetError: when it cannot be written, or its name belongs to
        something that is not a plain file.
    """
    part = path.with_name(f'{path.name}.part')
    try:
        _require_replaceable(path)
        part.unlink(missing_ok=True)
        with open(_new(part, mode), 'w', encoding='utf-8') as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise errors.TargetError(
            f'{path} cannot be written: {error.strerror}. Make room, or '
            'choose another place.'
        ) from error


@contextlib.contextmanager
def open_plain(path: pathlib.Path) -> Iterator[io.BufferedReader]:
    """Open a file for reading that is neither a link nor a device.

    :raises OSError: when it is one, or cannot be opened.
    """
    # Without O_NONBLOCK a named pipe would wait for a writer.
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(number, 'rb') as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, 'Not a plain file', str(path))
        yield file


def flush_folder(path: pathlib.Path) -> None:
    """Bring the names in a folder to the disk.

    :raises OSError: when that fails.
    """
    number = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    except OSError as error:
        # Some network file systems cannot flush folders.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(number)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f'{text:.20} is not a number in JSON')
    return number


def _sensible(text: str) -> int:
    number = int(text)
    if abs(number) > _LARGEST_NUMBER:
        raise ValueError(f'{text:.20} is too large a number')
    return number


def _require_known(loaded: Any, known: Any, place: str) -> None:
    """Raise ValueError if there is a field that no class has.

    :param known: what was read, as it would be written.
    :param place: as msgspec names it.
    """
    if isinstance(loaded, dict) and isinstance(known, dict):
        for name, value in loaded.items():
            if name not in known:
                raise ValueError(
                    f'Object contains unknown field `{name:.80}` - at '
                    f'`{place}`'
                )
            _require_known(value, known[name], f'{place}.{name}')
    elif isinstance(loaded, list) and isinstance(known, list | tuple):
        for number, (one, other) in enumerate(
            zip(loaded, known, strict=False)
        ):
            _require_known(one, other, f'{place}[{number}]')


def _check_version(
    path: pathlib.Path, loaded: object, kind: type[Document], what: str
) -> None:
    known = next(
        (f.default for f in dataclasses.fields(kind) if f.name == 'version'),
        None,
    )
    if known is None or not isinstance(loaded, dict):
        return
    found = loaded.get('version')
    if type(found) is not int:
        raise _damaged(path, what, 'it has no format version')
    if found not in (known, *getattr(kind, 'OLDER', ())):
        raise errors.DocumentError(
            f'The {what} {path} has the format version {found}, but this '
            f'program reads version {known}: use the release of '
            'python-backupclient that wrote it.'
        )


def _damaged(
    path: pathlib.Path, what: str, reason: str
) -> errors.DocumentError:
    return errors.DocumentError(
        f'The {what} {path} is damaged, or is something else: '
        f'{reason[:_LONGEST_REASON]}. Use a good copy, or make a new one.'
    )


def _require_replaceable(path: pathlib.Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EEXIST, 'Something else has this name', str(path))


def _new(path: pathlib.Path, mode: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.open(path, flags, mode)

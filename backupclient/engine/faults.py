# SPDX-License-Identifier: Apache-2.0
"""Faults of the program: exceptions without a message for the user.

The user gets a sentence that names the fault, the file with its details, and
the place to report it. The details are a traceback without values of
variables, in a file that only its owner can read. If code that handles keys or
credentials took part, the texts of the exceptions are left out, because they
could contain a secret.
"""

from collections.abc import Iterator
import datetime
import importlib.metadata
import logging
import os
import pathlib
import platform
import re
import secrets
import traceback

from backupclient import errors
from backupclient.engine import journals

LOG = logging.getLogger(__name__)

_PROGRAM = 'python-backupclient'
_BESIDE = ('openstacksdk', 'keystoneauth1', 'osc-lib', 'requests')
"""Other packages whose versions are in the details."""

_FOLDER = 'faults'
_MAINTAINERS = f'to the maintainers of {_PROGRAM}'
_TRACKER = re.compile('bug|issue|tracker', re.IGNORECASE)
_DISCREET = (
    'backupclient.cloud.barbican_api',
    'backupclient.keys',
    'backupclient.operations.export_key',
    'backupclient.operations.file_work',
    'backupclient.operations.key_files',
    'backupclient.operations.key_sources',
    'backupclient.operations.verifying.key_check',
    'backupclient.procedures.backup.key_export',
    'backupclient.procedures.backup.secret_download',
    'keystoneauth1.identity',
    'requests.utils',
)
"""Modules that handle keys or credentials."""

_LEFT_OUT = '(left out: it could hold a part of a key or a token)'


def reason(exc: Exception, run: str, what: str) -> str:
    """Write the details of a fault to a file, and return a message.

    :param run: the run whose journal gets the file. Without a journal on this
        machine, the file goes beside the journals.
    :param what: what the program was working on, for the details.
    :returns: sentences for the user; if the file cannot be written, they say
        so.
    """
    details = _details(exc, run, what)
    LOG.debug('%s', details)
    kind = type(exc).__name__
    try:
        file = _write(run, kind, details)
    except OSError as failure:
        where = (
            'Its details could not be written down '
            f'({failure.strerror or failure}): "openstack --debug" shows '
            'them. Please report it'
        )
    else:
        where = (
            f'Its details, without secrets, are in {file}. Please report it '
            'with this file'
        )
    return f'This is a fault of the program ({kind}). {where} {_address()}.'


def said(exc: Exception, run: str, what: str) -> str:
    """Return the message for any exception: its own, or that of a fault."""
    if isinstance(exc, errors.BackupError):
        return str(exc)
    return reason(exc, run, what)


def _write(run: str, kind: str, details: str) -> pathlib.Path:
    """Write the details to a new file with mode 0600; return its path."""
    home = journals.of(run).folder
    if not home.is_dir():
        home = journals.home()
    folder = home / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    # Several threads may hit the same fault in the same second.
    end = secrets.token_hex(3)
    file = folder / f'{now:%Y%m%dT%H%M%SZ}-{kind}-{end}.txt'
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with open(os.open(file, flags, 0o600), 'w', encoding='utf-8') as opened:
        opened.write(details)
    return file


def _details(exc: Exception, run: str, what: str) -> str:
    versions = [f'{name} {_version(name)}' for name in (_PROGRAM, *_BESIDE)]
    lines = (
        ', '.join(versions),
        f'Python {platform.python_version()}, {platform.platform()}',
        f'run {run}: {what}',
        '',
        *_traceback(exc),
    )
    return ''.join(map(_visible, '\n'.join(lines)))


def _traceback(exc: Exception) -> Iterator[str]:
    """Yield the parts of a traceback, the first cause first."""
    chain = [*_chain(exc)]
    discreet = any(map(_is_discreet, chain))
    for one in reversed(chain):
        yield 'Traceback (most recent call last):'
        yield ''.join(traceback.format_tb(one.__traceback__)).rstrip()
        kind = type(one)
        text = _LEFT_OUT if discreet else str(one)
        yield f'{kind.__module__}.{kind.__qualname__}: {text}\n'


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        hidden = exc.__suppress_context__
        exc = exc.__cause__ or (None if hidden else exc.__context__)


def _is_discreet(exc: BaseException) -> bool:
    """Return whether code that handles secrets took part in an exception."""
    modules = (
        frame.f_globals.get('__name__', '')
        for frame, _ in traceback.walk_tb(exc.__traceback__)
    )
    return any(
        name == one or name.startswith(f'{one}.')
        for name in modules
        for one in _DISCREET
    )


def _visible(char: str) -> str:
    """Escape a character that could control a terminal showing the file."""
    if char.isprintable() or char == '\n':
        return char
    return char.encode('unicode_escape').decode()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return 'of unknown version'


def _address() -> str:
    """Return where to report faults, from the package's metadata."""
    try:
        about = importlib.metadata.metadata(_PROGRAM)
    except importlib.metadata.PackageNotFoundError:
        return _MAINTAINERS
    links = [
        link.partition(', ') for link in about.get_all('Project-URL') or ()
    ]
    trackers = [url for label, _, url in links if _TRACKER.search(label)]
    pages = [*(about.get_all('Home-page') or ()), *(u for *_, u in links)]
    found = [*trackers, *filter(None, pages)]
    return f'at {found[0]}' if found else _MAINTAINERS

# SPDX-License-Identifier: Apache-2.0
"""Faults of the program: exceptions that are no message for a person.

A person gets a sentence that says so, where the details are, and where to
report them. The details are the traceback, in a file that only its owner can
read. A traceback has no values of variables. The texts of exceptions are left
out where code that handles keys or credentials took part: they could repeat
what it handled.
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
_LEFT_OUT = '(left out: it could hold a part of a key or a token)'


def reason(exc: Exception, run: str, what: str) -> str:
    """Write a fault down, and return what a person should know of it.

    :param run: the details go into its journal; where this machine has none,
        beside the journals.
    :param what: was worked on, for the details.
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
    """Return what a person should know of an exception of any sort."""
    if isinstance(exc, errors.BackupError):
        return str(exc)
    return reason(exc, run, what)


def _write(run: str, kind: str, details: str) -> pathlib.Path:
    """Write a new file, 0600."""
    home = journals.of(run).folder
    if not home.is_dir():
        home = journals.home()
    folder = home / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    # Several threads may meet the same fault at the same moment.
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
    """Give the lines of a traceback, the first cause first."""
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
    """Tell whether code that handles secrets took part in an exception."""
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
    """Replace what must not reach a terminal that shows the file."""
    if char.isprintable() or char == '\n':
        return char
    return char.encode('unicode_escape').decode()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return 'of unknown version'


def _address() -> str:
    """Give where faults are reported, as the package's metadata say."""
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

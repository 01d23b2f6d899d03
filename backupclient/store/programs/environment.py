# SPDX-License-Identifier: Apache-2.0
"""What a program may know: its environment, and what it says without secrets.

A program gets what it needs and no more: the credentials of the cloud, say,
are none of its business.
"""

from collections.abc import Iterable, Mapping
import os
import re

_ALWAYS = frozenset(
    {
        'ALL_PROXY',
        'GOGC',
        'GOMAXPROCS',
        'GOMEMLIMIT',
        'HOME',
        'HTTPS_PROXY',
        'HTTP_PROXY',
        'LD_LIBRARY_PATH',
        'LOGNAME',
        'NO_PROXY',
        'PATH',
        'SSH_AUTH_SOCK',
        'SSL_CERT_DIR',
        'SSL_CERT_FILE',
        'TMPDIR',
        'TZ',
        'USER',
        'XDG_CACHE_HOME',
        'XDG_CONFIG_HOME',
        'XDG_RUNTIME_DIR',
    }
)
_URL_PASSWORD = re.compile(r'(://[^/\s:@]*):[^/\s]*@')
_ESCAPES = re.compile(r'\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x09\x0b-\x1f\x7f-\x9f]')
_HIDDEN = '***'
# What is shorter would be found in words that are no secret.
_SHORTEST = 4


def minimal(
    prefixes: Iterable[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment for a program.

    :param prefixes: of the variables that are handed on, such as ``AWS_``.
    :param given: set on top of those, such as a repository.
    """
    starts = tuple(prefixes)
    found = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _ALWAYS or name.startswith(starts)
    }
    # Messages are read, so they must not be translated.
    return found | {'LC_ALL': 'C.UTF-8'} | dict(given)


def quotable(said: bytes, secrets: Iterable[str]) -> str:
    """Return what a program has said, in one line for people.

    :param secrets: taken out.
    """
    text = _ESCAPES.sub('', said.decode(errors='replace'))
    lines = (line.strip() for line in text.split('\n'))
    return without_passwords(' '.join(filter(None, lines)), secrets)


def without_passwords(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the passwords in it.

    :param text: with URLs, perhaps: ``https://user:password@host/`` becomes
        ``https://user@host/``.
    :param secrets: taken out wherever they stand; the longest first.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _HIDDEN)
    return _URL_PASSWORD.sub(r'\1@', text)

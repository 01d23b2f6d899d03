# SPDX-License-Identifier: Apache-2.0
"""The environment of a called program, and its output without secrets.

A program gets only the variables that it needs, and for example not the
credentials of the cloud.
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
# Shorter secrets are not removed: they would occur inside ordinary words.
_SHORTEST = 4


def minimal(
    prefixes: Iterable[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment for a program.

    :param prefixes: the prefixes of variables to pass on, such as ``AWS_``.
    :param given: further variables, which replace those with the same name.
    """
    starts = tuple(prefixes)
    found = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _ALWAYS or name.startswith(starts)
    }
    # The program's messages are parsed, so they must not be translated.
    return found | {'LC_ALL': 'C.UTF-8'} | dict(given)


def quotable(said: bytes, secrets: Iterable[str]) -> str:
    """Return the output of a program in one line, for people.

    :param secrets: texts that are replaced by stars.
    """
    text = _ESCAPES.sub('', said.decode(errors='replace'))
    lines = (line.strip() for line in text.split('\n'))
    return without_passwords(' '.join(filter(None, lines)), secrets)


def without_passwords(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the passwords in it.

    :param text: a text that may have URLs: ``https://user:password@host/``
        becomes ``https://user@host/``.
    :param secrets: texts that are replaced by stars wherever they occur.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _HIDDEN)
    return _URL_PASSWORD.sub(r'\1@', text)

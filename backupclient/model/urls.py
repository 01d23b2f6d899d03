# SPDX-License-Identifier: Apache-2.0
"""URLs as they are shown: without passwords."""

import re

_URL = re.compile(r'(?<=//)(?P<authority>[^/?#]*)(?P<path>[^?]*)(?P<query>.*)')
_PORT = re.compile(r'[^@]*:[0-9]*')
_USER = re.compile(r'([^:]*):.*@')


def shown(text: str, hidden: str) -> str:
    """Return a text without the password and the query of a URL in it.

    :param text: with a URL at most, such as ``rest:https://ann:secret@host/``.
    :param hidden: takes the place of what is hidden.
    """
    found = _URL.search(text)
    if found is None:
        return text
    authority, path, query = found['authority'], found['path'], found['query']
    if '@' in authority:
        user, _, host = authority.rpartition('@')
        name, colon, _ = user.partition(':')
        authority = f'{name}{colon}{hidden if colon else ""}@{host}'
    elif ':' in authority and not _PORT.fullmatch(authority):
        # There is no such port: it is a password with a slash in it.
        authority, path = _USER.sub(rf'\1:{hidden}@', authority + path), ''
        if hidden not in authority:
            authority = hidden
    query = f'?{hidden}' if query else ''
    return text[: found.start()] + authority + path + query

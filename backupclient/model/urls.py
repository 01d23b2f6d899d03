# SPDX-License-Identifier: Apache-2.0
"""Hide passwords in URLs."""

import re

_URL = re.compile(r'(?<=//)(?P<authority>[^/?#]*)(?P<path>[^?]*)(?P<query>.*)')
_PORT = re.compile(r'[^@]*:[0-9]*')
_USER = re.compile(r'([^:]*):.*@')


def shown(text: str, hidden: str) -> str:
    """Return a text with the password and the query of its URL hidden.

    :param text: a text with at most one URL, such as
        ``rest:https://ann:secret@host/``.
    :param hidden: the text in place of a hidden part.
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
        # Not a port: a password that contains a slash.
        authority, path = _USER.sub(rf'\1:{hidden}@', authority + path), ''
        if hidden not in authority:
            authority = hidden
    query = f'?{hidden}' if query else ''
    return text[: found.start()] + authority + path + query

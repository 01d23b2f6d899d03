# SPDX-License-Identifier: Apache-2.0
"""Check the IDs of services: they become parts of URLs and of file names."""

import re

_ID = re.compile('[0-9A-Za-z][0-9A-Za-z-]{0,63}')
_UUID = re.compile('[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')


def is_id(text: str) -> bool:
    """Return whether a text can be an ID: a UUID, or another single word."""
    return _ID.fullmatch(text) is not None


def require(*texts: str) -> None:
    """Raise ValueError if a text is not an ID.

    :raises ValueError: the message names that text.
    """
    for text in texts:
        if not is_id(text):
            raise ValueError(f'{text[:80]!r} is not an ID')


def require_if_any(*texts: str) -> None:
    """Raise ValueError if a text is neither an ID nor ``''``."""
    require(*filter(None, texts))


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID with hyphens, in either case."""
    return _UUID.fullmatch(text.lower()) is not None

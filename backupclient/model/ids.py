# SPDX-License-Identifier: Apache-2.0
"""IDs, as services give them: they become parts of URLs and of file names."""

import re

_ID = re.compile('[0-9A-Za-z][0-9A-Za-z-]{0,63}')
_UUID = re.compile('[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')


def is_id(text: str) -> bool:
    """Tell whether a text can be an ID: one word, mostly a UUID."""
    return _ID.fullmatch(text) is not None


def require(*texts: str) -> None:
    """Do nothing when these are IDs.

    :raises ValueError: naming the one that is none.
    """
    for text in texts:
        if not is_id(text):
            raise ValueError(f'{text[:80]!r} is not an ID')


def require_if_any(*texts: str) -> None:
    """Do nothing when these are IDs, or ``''`` for none."""
    require(*filter(None, texts))


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID, as most services write it."""
    return _UUID.fullmatch(text.lower()) is not None

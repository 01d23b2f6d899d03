# SPDX-License-Identifier: Apache-2.0
"""The services' times as values that can be compared."""

import datetime


def read(text: str) -> datetime.datetime | None:
    """Read a time in ISO 8601, None when it is none.

    Cinder and Barbican write UTC without saying so.
    """
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)

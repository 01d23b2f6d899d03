# SPDX-License-Identifier: Apache-2.0
"""The services' times as values that can be compared."""

import datetime


def read(text: str) -> datetime.datetime | None:
    """Read a time in ISO 8601, None when it is none, or none of UTC.

    Cinder and Barbican write UTC without saying so.
    """
    try:
        found = datetime.datetime.fromisoformat(text)
        if found.tzinfo:
            # At the ends of the calendar a time of another zone is none here.
            found.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)

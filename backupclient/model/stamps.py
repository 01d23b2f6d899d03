# SPDX-License-Identifier: Apache-2.0
"""Parse the services' times."""

import datetime


def read(text: str) -> datetime.datetime | None:
    """Return the time in an ISO 8601 text, None if it is none.

    A time without a zone counts as UTC: Cinder and Barbican write it so.

    :returns: an aware time that can be converted to UTC.
    """
    try:
        found = datetime.datetime.fromisoformat(text)
        if found.tzinfo:
            # Raises OverflowError if the time in UTC is before year 1 or
            # after year 9999.
            found.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)

# SPDX-License-Identifier: Apache-2.0
"""A warning if the user's login may end before the work is done."""

from backupclient.model import inventories

_WEEK = 7 * 86400.0
_SLOWEST = 10 << 20
"""Bytes per second of a slow cloud: a guess that warns rather too early."""


def caution(login: inventories.Login, bytes_to_move: int, resume: str) -> str:
    """Return the warning that the login may end first, else ``''``.

    A token lasts only some hours, so a login by token always gets the
    warning. An application credential lasts months. It gets the warning in
    its last week, or if the work may take longer than it lasts.

    :param resume: the command that continues the work after a new login.
    """
    then = f'what is not done then waits for a new login and "{resume}".'
    at = f' at {login.ends_at}' if login.ends_at else ''
    if not login.renewable:
        return (
            f'This login cannot be renewed and ends{at}: {then} A password or '
            'an application credential lasts longer.'
        )
    left, needed = login.seconds_left, bytes_to_move / _SLOWEST
    if left is None or left > max(_WEEK, needed):
        return ''
    return f'The application credential of this login ends{at}: {then}'

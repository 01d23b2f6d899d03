# SPDX-License-Identifier: Apache-2.0
"""Whether the user's login lasts as long as the work."""

from backupclient.model import inventories

_WEEK = 7 * 86400.0
_SLOWEST = 10 << 20
"""Bytes per second that any cloud moves: a guess, to be rather too early."""


def caution(login: inventories.Login, bytes_to_move: int, resume: str) -> str:
    """Say that the login may end before the work is done.

    A token always may: how long one lasts is a matter of hours. An
    application credential is kept for months, so that it only matters near
    its end.

    :param resume: the command that goes on after a new login.
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

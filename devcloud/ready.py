# SPDX-License-Identifier: Apache-2.0
"""Ways to see that a process does its work, not only that it was started.

Each function here makes a check that can be asked again and again.
"""

from __future__ import annotations

from collections.abc import Callable
import socket
import urllib.error
import urllib.request

from devcloud import settings
from devcloud.infrastructure import sql

Check = Callable[[], bool]


def port(number: int) -> Check:
    """Make a check that something listens on this port."""

    def check() -> bool:
        try:
            socket.create_connection((settings.HOST, number), 1).close()
        except OSError:
            return False
        return True

    return check


def http(number: int) -> Check:
    """Make a check that an API answers on this port, whatever it says."""

    def check() -> bool:
        url = f'http://{settings.HOST}:{number}/'
        try:
            # Meanwhile nobody sees that another process died.
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as answer:
            return answer.code < 500
        except OSError:
            return False
        return True

    return check


def heartbeat(database: str, binary: str) -> Check:
    """Make a check that a service goes on telling that it lives.

    Its state being `up` is not enough: that can be the word of the process
    that ran before it, or of itself before it listens.
    """
    first: list[int] = []

    def check() -> bool:
        rows = sql(
            f'select report_count from {database}.services'
            f" where deleted = 0 and `binary` = '{binary}'"
        )
        count = int(rows or 0)
        first.append(count)
        return count > first[0]

    return check

# SPDX-License-Identifier: Apache-2.0
"""The SDK's proxies, made when they are first used.

To make one, the SDK asks the service for its versions, and fails if that does
not answer. So a service in trouble fails the requests to it, which are
repeated, and not the whole program.
"""

from collections.abc import Callable
import contextlib
import logging
import threading
from typing import Any

from keystoneauth1 import adapter
import openstack.exceptions
import requests

_RENEWALS = 8
"""How often a request may find the token gone that another thread renews."""


class Unreachable(Exception):
    """The service did not tell its versions, or has none that is known."""


class Proxy:
    """A service's proxy. Used by all threads.

    :param make: asks the SDK for it. That is not safe from several threads.
    """

    def __init__(self, make: Callable[[], adapter.Adapter]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._found: adapter.Adapter | None = None
        self._failures: list[Unreachable] = []

    def request(
        self, path: str, method: str, **options: Any
    ) -> requests.Response:
        """Send a request.

        Of two threads that renew the token at the same time, keystoneauth
        lets one find none, and asserts that there is one
        (``keystoneauth1/identity/base.py:get_access``). Without a token
        nothing is sent, and what was sent before was refused: so the request
        is sent again.

        :raises Unreachable: there is nobody to send it to.
        """
        for _ in range(_RENEWALS):
            with contextlib.suppress(AssertionError):
                return self._request(path, method, **options)
        return self._request(path, method, **options)

    def _request(
        self, path: str, method: str, **options: Any
    ) -> requests.Response:
        answer: requests.Response = self._proxy().request(
            path, method, **options
        )
        return answer

    def _proxy(self) -> adapter.Adapter:
        seen = len(self._failures)
        with self._lock:
            if self._found is None:
                if len(self._failures) > seen:
                    # Another thread was told so while this one waited.
                    raise self._failures[-1]
                self._found = self._made()
            return self._found

    def _made(self) -> adapter.Adapter:
        try:
            return self._make()
        except openstack.exceptions.SDKException as exc:
            self._failures.append(Unreachable(str(exc)))
            raise self._failures[-1] from exc


class _OneWordEach(logging.Filter):
    """Makes keystoneauth's warnings of each try details: we say it once."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith('Failed to contact the endpoint'):
            record.levelno = logging.DEBUG
            record.levelname = logging.getLevelName(logging.DEBUG)
        return True


_QUIET = _OneWordEach()


def quieten() -> None:
    """Keep warnings of services that do not answer out of the output."""
    for name in ('discover', 'identity.base'):
        logging.getLogger(f'keystoneauth.{name}').addFilter(_QUIET)

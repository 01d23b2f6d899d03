# SPDX-License-Identifier: Apache-2.0
"""The SDK's proxies, made when they are first used.

To make a proxy, the SDK asks the service for its versions, and fails if the
service does not answer. Because proxies are made late, a service in trouble
fails only the requests to it, which are retried, and not the whole program.
"""

from collections.abc import Callable
import logging
import threading
from typing import Any

from keystoneauth1 import adapter
import openstack.exceptions
import requests

_RENEWALS = 8
"""How often a request is retried when keystoneauth finds no token because
another thread renews it."""

_OF_A_TOKEN = ('auth_token', 'service_catalog')
"""What keystoneauth reads of a token."""


class Unreachable(Exception):
    """The service did not list its versions, or has no supported one."""


class Proxy:
    """A service's proxy. Thread-safe.

    :param make: makes the SDK's proxy. It is called under a lock, because the
        SDK's code for it is not thread-safe.
    """

    def __init__(self, make: Callable[[], adapter.Adapter]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._found: adapter.Adapter | None = None
        self._url: str | None = None
        self._failures: list[Unreachable] = []

    def request(
        self, path: str, method: str, **options: Any
    ) -> requests.Response:
        """Send a request.

        If two threads renew the token at the same time, one of them can find
        no token, and keystoneauth raises AssertionError, or looks for
        attributes of None (``keystoneauth1/identity/base.py:get_access``).
        Retrying is safe even for a POST: without a token nothing was sent, or
        the service had refused the old token.

        :raises Unreachable: if the service's versions cannot be read.
        """
        for _ in range(_RENEWALS):
            try:
                return self._request(path, method, **options)
            except (AssertionError, AttributeError) as exc:
                if not _has_no_token(exc):
                    raise
        return self._request(path, method, **options)

    def _request(
        self, path: str, method: str, **options: Any
    ) -> requests.Response:
        found = self._proxy()
        if self._url is not None:
            options['endpoint_override'] = self._url
        answer: requests.Response = found.request(path, method, **options)
        return answer

    def _proxy(self) -> adapter.Adapter:
        seen = len(self._failures)
        with self._lock:
            if self._found is None:
                if len(self._failures) > seen:
                    # Another thread failed while this one waited for the lock:
                    # don't ask the same service again.
                    raise self._failures[-1]
                self._found = self._made()
                self._url = _url(self._found)
            return self._found

    def _made(self) -> adapter.Adapter:
        try:
            return self._make()
        except openstack.exceptions.SDKException as exc:
            self._failures.append(Unreachable(str(exc)))
            raise self._failures[-1] from exc


def _has_no_token(exc: AssertionError | AttributeError) -> bool:
    if isinstance(exc, AssertionError):
        return True
    return exc.obj is None and exc.name in _OF_A_TOKEN


def _url(found: adapter.Adapter) -> str | None:
    """Return the URL of a service, None if requests are to look it up.

    For each request without it, keystoneauth copies the whole catalog: that is
    a third of what a request costs us.

    :returns: with its percent signs doubled, as keystoneauth fills in names.
    """
    if found.endpoint_override:
        return None
    url = found.get_endpoint()
    return url and url.replace('%', '%%')


class _OneWordEach(logging.Filter):
    """Logs keystoneauth's warning of each try as debug: we report it once."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith('Failed to contact the endpoint'):
            record.levelno = logging.DEBUG
            record.levelname = logging.getLevelName(logging.DEBUG)
        return True


_QUIET = _OneWordEach()


def quieten() -> None:
    """Hide keystoneauth's warnings about services that do not answer."""
    for name in ('discover', 'identity.base'):
        logging.getLogger(f'keystoneauth.{name}').addFilter(_QUIET)

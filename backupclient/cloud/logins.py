# SPDX-License-Identifier: Apache-2.0
"""The login that all requests share: whether Keystone still renews it.

keystoneauth renews a token that is about to expire, or that a service has
refused. Keystone refuses the renewal for good if the token was revoked, the
application credential deleted or the user disabled. A Keystone that is just
recovering may refuse once, so a refusal only counts if it is repeated.
"""

import json
import re
import threading

from keystoneauth1 import exceptions as ks_exceptions

from backupclient import errors

_DECORATION = re.compile(r' \((?:HTTP|Request-ID:)[^)]*\)')
"""Text that keystoneauth appends to Keystone's message, sometimes twice."""


class Refused(Exception):
    """Keystone refused to renew the login.

    :param answer: the exception that keystoneauth raised.
    """

    def __init__(self, answer: ks_exceptions.ClientException) -> None:
        text = _DECORATION.sub('', str(answer)).strip().rstrip('.')
        status = getattr(answer, 'http_status', 401)
        super().__init__(f'{text[:500]} (HTTP {status})')


class Login:
    """Remembers that the login has ended. Thread-safe.

    The thread that asks Keystone a second time holds the lock
    ``asking_again``.
    """

    def __init__(self) -> None:
        self.asking_again = threading.Lock()
        self._cause = ''

    @property
    def ended(self) -> errors.LoginEnded | None:
        """The error to raise if the login has ended, else None."""
        return errors.LoginEnded(self._cause) if self._cause else None

    def check(self) -> None:
        """Raise LoginEnded if the login has ended: all requests would fail.

        :raises LoginEnded: if Keystone has refused the login twice.
        """
        if self.ended is not None:
            raise self.ended

    def end(self, refusal: Refused) -> errors.LoginEnded:
        """Record that Keystone has refused the login for the second time.

        :returns: the error to raise.
        """
        self._cause = str(refusal)
        return errors.LoginEnded(self._cause)


def is_refusal(exc: ks_exceptions.ClientException) -> bool:
    """Return whether an error is Keystone's refusal of the login.

    Error responses of services are not raised (``raise_exc=False``), so this
    exception is from Keystone. A 401 is always a refusal. Another status is
    one only with Keystone's JSON body: a proxy in front of a Keystone that
    restarts sends a web page.
    """
    if isinstance(exc, ks_exceptions.MissingAuthMethods):
        # A multi-factor login: a person has to enter one factor again.
        return True
    if not isinstance(exc, ks_exceptions.HttpError):
        return False
    if exc.http_status == 401:
        return True
    return exc.http_status in (400, 403, 404) and _has_reason(exc)


def _has_reason(exc: ks_exceptions.HttpError) -> bool:
    if exc.response is None:
        return False
    try:
        body = json.loads(exc.response.content)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and 'error' in body

# SPDX-License-Identifier: Apache-2.0
"""The login that all requests share: whether Keystone still renews it.

keystoneauth renews a token that is about to expire, or that a service has
refused. Keystone refuses the renewal for good when the token was revoked, the
application credential deleted, the user disabled. One that is just recovering
may do so once, so a refusal counts when it is repeated.
"""

import json
import re
import threading

from keystoneauth1 import exceptions as ks_exceptions

from backupclient import errors

_DECORATION = re.compile(r' \((?:HTTP|Request-ID:)[^)]*\)')
"""What keystoneauth adds to Keystone's words, sometimes twice."""


class Refused(Exception):
    """Keystone refused to renew the login.

    :param answer: as keystoneauth raised it.
    """

    def __init__(self, answer: ks_exceptions.ClientException) -> None:
        text = _DECORATION.sub('', str(answer)).strip().rstrip('.')
        status = getattr(answer, 'http_status', 401)
        super().__init__(f'{text[:500]} (HTTP {status})')


class Login:
    """Remembers that the login has ended. Used by all threads.

    ``asking_again`` is held by the thread that asks Keystone a second time.
    """

    def __init__(self) -> None:
        self.asking_again = threading.Lock()
        self._cause = ''

    @property
    def ended(self) -> errors.LoginEnded | None:
        """The error of a login that has ended, None while it works."""
        return errors.LoginEnded(self._cause) if self._cause else None

    def check(self) -> None:
        """Raise LoginEnded if the login has ended.

        :raises LoginEnded: no request would be answered any more.
        """
        if self.ended is not None:
            raise self.ended

    def end(self, refusal: Refused) -> errors.LoginEnded:
        """Note that Keystone has refused the login again.

        :returns: the error to raise.
        """
        self._cause = str(refusal)
        return errors.LoginEnded(self._cause)


def is_refusal(exc: ks_exceptions.ClientException) -> bool:
    """Tell Keystone's refusal of a login from its trouble.

    The answers of services are never raised, so this one came from Keystone.
    A 401 is always meant. Another status is Keystone's own word only with its
    JSON: a proxy in front of a Keystone that restarts answers with a page.
    """
    if isinstance(exc, ks_exceptions.MissingAuthMethods):
        # Of several factors, one that a person has to give anew.
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

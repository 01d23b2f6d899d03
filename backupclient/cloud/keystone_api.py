# SPDX-License-Identifier: Apache-2.0
"""Requests to Keystone: how long the login lasts."""

import dataclasses
import datetime

from keystoneauth1 import access as access_
from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import plugin
from keystoneauth1 import session as session_
from keystoneauth1.identity import base
import requests

from backupclient import errors
from backupclient.cloud import fields
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.model import inventories
from backupclient.model import stamps

_ONCE = frozenset(
    {
        # A token made from a token does not last longer than it.
        'OidcAccessToken',
        'Token',
        'TokenMethod',
        # A passcode is accepted once, and so is a code from a browser.
        'OidcAuthorizationCode',
        'OidcDeviceAuthorization',
        'TOTP',
        'TOTPMethod',
        'WebSSO',
    }
)
"""keystoneauth's plugins and methods that cannot log in once more, by name:
older releases have only some of them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Keystone:
    """The login.

    :param access: Keystone's response to the login.
    :param renewable: whether keystoneauth can log in again.
    """

    session: session_.Session
    access: access_.AccessInfo
    renewable: bool

    def login(self, now: datetime.datetime) -> inventories.Login:
        """Return how long the login lasts.

        A login by password has no end. An application credential may have
        an end, which its owner may read. A login that cannot be renewed ends
        with its token.
        """
        ends_at = self._credential_ends() if self.renewable else self._ends()
        return inventories.Login(
            renewable=self.renewable,
            ends_at=ends_at.isoformat(timespec='seconds') if ends_at else '',
            seconds_left=(ends_at - now).total_seconds() if ends_at else None,
        )

    def _ends(self) -> datetime.datetime | None:
        ends_at: datetime.datetime | None = self.access.expires
        if ends_at is not None and ends_at.tzinfo is None:
            return ends_at.replace(tzinfo=datetime.UTC)
        return ends_at

    def _credential_ends(self) -> datetime.datetime | None:
        """Return when the application credential ends, None if unknown.

        Ask once, without retries: the answer is only used for a caution, and
        some policies refuse it.
        """
        id_ = getattr(self.access, 'application_credential_id', None)
        if not id_:
            return None
        try:
            answer = self.session.get(
                f'/users/{self.access.user_id}/application_credentials/{id_}',
                # The endpoint where the user logged in: the catalogue may
                # name another one.
                endpoint_filter={
                    'service_type': 'identity',
                    'interface': plugin.AUTH_INTERFACE,
                    'version': (3,),
                },
                raise_exc=False,
                timeout=services.TIMEOUT,
            )
            return stamps.read(
                records.expiry(fields.answer(answer.content) or {})
            )
        except (
            # Raised while another thread renews the token, as in proxies.
            AssertionError,
            errors.CloudError,
            ks_exceptions.ClientException,
            requests.RequestException,
        ):
            return None


def is_renewable(auth: base.BaseIdentityPlugin) -> bool:
    """Return whether keystoneauth can log in again."""
    methods = getattr(auth, 'auth_methods', None) or ()
    names = {
        parent.__name__
        for one in (auth, *methods)
        for parent in type(one).__mro__
    }
    return bool(auth.reauthenticate) and not names & _ONCE

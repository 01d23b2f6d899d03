# SPDX-License-Identifier: Apache-2.0
"""One service of the cloud, with our rules for retries and errors.

A GET, and a request that may be done twice (DELETE, a PATCH that sets
values), is repeated with growing pauses. A POST is sent once: when its
answer is lost, the caller has to look first
(:func:`backupclient.cloud.once.make_once`).
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import itertools
import logging
from typing import Any

from keystoneauth1 import exceptions as ks_exceptions
import requests

from backupclient import clocks
from backupclient import errors
from backupclient import pauses
from backupclient.cloud import bodies
from backupclient.cloud import fields
from backupclient.cloud import logins
from backupclient.cloud import proxies
from backupclient.cloud import records
from backupclient.cloud import refusals

PAGE = 1000
"""The largest page that Cinder, Nova and Glance give by default."""

TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and between two bytes of an answer."""

LOG = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds for which a request is repeated; a service restarts meanwhile."""

_LONGEST = 300.0
"""Seconds after which a service that is silent, and not just refused, is
not asked again; each try has its timeout."""

_REFUSED_LOGINS = 2
"""How often a request is repeated whose renewed token a service refuses."""

_UPLOAD_TIMEOUT = 1800.0
"""Seconds that a service may take for data after their last byte."""


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """One service of the cloud.

    :param name: what people call it, for messages.
    :param microversion: sent with each request; None for services that have
        none. Every release that is supported knows it, so that nothing has
        to be negotiated and no setting of the user changes what we see.
    :param limited: the user has set a limit to the rate of requests, or to
        their number at a time.
    :param login: that all services share.
    """

    adapter: proxies.Proxy
    name: str
    clock: clocks.Clock
    microversion: str | None = None
    limited: bool = False
    login: logins.Login = dataclasses.field(default_factory=logins.Login)

    def get(self, path: str, what: str, **query: object) -> dict[str, Any]:
        """Read a JSON object.

        :raises CloudError: NotFound, Forbidden and others, by status.
        """
        answer = self.repeat('GET', path, what, params=query)
        body = fields.answer(answer.content)
        if body is None:
            raise errors.CloudError(refusals.no_object(self.name, what))
        return body

    def pages(
        self, path: str, key: str, what: str, **query: object
    ) -> Iterator[fields.Json]:
        """Read all objects of a list, with the largest pages.

        The next page is asked for by the last object's ID, not by the link
        of the answer, whose host is often wrong behind a proxy.
        """
        marker: dict[str, str] = {}
        while True:
            body = self.get(path, what, limit=PAGE, **query, **marker)
            rows = records.rows(body, key)
            yield from rows
            if not rows or not records.has_more(body):
                return
            last = {'marker': records.made(rows[-1], 'id')}
            if last == marker:
                raise errors.CloudError(
                    f'Could not {what}: {self.name} sends the same page of '
                    'its list again. Ask the operator of the cloud.'
                )
            marker = last

    def post(
        self, path: str, what: str, body: object, **options: Any
    ) -> dict[str, Any]:
        """Send a request that must not be done twice.

        :param options: as ``log=False`` for what nobody may read.
        :raises AnswerLost: nobody knows whether it was done.
        """
        answer = self._post(path, what, json=body, **options)
        self._accept_once(answer, what)
        made = fields.answer(answer.content) if answer.content else {}
        if made is None:
            raise errors.AnswerLost(refusals.no_object(self.name, what))
        return made

    def upload(self, path: str, what: str, body: bodies.Body) -> None:
        """Send data, once.

        :param body: its length is announced, so that a part of it can never
            be taken for the whole. It may be read again from its start: if
            the token has to be renewed.
        :raises AnswerLost: nobody knows what has arrived.
        """
        answer = self._send(
            'PUT',
            path,
            what,
            data=body,
            headers={'Content-Type': 'application/octet-stream'},
            timeout=(TIMEOUT[0], _UPLOAD_TIMEOUT),
        )
        self._accept_once(answer, what)

    def put_secret(
        self, path: str, what: str, data: bytes, content_type: str
    ) -> None:
        """Send a few bytes that nobody may read in a log, once.

        :raises AnswerLost: nobody knows whether they have arrived.
        """
        answer = self._accepted(
            'PUT',
            path,
            what,
            data=data,
            headers={'Content-Type': content_type},
            log=False,
        )
        self._accept_once(answer, what)

    def delete(self, path: str, what: str) -> None:
        """Ask for a deletion; what is gone already is fine."""
        try:
            self.repeat('DELETE', path, what)
        except errors.NotFound:
            return

    def repeat(
        self, method: str, path: str, what: str, **options: Any
    ) -> requests.Response:
        """Send a request that may be done twice, until it is answered.

        :raises AnswerLost: there was no answer.
        :raises CloudError: the service refused, or is still in trouble.
        :raises LoginEnded: Keystone no longer renews the login.
        """
        end = self.clock.monotonic() + _LONGEST
        for pause in (*pauses.within(PATIENCE), None):
            try:
                answer = self._accepted(method, path, what, **options)
            except errors.AnswerLost as exc:
                if pause is None or self.clock.monotonic() >= end:
                    raise
                self._sleep(pause, what, str(exc))
                continue
            if pause is None or self.clock.monotonic() >= end:
                break
            if not refusals.wants_patience(answer):
                break
            answer.close()
            self._pause(pause, what, answer)
        self._accept(answer, what)
        return answer

    def _post(self, path: str, what: str, **options: Any) -> requests.Response:
        """Send a POST, again only if the service says that it did nothing."""
        for pause in (*pauses.within(PATIENCE), None):
            answer = self._accepted('POST', path, what, **options)
            if pause is None or answer.status_code not in (413, 429):
                break
            if not refusals.wants_patience(answer):
                break
            self._pause(pause, what, answer)
        return answer

    def _accepted(
        self, method: str, path: str, what: str, **options: Any
    ) -> requests.Response:
        """Send, again if the service does not accept the token.

        keystoneauth has renewed it once for each 401. A service may need a
        moment: the revocation of the old token can cover the very second in
        which the new one was made.
        """
        answer = self._send(method, path, what, **options)
        for pause in itertools.islice(pauses.growing(), _REFUSED_LOGINS):
            if answer.status_code != 401:
                break
            answer.close()
            self._sleep(pause, what, 'HTTP 401')
            answer = self._send(method, path, what, **options)
        return answer

    def _pause(
        self, least: float, what: str, answer: requests.Response
    ) -> None:
        """Wait before the next try, for as long as the service asks."""
        seconds = max(least, refusals.retry_after(answer))
        self._sleep(seconds, what, f'HTTP {answer.status_code}')

    def _sleep(self, seconds: float, what: str, why: str) -> None:
        text = f'{self.name} does not {what} now ({why})'
        LOG.info('%s: next try in %g s', text, seconds)
        self.clock.sleep(seconds)

    def _send(
        self, method: str, path: str, what: str, **options: Any
    ) -> requests.Response:
        """Send once; Keystone is asked twice before the login has ended.

        A request is sent only with a token, so nothing is done twice.
        """
        try:
            return self._request(method, path, what, **options)
        except logins.Refused:
            # One of the threads asks for all: the others hear what came of it.
            with self.login.asking_again:
                self.login.check()
                self.clock.sleep(next(pauses.growing()))
                try:
                    return self._request(method, path, what, **options)
                except logins.Refused as exc:
                    raise self.login.end(exc) from exc

    def _request(
        self, method: str, path: str, what: str, **options: Any
    ) -> requests.Response:
        self.clock.stop.check()
        self.login.check()
        options.setdefault('timeout', TIMEOUT)
        if not self.limited:
            # keystoneauth paces by the clock on the wall, without a limit
            # too: when that is set back, all wait until it has caught up.
            options['rate_semaphore'] = contextlib.nullcontext()
        try:
            return self.adapter.request(
                path,
                method,
                raise_exc=False,
                # Nothing is sent twice that we do not know of, the token
                # goes to no host that an answer names, and what is read is
                # neither old nor kept in the SDK's cache.
                connect_retries=0,
                status_code_retries=0,
                redirect=False,
                skip_cache=True,
                microversion=self.microversion,
                **options,
            )
        except proxies.Unreachable as exc:
            raise errors.AnswerLost(
                f'Could not {what}: {self.name} cannot be reached, or has no '
                f'version that is supported. {exc}'
            ) from exc
        except requests.RequestException as exc:
            raise errors.AnswerLost(f'Could not {what}: {exc}') from exc
        except UnicodeError as exc:
            raise errors.CloudError(f'Could not {what}: {exc}') from exc
        except ks_exceptions.ClientException as exc:
            if logins.is_refusal(exc):
                raise logins.Refused(exc) from exc
            raise refusals.unanswered(exc, what) from exc

    def _accept_once(self, answer: requests.Response, what: str) -> None:
        """Raise an error if it was refused, or may be done all the same."""
        if answer.status_code in refusals.PASSING:
            raise errors.AnswerLost(
                str(refusals.error(answer, what)), answer.status_code
            )
        self._accept(answer, what)

    @staticmethod
    def _accept(answer: requests.Response, what: str) -> None:
        if answer.status_code >= 300:
            raise refusals.error(answer, what)

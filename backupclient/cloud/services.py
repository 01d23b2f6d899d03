# SPDX-License-Identifier: Apache-2.0
"""One service of the cloud, with our rules for retries and errors.

Idempotent requests (GET, DELETE, a PATCH that sets values) are retried with
growing pauses. A POST is sent once: if its response is lost, the caller first
has to look for the new resource (:func:`backupclient.cloud.once.make_once`).
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
"""The largest page that Cinder, Nova and Glance return by default."""

TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and between two bytes of a response."""

LOG = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds for which a request is retried: enough for a service to restart."""

_LONGEST = 300.0
"""Seconds after which a request is not retried: PATIENCE counts the pauses
only, and each try at a silent service takes its whole timeout."""

_REFUSED_LOGINS = 2
"""Retries of a request if the service refuses the renewed token."""

_UPLOAD_TIMEOUT = 1800.0
"""Seconds that a service may take to store data after their last byte."""


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """One service of the cloud.

    :param name: the service's name in messages, such as ``Cinder``.
    :param microversion: sent with each request; None for services without
        microversions. All supported releases know it, so nothing has to be
        negotiated, and no setting of the user changes the responses.
    :param limited: whether the user has limited the rate of requests, or
        the number of concurrent ones.
    :param login: shared by all services.
    """

    adapter: proxies.Proxy
    name: str
    clock: clocks.Clock
    microversion: str | None = None
    limited: bool = False
    login: logins.Login = dataclasses.field(default_factory=logins.Login)

    def get(self, path: str, what: str, **query: object) -> dict[str, Any]:
        """Return the JSON object at a path.

        :raises CloudError: by status, such as NotFound or Forbidden.
        """
        answer = self.repeat('GET', path, what, params=query)
        body = fields.answer(answer.content)
        if body is None:
            raise errors.CloudError(refusals.no_object(self.name, what))
        return body

    def pages(
        self, path: str, key: str, what: str, **query: object
    ) -> Iterator[fields.Json]:
        """Yield all objects of a list, read in the largest pages.

        The next page is requested by the last object's ID, not by the link
        in the response, whose host is often wrong behind a proxy.
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
        """Send a POST, which must not be done twice; return its response.

        :param options: such as ``log=False`` for secrets.
        :raises AnswerLost: if it is unknown whether it was done.
        """
        answer = self._post(path, what, json=body, **options)
        self._accept_once(answer, what)
        made = fields.answer(answer.content) if answer.content else {}
        if made is None:
            raise errors.AnswerLost(refusals.no_object(self.name, what))
        return made

    def upload(self, path: str, what: str, body: bodies.Body) -> None:
        """Send data, without a retry.

        :param body: its length is sent first, so that the service never
            takes a part for the whole. It is read again from its start if
            the token has to be renewed.
        :raises AnswerLost: if it is unknown what has arrived.
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
        """Send a few secret bytes, without logging them and without a retry.

        :raises AnswerLost: if it is unknown whether they have arrived.
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
        """Request a deletion; a missing resource is no error."""
        try:
            self.repeat('DELETE', path, what)
        except errors.NotFound:
            return

    def repeat(
        self, method: str, path: str, what: str, **options: Any
    ) -> requests.Response:
        """Send an idempotent request, with retries; return the response.

        :raises AnswerLost: if there was no response.
        :raises CloudError: if the service refused, or still fails.
        :raises LoginEnded: if Keystone no longer renews the login.
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
        """Send a POST; retry only if the service says that it did nothing."""
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
        """Send a request; retry if the service refuses even the new token.

        keystoneauth renews the token once for each 401. The service can
        refuse the new token for a moment: the revocation of the old one also
        covers tokens that were made in the same second.
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
        """Send a request once; if Keystone refuses the login, retry once.

        Without a token no request was sent, so nothing is done twice.
        """
        try:
            return self._request(method, path, what, **options)
        except logins.Refused:
            # One thread retries for all; the others then see its result.
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
            # keystoneauth paces by the wall clock even without a limit: if
            # the clock is set back, all requests wait until it catches up.
            options['rate_semaphore'] = contextlib.nullcontext()
        try:
            return self.adapter.request(
                path,
                method,
                raise_exc=False,
                # No hidden retries, no token for a host that a response
                # names, and neither reads from the SDK's cache nor writes
                # into it.
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
        """Raise CloudError if refused, AnswerLost if it may have been done."""
        if answer.status_code in refusals.PASSING:
            raise errors.AnswerLost(
                str(refusals.error(answer, what)), answer.status_code
            )
        self._accept(answer, what)

    @staticmethod
    def _accept(answer: requests.Response, what: str) -> None:
        if answer.status_code >= 300:
            raise refusals.error(answer, what)

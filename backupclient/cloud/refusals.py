# SPDX-License-Identifier: Apache-2.0
"""Turn a service's error response into an error, and decide on retries."""

from collections.abc import Mapping
import html
import json
import re
from typing import Protocol

from keystoneauth1 import exceptions as ks_exceptions
import requests

from backupclient import errors

PASSING = frozenset({429, 500, 502, 503, 504})
"""HTTP statuses that are worth a retry."""

_LONGEST_RETRY_AFTER = 60.0
_QUOTA = re.compile(r'quota|exceed|limit for|over ?limit', re.IGNORECASE)
_LONGEST = 65536


class Answer(Protocol):
    """The part of ``requests.Response`` that is used here."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers."""

    @property
    def content(self) -> bytes:
        """The body."""


def no_object(service: str, what: str) -> str:
    """Return the message that a response is not the expected JSON object.

    :param service: its name.
    :param what: the request in words, such as ``list the volumes``.
    """
    return (
        f'Could not {what}: {service} answered with something other than a '
        'JSON object, as a proxy in front of it may do. Try again; if it '
        'fails again, ask the operator of the cloud.'
    )


def explain(answer: Answer) -> str:
    """Return the message for people in the body of an error response.

    Each service has its own form: ``{"<fault>": {"message": ...}}`` (Cinder,
    Nova), ``{"title": ..., "description": ...}`` (Barbican), HTML (Glance).
    """
    text = _said(answer)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        plain = re.sub(r'<title>[^<]*</title>|<[^<>]*>', ' ', text)
        return ' '.join(html.unescape(plain).split())[:500]
    if isinstance(body, dict):
        inner = next(iter(body.values()), '')
        for found in (
            inner.get('message') if isinstance(inner, dict) else None,
            body.get('description'),
            body.get('title'),
        ):
            if found:
                return str(found)[:500]
    return text[:500]


def _said(answer: Answer) -> str:
    """Return the body's text; all services send UTF-8, whatever they claim."""
    try:
        return answer.content[:_LONGEST].decode(errors='replace')
    except requests.RequestException:
        # The body of a streamed response is read only here, and the
        # connection may break.
        return ''


def error(answer: Answer, what: str) -> errors.CloudError:
    """Return the error for a response, by its status.

    :param what: the request in words, such as ``read volume <id>``.
    """
    status, said = answer.status_code, explain(answer)
    text = f'Could not {what}: {said or "no reason given"} (HTTP {status})'
    if status == 404:
        return errors.NotFound(text, status)
    if status == 403:
        return errors.Forbidden(text, status)
    if status == 413 and not wants_patience(answer):
        return errors.QuotaExceeded(text, status)
    return errors.CloudError(text, status)


def wants_patience(answer: Answer) -> bool:
    """Return whether the request is worth a retry.

    413 means a rate limit or an exhausted quota; only a rate limit is worth a
    retry. For an exhausted quota, Cinder sends ``Retry-After: 0``.
    """
    if answer.status_code != 413:
        return answer.status_code in PASSING
    return retry_after(answer) > 0 and not _QUOTA.search(explain(answer))


def retry_after(answer: Answer) -> float:
    """Return the seconds to wait by ``Retry-After``, 0 without; at most 60."""
    value = answer.headers.get('Retry-After', '')
    # isdecimal(), not isdigit(): float() refuses superscript digits.
    seconds = float(value) if value.isdecimal() else 0.0
    return min(seconds, _LONGEST_RETRY_AFTER)


def unanswered(
    exc: ks_exceptions.ClientException, what: str
) -> errors.CloudError:
    """Return the error for a request that the service did not answer."""
    text = f'Could not {what}: {exc}'
    lost = (
        ks_exceptions.ConnectFailure,
        ks_exceptions.ConnectTimeout,
        ks_exceptions.UnknownConnectionError,
    )
    # An HTTP status here is from Keystone, when a token was renewed.
    in_trouble = getattr(exc, 'http_status', 0) in PASSING
    if isinstance(exc, lost) or in_trouble:
        return errors.AnswerLost(text)
    return errors.CloudError(text)

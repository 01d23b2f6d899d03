# SPDX-License-Identifier: Apache-2.0
"""What a service says when it refuses a request, and when to ask again."""

from collections.abc import Mapping
import html
import json
import re
from typing import Protocol

from keystoneauth1 import exceptions as ks_exceptions
import requests

from backupclient import errors

PASSING = frozenset({429, 500, 502, 503, 504})
"""Of such an answer the next try may make another."""

_LONGEST_RETRY_AFTER = 60.0
_QUOTA = re.compile(r'quota|exceed|limit for|over ?limit', re.IGNORECASE)
_LONGEST = 65536


class Answer(Protocol):
    """What is read of an answer: of ``requests.Response``."""

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
    """Say that an answer is not the JSON object that was asked for.

    :param what: could not be done.
    """
    return (
        f'Could not {what}: {service} answered with something other than a '
        'JSON object, as a proxy in front of it may do. Try again; if it '
        'fails again, ask the operator of the cloud.'
    )


def explain(answer: Answer) -> str:
    """Find the sentence for people in the body of an error.

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
    """Read the body; all services write UTF-8, whatever they claim."""
    try:
        return answer.content[:_LONGEST].decode(errors='replace')
    except requests.RequestException:
        # Of a stream the body is still to come, and may never do so.
        return ''


def error(answer: Answer, what: str) -> errors.CloudError:
    """Make the error that fits an answer.

    :param what: the request, in words, as ``read volume <id>``.
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
    """Tell a limit of the rate from a quota, which is 413 as well.

    Cinder answers an exhausted quota with ``Retry-After: 0``.
    """
    if answer.status_code != 413:
        return answer.status_code in PASSING
    return retry_after(answer) > 0 and not _QUOTA.search(explain(answer))


def retry_after(answer: Answer) -> float:
    """Give the seconds that a service asks for, 0 when it does not."""
    value = answer.headers.get('Retry-After', '')
    # What is only "digit", as a superscript, float() refuses.
    seconds = float(value) if value.isdecimal() else 0.0
    return min(seconds, _LONGEST_RETRY_AFTER)


def unanswered(
    exc: ks_exceptions.ClientException, what: str
) -> errors.CloudError:
    """Return the error of a request that got no answer of the service."""
    text = f'Could not {what}: {exc}'
    lost = (
        ks_exceptions.ConnectFailure,
        ks_exceptions.ConnectTimeout,
        ks_exceptions.UnknownConnectionError,
    )
    # A status is Keystone's, which was asked for a new token.
    in_trouble = getattr(exc, 'http_status', 0) in PASSING
    if isinstance(exc, lost) or in_trouble:
        return errors.AnswerLost(text)
    return errors.CloudError(text)

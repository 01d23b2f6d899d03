# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a request."""

import asyncio
from collections.abc import Callable
import dataclasses
import json
from typing import Any

_JSON = {'Content-Type': 'application/json'}
_HTML = {'Content-Type': 'text/html'}
_SOON = {'Retry-After': '1'}


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """One sort of fault.

    :param act: answers an exchange; what it gives back is None when the
        client gets no answer.
    :param fits: tells of which requests, as they were seen, it makes sense.
    :param passes: a run gets over it, and ends as if nothing had been.
    :param kills: the client is dead then.
    :param then: befalls the next request to Keystone.
    """

    name: str
    act: Callable[..., Any]
    fits: Callable[..., bool] = lambda seen: True
    passes: bool = True
    kills: bool = False
    then: 'Fault | None' = None

    def __str__(self):
        return self.name

    @property
    def is_quick(self):
        """It costs the client no patience."""
        return self.kills or self.name == 'late'

    @property
    def logs_in(self):
        """The client logs in anew before it repeats the request."""
        return self.name.startswith('401')

    def is_survived_at(self, request):
        """A run gets over it, and ends as if nothing had been."""
        # The client logs in before our command begins, once.
        return self.passes and request.service != 'identity'


def _says(status, headers, body):
    async def act(its):
        return await its.answer(status, headers, body)

    return act


def _fault(code, message):
    """An error in the form of Cinder and Nova."""
    body = {'fault': {'code': code, 'message': message}}
    return json.dumps(body).encode()


_QUOTA = 'Quota exceeded for volumes, snapshots, backups and all the rest.'


async def _late(its):
    await asyncio.sleep(1)
    await its.forward()
    return await its.relay()


async def _silent(its):
    """The cloud does it, and its answer never comes."""
    await its.forward()
    await its.say_nothing()
    its.close()


async def _stalled(its):
    await its.forward()
    response = await its.relay_half()
    await its.say_nothing()
    its.close()
    return response


async def _cut(its):
    await its.forward()
    response = await its.relay_half()
    its.close()
    return response


async def _flipped(its):
    await its.forward()
    return await its.relay_flipped()


async def _reset_before(its):
    its.reset()


async def _reset_after(its):
    await its.forward()
    its.reset()


async def _upload_cut(its):
    await its.forward_half()
    its.reset()


async def _upload_flipped(its):
    await its.forward_flipped()
    return await its.relay()


async def _killed_before(its):
    await its.kill()


async def _killed_after(its):
    await its.forward()
    if its.brings_data:
        await its.relay_half()
    await its.kill()


async def _killed_in_upload(its):
    await its.forward_half()
    await its.kill()


def _is_waited_for(seen):
    """The client logs in before our command begins, without a timeout."""
    return seen.request.service != 'identity'


def _has_body(seen):
    return seen.length > 1


def _sends_data(seen):
    return seen.request.sends_data


def _makes(seen):
    return seen.request.changes and seen.request.method != 'DELETE'


_EXPIRED = _says(401, _JSON, _fault(401, 'The token has expired.'))
_SILENT = Fault('silent', _silent, fits=_is_waited_for)
_503 = Fault('503', _says(503, _HTML, b'<html><h1>Unavailable</h1></html>'))

WRONG_UPLOAD = Fault(
    'upload flipped', _upload_flipped, fits=_sends_data, passes=False
)
KILLED_BEFORE = Fault(
    'killed before', _killed_before, passes=False, kills=True
)
KILLED_AFTER = Fault('killed after', _killed_after, passes=False, kills=True)
KILLED_IN_UPLOAD = Fault(
    'killed in upload',
    _killed_in_upload,
    fits=_sends_data,
    passes=False,
    kills=True,
)

ALL = (
    Fault('500', _says(500, _JSON, _fault(500, 'It went wrong.'))),
    Fault('502', _says(502, _HTML, b'<html><h1>Bad Gateway</h1></html>')),
    _503,
    Fault(
        '503 Retry-After',
        _says(503, _JSON | _SOON, _fault(503, 'Come back later.')),
    ),
    Fault('429', _says(429, _JSON, _fault(429, 'Too many requests.'))),
    Fault(
        '429 Retry-After',
        _says(429, _JSON | _SOON, _fault(429, 'Too many requests.')),
    ),
    Fault(
        '413 quota',
        _says(413, _JSON | {'Retry-After': '0'}, _fault(413, _QUOTA)),
        fits=_makes,
        passes=False,
    ),
    Fault('401', _EXPIRED),
    Fault('401, Keystone 503', _EXPIRED, fits=_is_waited_for, then=_503),
    Fault('401, Keystone silent', _EXPIRED, fits=_is_waited_for, then=_SILENT),
    Fault('late', _late),
    _SILENT,
    Fault(
        'stalled',
        _stalled,
        fits=lambda seen: _is_waited_for(seen) and _has_body(seen),
    ),
    Fault('cut', _cut, fits=_has_body),
    Fault(
        'flipped',
        _flipped,
        fits=lambda seen: seen.request.brings_data,
        passes=False,
    ),
    Fault('upload cut', _upload_cut, fits=_sends_data),
    WRONG_UPLOAD,
    Fault('reset before', _reset_before),
    Fault('reset after', _reset_after),
    KILLED_BEFORE,
    KILLED_IN_UPLOAD,
    KILLED_AFTER,
)

# SPDX-License-Identifier: Apache-2.0
"""Requests, answers, and what goes wrong between them."""

from collections.abc import Callable, Mapping
import dataclasses
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class Request:
    """What came over the wire.

    :param path: without the prefix of the service's endpoint.
    """

    method: str
    service: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f'{self.method} {self.service} {self.path}'

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclasses.dataclass
class Answer:
    """What goes back.

    :param breaks: the connection ends after so many bytes of the content.
    """

    status: int = 200
    json: object = None
    content: bytes = b''
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    breaks: int | None = None


class Refusal(Exception):
    """A service says no."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class Lost(Exception):
    """The connection breaks."""


class Killed(BaseException):
    """Our process ends here: nothing of it catches this."""


@dataclasses.dataclass
class Fault:
    """Something that goes wrong with some requests.

    :param fits: tells which requests are meant; None for all.
    :param skip: so many of them are let through first.
    :param times: so many of them fail then.
    :param same: only repetitions of the first failing one fail after it.
    :param done: the request is done before it fails.
    :param how: an answer, or an exception to raise.
    """

    how: Answer | BaseException | Callable[[], None]
    fits: Callable[[Request], bool] | None = None
    skip: int = 0
    times: int = 1
    same: bool = True
    done: bool = False
    hit: list[Request] = dataclasses.field(default_factory=list)

    def strikes(self, request: Request) -> bool:
        """Tell whether a request is one that fails; counts it."""
        if len(self.hit) >= self.times:
            return False
        if self.fits is not None and not self.fits(request):
            return False
        if self.hit and self.same:
            first = self.hit[0]
            if (request.method, request.path) != (first.method, first.path):
                return False
        elif self.skip:
            self.skip -= 1
            return False
        self.hit.append(request)
        return True


def to(text: str) -> Callable[[Request], bool]:
    """Make a condition: the request's words begin like this.

    :param text: as ``POST cinder /snapshots``.
    """
    return lambda request: str(request).startswith(text)


def writes(request: Request) -> bool:
    """Tell whether a request may change something."""
    return request.method != 'GET'

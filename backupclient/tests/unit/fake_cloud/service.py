# SPDX-License-Identifier: Apache-2.0
"""What the fake services have in common."""

from collections.abc import Callable, Iterable
import re
from typing import Any, ClassVar

from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

WRONG_HOST = 'http://inside.invalid:1234'
"""Links point to where only the operator gets."""


def route(method: str, pattern: str) -> Callable[[Any], Any]:
    """Mark a method that answers requests for paths of a form."""

    def mark(function: Any) -> Any:
        function.route = (method, re.compile(pattern))
        return function

    return mark


class Service:
    """One service.

    :param page: the largest page that it gives.
    """

    prefix: ClassVar[str] = ''
    page = 1000

    def __init__(self, world: worlds.World) -> None:
        self.world = world

    def answer(self, request: wire.Request) -> wire.Answer:
        """Answer a request, or refuse it in the service's own form."""
        try:
            return self._route(request)
        except wire.Refusal as refusal:
            answer = self.refuse(refusal.status, str(refusal))
            answer.headers |= {
                name.replace('_', '-'): value
                for name, value in refusal.headers.items()
            }
            return answer

    def refuse(self, status: int, text: str) -> wire.Answer:
        fault = {404: 'itemNotFound', 413: 'overLimit'}.get(status, 'fault')
        return wire.Answer(status, {fault: {'code': status, 'message': text}})

    def thing(self, kind: str, id_: str) -> worlds.Thing:
        found = self.world.things[kind].get(id_)
        if found is None:
            noun = kind.removesuffix('s').capitalize()
            raise wire.Refusal(404, f'{noun} {id_} could not be found.')
        return found

    def rows(
        self, request: wire.Request, kind: str, filters: Iterable[str]
    ) -> tuple[list[worlds.Thing], str]:
        """Give a page, and the link to the next one or nothing."""
        found = [
            thing
            for thing in self.world.things[kind].values()
            if all(
                str(thing.get(key)) == request.query[key]
                for key in filters
                if key in request.query
            )
        ]
        marker = request.query.get('marker')
        if marker:
            ids = [thing['id'] for thing in found]
            found = found[ids.index(marker) + 1 :]
        size = min(self.page, int(request.query.get('limit', self.page)))
        page = found[:size]
        if len(found) <= size:
            return page, ''
        return page, f'{WRONG_HOST}{request.path}?marker={page[-1]["id"]}'

    def _route(self, request: wire.Request) -> wire.Answer:
        for name in dir(type(self)):
            method = getattr(self, name)
            verb, pattern = getattr(method, 'route', ('', None))
            if verb == request.method and pattern:
                fit = pattern.fullmatch(request.path)
                if fit:
                    return method(request, *fit.groups())
        raise wire.Refusal(404, f'The fake has no {request}')

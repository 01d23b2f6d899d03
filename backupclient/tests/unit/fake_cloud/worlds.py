# SPDX-License-Identifier: Apache-2.0
"""What a cloud holds, and what is about to happen in it."""

import collections
from collections.abc import Callable
import copy
import datetime
import threading
from typing import Any

PROJECT = 'c0ffee00c0ffee00c0ffee00c0ffee00'
USER = 'a11ce000a11ce000a11ce000a11ce000'
KINDS = (
    'volumes',
    'snapshots',
    'backups',
    'images',
    'servers',
    'secrets',
    'containers',
)

Thing = dict[str, Any]

START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


class World:
    """The things of one project, as the APIs show them.

    Time goes by requests: whoever polls makes it go on.

    :param content: the bytes of volumes, snapshots, images and secrets.
    :param delay: so many requests does a change of state take.
    """

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Thing]] = {kind: {} for kind in KINDS}
        self.content: dict[str, bytes] = {}
        self.messages: dict[str, str] = {}
        self.delay = 1
        self.lock = threading.RLock()
        self._numbers: collections.Counter[str] = collections.Counter()
        self._now = 0
        self._due: list[tuple[int, Callable[[], None]]] = []

    def add(self, kind: str, name: str, **fields: Any) -> Thing:
        """Put a thing there."""
        self._numbers[kind] += 1
        id_ = fields.pop('id', None) or (
            f'{self._numbers[kind]:08}-{kind.removesuffix("s")}'
        )
        thing = {'id': id_, 'name': name, **fields}
        self.things[kind][id_] = thing
        return thing

    def created(self) -> collections.Counter[str]:
        """Tell how many things of each kind were ever made."""
        return self._numbers.copy()

    def remove(self, kind: str, id_: str) -> None:
        """Take a thing away, with its content."""
        self.things[kind].pop(id_, None)
        self.content.pop(id_, None)

    def later(self, action: Callable[[], None], delays: int = 1) -> None:
        """Let something happen after some requests."""
        self._due.append((self._now + delays * self.delay, action))

    def tick(self) -> None:
        """Let what is due happen."""
        self._now += 1
        due = [each for each in self._due if each[0] < self._now]
        self._due = [each for each in self._due if each[0] >= self._now]
        for _, action in due:
            action()

    def now(self) -> datetime.datetime:
        """Tell the time of the cloud: a second per request."""
        return START + datetime.timedelta(seconds=self._now)

    def settle(self) -> None:
        """Let everything happen that is under way."""
        while self._due:
            self.tick()

    def holdings(self) -> dict[tuple[str, str], Thing]:
        """Copy everything, by kind and ID."""
        return {
            (kind, id_): copy.deepcopy(thing)
            for kind, things in self.things.items()
            for id_, thing in things.items()
        }

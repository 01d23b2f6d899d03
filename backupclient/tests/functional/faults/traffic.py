# SPDX-License-Identifier: Apache-2.0
"""The requests of a run, told apart so that two runs can be compared."""

from collections import Counter
import dataclasses
import re

_RUN = re.compile(r'\d{8}T\d{6}Z-[a-z]{4}')
_ID = re.compile(r'[0-9a-f]{8}(-?)[0-9a-f]{4}(\1[0-9a-f]{4}){2}\1[0-9a-f]{12}')
_OF_ONE = re.compile(r'/(volume|snapshot|backup|image|server|secret)s/\{id\}')
_CHANGING = frozenset({'POST', 'PUT', 'PATCH', 'DELETE'})


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Request:
    """One request of a run, the same one in each run.

    :param service: the type of the service.
    :param path: with its query; IDs are ``{id}`` and ``{run}``.
    :param occurrence: 1 for the first one with this method and path. Those
        that follow each other at once, as polls and repetitions do, are one;
        so are, before the first one that changes something, all but those
        for one resource.
    """

    service: str
    method: str
    path: str
    occurrence: int

    def __str__(self):
        return f'{self.method} {self.service} {self.path} #{self.occurrence}'

    @property
    def kind(self):
        """What it is without its place among others."""
        return (self.service, self.method, self.path)

    @property
    def changes(self):
        """It changes something in the cloud."""
        return self.method in _CHANGING and self.service != 'identity'

    @property
    def brings_data(self):
        """Its answer is the data of an image."""
        return self.method == 'GET' and self._is_about_data

    @property
    def sends_data(self):
        """Its body is the data of an image."""
        return self.method == 'PUT' and self._is_about_data

    @property
    def _is_about_data(self):
        return self.service == 'image' and self.path.endswith('/file')


@dataclasses.dataclass(slots=True)
class Seen:
    """A request that came, and its answer as far as there is one.

    :param number: from 0, in the order in which they came.
    :param length: of the answer's body in bytes.
    """

    number: int
    request: Request
    status: int = 0
    length: int = 0


class Record:
    """All requests of a run, in their order."""

    def __init__(self):
        self.seen = []
        self._reading = True
        self._counts = Counter()

    def add(self, service, method, path):
        """Note a request that comes.

        :param path: as it was sent, with its query.
        """
        key = (service, method, _template(path))
        if not self._repeats(key):
            self._counts[key] += 1
        seen = Seen(len(self.seen), Request(*key, self._counts[key]))
        self.seen.append(seen)
        self._reading = self._reading and not seen.request.changes
        return seen

    def _repeats(self, key):
        """Tell whether a request is a poll or a repetition.

        The lists of the project are read side by side, so that others stand
        between one and its repetition.
        """
        if self._reading and not _OF_ONE.search(key[2]):
            return key in self._counts
        return bool(self.seen) and key == self.seen[-1].request.kind

    def first_of_each(self):
        """The first of those that count as one."""
        firsts = {}
        for seen in self.seen:
            firsts.setdefault(seen.request, seen)
        return list(firsts.values())


def _template(path):
    return _ID.sub('{id}', _RUN.sub('{run}', path))

# SPDX-License-Identifier: Apache-2.0
"""Calls of rclone for one remote.

Options and keys are passed in its environment, never as arguments: everyone
on the machine can read those.
"""

from collections.abc import Iterator, Mapping
import dataclasses
import functools
import json
import re

from backupclient import errors
from backupclient.model import addresses
from backupclient.model import remotes
from backupclient.store.programs import child
from backupclient.store.programs import ending
from backupclient.store.programs import finding
from backupclient.store.programs import starting
from backupclient.store.rclone import variables

NOT_THERE = 3
"""rclone's exit code for a folder that does not exist."""

PATIENCE = starting.PATIENCE
"""Seconds for which rclone may neither read nor write."""

_LIMIT = 20 * 60.0
"""The time limit of a call that moves no data, in seconds."""

_STAMP = re.compile(r'^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d +')
_LEVEL = re.compile(r'^(?:ERROR|CRITICAL|NOTICE) *: *')
_NO_REMOTE = "didn't find section in config file"


@dataclasses.dataclass(frozen=True, slots=True)
class Features:
    """The features of a remote's storage system.

    :param hashes: rclone's names of the hashes that it computes itself.
    :param by_buckets: a path has to begin with a bucket.
    :param has_folders: it has folders, also without files in them.
    :param tells_room: it reports its free space.
    :param takes_streams: it accepts files whose size is not known before.
    """

    hashes: tuple[str, ...]
    by_buckets: bool
    has_folders: bool
    tells_room: bool
    takes_streams: bool


class Program:
    """rclone, and one of its remotes. Used by many threads.

    rclone is not called before it is needed.

    :param address: the address of the target.
    """

    def __init__(self, address: addresses.Address) -> None:
        self.name = address.shown
        self._remote = remotes.parse(address.place)
        self._has_answered = False

    @property
    def lacks_bucket(self) -> bool:
        """True if the address needs a bucket and has none.

        :raises TargetError: as in :attr:`features`.
        """
        return self.features.by_buckets and not self._remote.path.strip('/')

    @functools.cached_property
    def features(self) -> Features:
        """The features of the remote.

        :raises TargetError: if rclone is missing or too old, or if the remote
            is not configured or not reachable.
        """
        try:
            found = json.loads(
                self.call(('backend', 'features'), '', soon=True)
            )
        except (errors.TargetError, ValueError) as error:
            raise self.trouble('', 'used', error) from error
        can = found.get('Features') or {}
        return Features(
            tuple(found.get('Hashes') or ()),
            by_buckets=bool(can.get('BucketBased')),
            has_folders=bool(can.get('CanHaveEmptyDirectories')),
            tells_room=bool(can.get('About')),
            takes_streams=bool(can.get('PutStream')),
        )

    def call(
        self,
        words: tuple[str, ...],
        path: str | None = None,
        *,
        soon: bool = False,
    ) -> bytes:
        """Call rclone and return its stdout.

        :param words: the command and its options.
        :param path: the path in the store for the last argument, None for no
            such argument.
        :param soon: fail after few tries. Calls before the first success do
            so anyhow.
        :raises ending.ProgramFailed: if its exit code is not 0.
        :raises TargetError: if it cannot be started, or does not end in time.
        """
        hasty = variables.SOON if soon or not self._has_answered else {}
        done = child.run(
            self._command(words, path),
            {**self._environment, **hasty},
            self._how,
            _LIMIT,
        )
        self._has_answered = True
        return done.out

    def about(self) -> bytes:
        """Return the remote's report on its space, as JSON.

        :raises TargetError: as in :meth:`call`.
        """
        name, _, _ = self._remote.argument.partition(':')
        try:
            return self.call(('about', '--json'), '', soon=True)
        except ending.ProgramFailed:
            # The folder may not exist yet, so ask for the whole remote.
            return self.call(('about', '--json', f'{name}:'), soon=True)

    def start(
        self, words: tuple[str, ...], path: str, *, fed: bool
    ) -> child.Child:
        """Start rclone to write or to read a file.

        :param words: the command and its options.
        :param path: the path of the file in the store.
        :param fed: rclone gets the file by its stdin; otherwise it writes the
            file to its stdout.
        :raises TargetError: if it cannot be started.
        """
        return child.Child(
            self._command(words, path),
            self._environment,
            dataclasses.replace(self._how, patience=PATIENCE),
            fed=fed,
            is_read=not fed,
        )

    def trouble(
        self, path: str, verb: str, error: Exception
    ) -> errors.TargetError:
        """Return the error for a failure of rclone.

        :param path: the path in the store, ``''`` for the store itself.
        :param verb: the failed action as a participle, such as ``written``.
        :param error: the failure, which has the reason.
        """
        place = f'{self.name}/{path}' if path else self.name
        why = _why(error)
        if _NO_REMOTE in why:
            why = self._unconfigured()
        return errors.TargetError(f'{place} cannot be {verb}: {why}')

    def _command(
        self, words: tuple[str, ...], path: str | None
    ) -> tuple[str, ...]:
        last = () if path is None else (self._argument(path),)
        return (finding.find(finding.RCLONE).path, *words, *last)

    def _argument(self, path: str) -> str:
        argument = self._remote.argument
        if not path:
            return argument
        joint = '' if argument.endswith((':', '/')) else '/'
        return f'{argument}{joint}{path}'

    @functools.cached_property
    def _how(self) -> starting.How:
        return starting.How(
            'rclone', variables.secrets(self._remote, self._environment)
        )

    @functools.cached_property
    def _environment(self) -> Mapping[str, str]:
        """The environment variables of rclone.

        :raises TargetError: if the remotes cannot be listed.
        """
        return variables.of(self._remote, self._types())

    def _types(self) -> Iterator[str]:
        """Yield the types of all remotes, because a remote may use others."""
        if self._remote.on_the_fly:
            yield self._remote.name
        for line in self._listed('--long'):
            yield line.partition(':')[2].strip()

    def _listed(self, *options: str) -> list[str]:
        command = self._command(('listremotes', *options), None)
        known = variables.of(self._remote, ())
        try:
            done = child.run(command, known, starting.How('rclone'), _LIMIT)
        except ending.ProgramFailed as error:
            raise errors.TargetError(
                f'{self.name} cannot be used, because rclone cannot list its '
                f'remotes: {_why(error)}'
            ) from error
        return done.out.decode(errors='replace').splitlines()

    def _unconfigured(self) -> str:
        names = sorted(name.removesuffix(':') for name in self._listed())
        return (
            f'rclone has no remote {self._remote.name!r}. It has: '
            f'{", ".join(names) or "none"}. "rclone config" makes one.'
        )


def _why(error: Exception) -> str:
    """Return the reason of a failure: rclone's last message."""
    if not isinstance(error, ending.ProgramFailed):
        return str(error)
    lines = [
        _LEVEL.sub('', _STAMP.sub('', line)).strip()
        for line in error.ended.said.splitlines()
        if line.strip()
    ]
    said = next((one for one in reversed(lines) if one), '')
    code = error.ended.code
    how = f'exit code {code}' if code >= 0 else f'signal {-code}'
    return f'rclone ended with {how}: {said or "it did not say why"}'

# SPDX-License-Identifier: Apache-2.0
"""Translating restic's failures into errors."""

import errno
import re

from backupclient import errors
from backupclient.model import layout
from backupclient.model import tags
from backupclient.store.programs import ending

_NO_REPOSITORY, _LOCKED, _PASSWORD = 10, 11, 12
_SAID_LOCKED = re.compile(
    r'already locked|unable to create lock|Fatal: failed to lock', re.I
)
_SAID_PASSWORD = re.compile(r'wrong password|no key found', re.I)
_SAID_MISSING = re.compile(
    r'unable to open config file|does not exist|no repository|'
    r'parsing repository location',
    re.I,
)
_STALE = re.compile(r'the `unlock` command .*$', re.I)


class Locked(errors.TargetError):
    """Somebody else has locked the repository."""


_FULL = re.compile(r'no space left|quota exceeded|permission denied', re.I)
_SAID_DAMAGED = re.compile(
    r'ciphertext verification failed|invalid data|does not match|not found in '
    r'index|unexpected EOF|\bload\b|has invalid|decrypt|not found$',
    re.I,
)


_QUESTION = 'Is there a repository at the following location?'
_UNREACHABLE = re.compile(
    r'dial tcp|no such host|connection|timeout|parsing repository location',
    re.I,
)

Failures = (ending.ProgramFailed, ending.ProgramSilent)
"""The errors that :func:`of` and :func:`reading` translate."""


def of(
    name: str, error: ending.ProgramFailed | ending.ProgramSilent
) -> errors.TargetError:
    """Return the error for a failure of restic.

    :param name: the name of the repository, for people.
    :returns: :class:`Locked` if the repository is locked, else a TargetError.
    """
    if isinstance(error, ending.ProgramSilent):
        return errors.TargetError(f'{name}: {error}')
    ended = error.ended
    said = _sentences(_STALE.sub('', ended.said))
    if ended.code == _LOCKED or _SAID_LOCKED.search(said):
        return Locked(
            f'{name} is locked: {said} Wait until that has ended. If nothing '
            'works on it any more, "restic unlock" removes the lock.'
        )
    if ended.code == _PASSWORD or _SAID_PASSWORD.search(said):
        return errors.TargetError(
            f'{name} does not take the password: {said}. Set RESTIC_PASSWORD, '
            'RESTIC_PASSWORD_FILE or RESTIC_PASSWORD_COMMAND.'
        )
    if ended.code == _NO_REPOSITORY or _SAID_MISSING.search(said):
        return errors.TargetError(
            f'{name} is no repository, or cannot be reached: {said}. '
            f'{_advice(name, said)}'
        )
    return errors.TargetError(f'{name}: {error}')


def _sentences(said: str) -> str:
    """Return restic's message as sentences in one line.

    Its question about the location is left out: each message of this program
    names the repository already.
    """
    lines = [
        line.strip().removeprefix('Fatal: ').rstrip('.')
        for line in said.partition(_QUESTION)[0].splitlines()
    ]
    return '. '.join(filter(None, lines))


def _advice(name: str, said: str) -> str:
    """Return the advice about a repository that is not found.

    "restic init" comes last: at a wrong address, it would make an empty
    repository.
    """
    place, _, last = name.rstrip('/').rpartition('/')
    run = last.removesuffix(layout.PARTIAL)
    if tags.is_run_id(run):
        return f'{last} looks like a run: name the repository, {place}.'
    if _UNREACHABLE.search(said):
        return 'Look at the address, and whether its server answers.'
    return (
        'Look at the address. Only if you want a new repository there: '
        '"restic init".'
    )


def feeding(
    name: str, error: ending.ProgramFailed | ending.ProgramSilent
) -> errors.TargetError:
    """Return the error for a stream that restic did not store.

    :returns: a TargetLost if another try may succeed.
    """
    found = of(name, error)
    if type(found) is errors.TargetError and not _FULL.search(str(error)):
        return errors.TargetLost(str(found))
    return found


def reading(
    name: str, path: str, error: ending.ProgramFailed | ending.ProgramSilent
) -> errors.TargetError:
    """Return the error for a file that restic could not read.

    :returns: an error whose cause is an OSError with ``EIO`` if the file is
        damaged; other failures may pass.
    """
    if isinstance(error, ending.ProgramSilent) or not _SAID_DAMAGED.search(
        error.ended.said
    ):
        return of(name, error)
    found = errors.TargetError(f'{name}/{path} is damaged: {error}')
    found.__cause__ = OSError(errno.EIO, error.ended.said)
    return found

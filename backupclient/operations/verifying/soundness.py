# SPDX-License-Identifier: Apache-2.0
"""Check a qcow2 image with ``qemu-img check``, where it is installed.

The image may be malicious. So its header is read here first, and the program
gets an open file instead of a path, and resource limits.
"""

import dataclasses
import enum
import shutil

from backupclient import stops
from backupclient.operations import limited
from backupclient.store import base
from backupclient.transfer import qcow2

_PROGRAM = 'qemu-img'
_LIMITS = limited.Limits(memory_kib=2 << 20, seconds=1800, written=1 << 20)
_MOST_SAID = 200
"""Characters of an error of the program that a note repeats."""

# The exit codes of "qemu-img check".
_SOUND, _CORRUPT, _LEAKS = 0, 2, 3


class State(enum.Enum):
    """The result of a check."""

    SOUND = enum.auto()
    UNSOUND = enum.auto()
    """The image has errors, or features that no run writes."""
    UNKNOWN = enum.auto()
    """The check failed, so nothing is known."""
    NOT_CHECKED = enum.auto()
    """The program is missing, or the file is not one of this machine."""


@dataclasses.dataclass(frozen=True, slots=True)
class Soundness:
    """The result of a check, and the reason in a sentence."""

    state: State
    reason: str


def look(files: base.Files, path: str, stop: stops.Stop) -> Soundness:
    """Check a qcow2 image.

    :param files: the files of the backup set.
    :raises TargetError: if the image cannot be read.
    :raises Interrupted: if this thread is to stop.
    """
    with files.read(path) as stream:
        if why := qcow2.obstacle(stream):
            return Soundness(State.UNSOUND, why)
    with files.read(path) as stream:
        if qcow2.is_encrypted(stream):
            return _unknown('its data are encrypted within the file')
    program = shutil.which(_PROGRAM)
    if program is None:
        return Soundness(
            State.NOT_CHECKED,
            f'{_PROGRAM} is not installed, so it was not checked for '
            'soundness.',
        )
    with files.opened(path) as file:
        if file is None:
            return Soundness(
                State.NOT_CHECKED,
                'It was not checked for soundness: it is not a file of this '
                'machine.',
            )
        return _judged(*_run(program, file, stop))


def _run(program: str, file: int, stop: stops.Stop) -> tuple[int, str]:
    """Run the program on an open file; return its exit code and errors."""
    image = (
        'driver=qcow2,file.driver=file,file.locking=off,'
        f'file.filename=/dev/fd/{file}'
    )
    command = [program, 'check', '-q', '--image-opts', image]
    return limited.run(command, [file], _LIMITS, stop)


def _judged(code: int, said: str) -> Soundness:
    if code == _SOUND:
        return Soundness(State.SOUND, f'{_PROGRAM} check found no error.')
    if code == _LEAKS:
        return Soundness(
            State.SOUND,
            f'{_PROGRAM} check found clusters that are not used, which does '
            'no harm.',
        )
    first = ascii(said.partition('\n')[0][:_MOST_SAID])[1:-1]
    why = f': {first}' if first else ''
    if code == _CORRUPT or first.startswith('ERROR'):
        return Soundness(
            State.UNSOUND, f'{_PROGRAM} check found errors in it{why}.'
        )
    return _unknown(f'{_PROGRAM} check ended with {code}{why}')


def _unknown(why: str) -> Soundness:
    return Soundness(
        State.UNKNOWN, f'It could not be checked for soundness: {why}.'
    )

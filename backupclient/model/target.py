# SPDX-License-Identifier: Apache-2.0
"""What ``--to`` may say: where backup sets go."""

import dataclasses
import re

EXAMPLE = '/srv/backups'

_LATER = ('restic', 'rclone')
# The storage systems of restic, by its names for them; and of scp.
_ELSEWHERE = re.compile(
    r'(?:s3|swift|sftp|rest|b2|azure|gs|[^/:]+@[^/:]+):', re.IGNORECASE
)
_URL = re.compile(r'[a-z][a-z0-9+.-]*://', re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine.

    :param path: as typed.
    """

    path: str


def parse(text: str) -> Folder:
    """Return the target that a text means.

    Nothing is looked up: whether the folder is there, and can be written to,
    shows later.

    :raises ValueError: it means no folder, or hardly the one that was meant;
        the text is for the user.
    """
    why = _refusal(text)
    if why:
        raise ValueError(f'"{text}" cannot be the target: {why}')
    return Folder(text)


def _refusal(text: str) -> str:
    """Say why a text is refused, and what to write in its place."""
    kind, colon, _ = text.partition(':')
    if not text or '\0' in text:
        return f'it is no path of a folder. Say which, such as {EXAMPLE}.'
    if text.startswith('~'):
        return (
            'the shell has not replaced the "~". Leave out the quotes, or '
            'write "$HOME" in its place; a folder that is really called so '
            f'is "./{text}".'
        )
    if colon and kind in _LATER:
        why = f'targets in {kind} come with a later release.'
    elif _URL.match(text):
        why = 'it is a URL.'
    elif _ELSEWHERE.match(text):
        why = 'it is not on this machine.'
    else:
        return ''
    return (
        f'{why} For now, a target is the path of a folder on this machine, '
        f'such as {EXAMPLE}; other storage can be mounted there. A folder '
        f'that is really called so is "./{text}".'
    )

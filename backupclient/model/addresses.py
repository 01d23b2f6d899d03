# SPDX-License-Identifier: Apache-2.0
"""What ``--to`` and ``--from`` may say: where backup sets go and come from."""

import dataclasses
import enum
import os
import re

from backupclient.model import remotes
from backupclient.model import urls

EXAMPLE = '/srv/backups'
HIDDEN = '***'
"""What is shown, and kept, in the place of a password."""

# The storage systems of restic, by its names for them; and of scp.
_ELSEWHERE = re.compile(
    r'(?:s3|swift|sftp|rest|b2|azure|gs|[^/:]+@[^/:]+):', re.IGNORECASE
)
_URL = re.compile(r'[a-z][a-z0-9+.-]*://', re.IGNORECASE)
_LOCAL = re.compile(r'(?![a-z0-9]+:)', re.IGNORECASE)


class Kind(enum.StrEnum):
    """What keeps the backup sets."""

    FOLDER = 'folder'
    RESTIC = 'restic'
    RCLONE = 'rclone'


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """Where backup sets are.

    :param place: the path of a folder, restic's repository, or rclone's
        remote and path: what the program takes. It may hold passwords.
    """

    kind: Kind
    place: str = dataclasses.field(repr=False)

    @property
    def full(self) -> str:
        """The target as a person gives it, with its passwords."""
        return self._named(self.place)

    @property
    def shown(self) -> str:
        """The target without its passwords, for messages and documents."""
        if self.kind is Kind.FOLDER:
            return self.place
        return self._named(_without_passwords(self.kind, self.place))

    @property
    def is_of_this_machine(self) -> bool:
        """True if the place is a path of this machine."""
        return self.kind is Kind.FOLDER or (
            self.kind is Kind.RESTIC and _LOCAL.match(self.place) is not None
        )

    @property
    def lacks_passwords(self) -> bool:
        """True if the place was shown once, and its passwords are hidden."""
        return self.kind is not Kind.FOLDER and HIDDEN in self.place

    def _named(self, place: str) -> str:
        if self.kind is Kind.FOLDER:
            return place
        return f'{self.kind}:{place}'


def parse(text: str) -> Address:
    """Return the target that a text means.

    Nothing is looked up: whether the place is there, and can be written to,
    shows later.

    :raises ValueError: the text means no target, or hardly the one that was
        meant; the message is for the user and has no password.
    """
    word, colon, place = text.partition(':')
    if colon and word == Kind.RESTIC:
        return _restic(place)
    if colon and word == Kind.RCLONE:
        return _rclone(place)
    why = _no_folder(text)
    if why:
        shown = urls.shown(text, HIDDEN)
        raise ValueError(f'"{shown}" cannot be the target: {why}')
    return Address(Kind.FOLDER, text)


def kept(text: str) -> Address:
    """Return the target that a document has.

    :raises ValueError: the text is no target, depends on the current folder,
        or has a password in it.
    """
    found = parse(text)
    if found.is_of_this_machine and not os.path.isabs(found.place):
        raise ValueError(f'the target {text[:80]!r} is not an absolute path')
    if found.shown != found.full:
        raise ValueError(
            f'the target {found.shown[:80]!r} has a password in it, which is '
            'not kept'
        )
    os.fsencode(text)
    return found


def _restic(place: str) -> Address:
    _require_argument('restic:REPOSITORY', place)
    if not place or place.startswith('-'):
        raise ValueError(
            '"restic:" needs the repository, as "restic -r" takes it, such as '
            'restic:/srv/repository or restic:s3:https://HOST/BUCKET.'
        )
    if place.startswith('~'):
        raise ValueError(
            'The shell does not replace the "~" within a target. Write '
            f'"restic:$HOME{place[1:]}", if that is meant.'
        )
    if place.startswith('rclone:'):
        _remote('restic:rclone:REMOTE:PATH', place.removeprefix('rclone:'))
    return Address(Kind.RESTIC, place)


def _rclone(place: str) -> Address:
    _require_argument('rclone:REMOTE:PATH', place)
    remote = _remote('rclone:REMOTE:PATH', place)
    path = remote.path.rstrip('/') or remote.path[:1]
    return Address(Kind.RCLONE, place[: len(place) - len(remote.path)] + path)


def _remote(form: str, place: str) -> remotes.Remote:
    try:
        return remotes.parse(place)
    except ValueError as exc:
        raise ValueError(
            f'The target {form} cannot be used: {exc}. "rclone listremotes" '
            'lists the remotes, "rclone config" makes them.'
        ) from None


def _require_argument(form: str, place: str) -> None:
    """Raise ValueError if no program could take a place."""
    if not place.isprintable():
        raise ValueError(
            f'The target {form} has a character that cannot be printed.'
        )


def _no_folder(text: str) -> str:
    """Say why a text is no folder, and what to write in its place."""
    if not text or '\0' in text:
        return f'it is no path of a folder. Say which, such as {EXAMPLE}.'
    if text.startswith('~'):
        return (
            'the shell has not replaced the "~". Leave out the quotes, or '
            'write "$HOME" in its place; a folder that is really called so '
            f'is "./{text}".'
        )
    if not (_URL.match(text) or _ELSEWHERE.match(text)):
        return ''
    return (
        f'it is not on this machine. A target is the path of a folder, such '
        f'as {EXAMPLE}, or restic:REPOSITORY, or rclone:REMOTE:PATH.'
    )


def _without_passwords(kind: Kind, place: str) -> str:
    start = '' if kind is Kind.RCLONE else 'rclone:'
    if kind is Kind.RESTIC and not place.startswith(start):
        return urls.shown(place, HIDDEN)
    try:
        return start + remotes.shown(place.removeprefix(start), HIDDEN)
    except ValueError:
        return start + HIDDEN

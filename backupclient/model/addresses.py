# SPDX-License-Identifier: Apache-2.0
"""The targets of ``--to`` and ``--from``: where backup sets are stored."""

import dataclasses
import enum
import os
import re

from backupclient.model import remotes
from backupclient.model import urls

EXAMPLE = '/srv/backups'
HIDDEN = '***'
"""The text that replaces a password in messages and documents."""

# Prefixes that restic gives to its storage systems, and scp's USER@HOST:.
# A path that begins like this is probably a mistake.
_ELSEWHERE = re.compile(
    r'(?:s3|swift|sftp|rest|b2|azure|gs|[^/:]+@[^/:]+):', re.IGNORECASE
)
_URL = re.compile(r'[a-z][a-z0-9+.-]*://', re.IGNORECASE)
_LOCAL = re.compile(r'(?![a-z0-9]+:)', re.IGNORECASE)


class Scheme(enum.StrEnum):
    """The storage of the backup sets."""

    FOLDER = 'folder'
    RESTIC = 'restic'
    RCLONE = 'rclone'


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """Where backup sets are.

    :param place: the path of a folder, restic's repository, or rclone's
        remote and path, as the program accepts it. It may contain passwords.
    """

    scheme: Scheme
    place: str = dataclasses.field(repr=False)

    @property
    def full(self) -> str:
        """The target as a user types it, with its passwords."""
        return self._named(self.place)

    @property
    def shown(self) -> str:
        """The target without its passwords, for messages and documents."""
        if self.scheme is Scheme.FOLDER:
            return self.place
        return self._named(_without_passwords(self.scheme, self.place))

    @property
    def is_of_this_machine(self) -> bool:
        """True if the place is a path of this machine."""
        return self.scheme is Scheme.FOLDER or (
            self.scheme is Scheme.RESTIC
            and _LOCAL.match(self.place) is not None
        )

    @property
    def lacks_passwords(self) -> bool:
        """True if the place contains :data:`HIDDEN` instead of a password."""
        return self.scheme is not Scheme.FOLDER and HIDDEN in self.place

    def _named(self, place: str) -> str:
        if self.scheme is Scheme.FOLDER:
            return place
        return f'{self.scheme}:{place}'


def parse(text: str) -> Address:
    """Return the target in a text.

    The place is not accessed: it may be missing or read-only.

    :raises ValueError: if the text is no target, or probably a mistake. The
        message is for the user and contains no password.
    """
    word, colon, place = text.partition(':')
    if colon and word == Scheme.RESTIC:
        return _restic(place)
    if colon and word == Scheme.RCLONE:
        return _rclone(place)
    why = _no_folder(text)
    if why:
        shown = urls.shown(text, HIDDEN)
        raise ValueError(f'"{shown}" cannot be the target: {why}')
    return Address(Scheme.FOLDER, text)


def kept(text: str) -> Address:
    """Return the target in a text from a document.

    :raises ValueError: if the text is no target, depends on the current
        folder, or contains a password.
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
    return Address(Scheme.RESTIC, place)


def _rclone(place: str) -> Address:
    _require_argument('rclone:REMOTE:PATH', place)
    remote = _remote('rclone:REMOTE:PATH', place)
    path = remote.path.rstrip('/') or remote.path[:1]
    return Address(
        Scheme.RCLONE, place[: len(place) - len(remote.path)] + path
    )


def _remote(form: str, place: str) -> remotes.Remote:
    try:
        return remotes.parse(place)
    except ValueError as exc:
        raise ValueError(
            f'The target {form} cannot be used: {exc}. "rclone listremotes" '
            'lists the remotes, "rclone config" makes them.'
        ) from None


def _require_argument(form: str, place: str) -> None:
    """Raise ValueError if a place has unprintable characters."""
    if not place.isprintable():
        raise ValueError(
            f'The target {form} has a character that cannot be printed.'
        )


def _no_folder(text: str) -> str:
    """Return why a text is no folder, with a hint, ``''`` if it is one."""
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


def _without_passwords(scheme: Scheme, place: str) -> str:
    start = '' if scheme is Scheme.RCLONE else 'rclone:'
    if scheme is Scheme.RESTIC and not place.startswith(start):
        return urls.shown(place, HIDDEN)
    try:
        return start + remotes.shown(place.removeprefix(start), HIDDEN)
    except ValueError:
        return start + HIDDEN

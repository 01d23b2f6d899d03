# SPDX-License-Identifier: Apache-2.0
"""Whether a key opens the disk image of an encrypted volume."""

from collections.abc import Callable, Sequence
import dataclasses
import enum
import itertools
from typing import NamedTuple

from backupclient.keys.luks import keyslot
from backupclient.keys.luks import luks1
from backupclient.keys.luks import luks2
from backupclient.keys.luks import payloads
from backupclient.keys.luks import untrusted

_MAGIC = b'LUKS\xba\xbe'

_BLOCK = 4096

Image = untrusted.Image
_MOST_SECONDS = 300.0


class Opens(enum.StrEnum):
    """The result of a proof."""

    YES = 'yes'
    NO = 'no'
    NOT_CHECKED = 'not checked'


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """What trying the candidates gave.

    :param reason: a sentence for people, ``''`` for a yes.
    :param opened_by: the index of the candidate that opened, None where
        none did.
    :param headerless: there is no LUKS header to try a key on.
    """

    opens: Opens
    reason: str = ''
    opened_by: int | None = None
    headerless: bool = False


class Headerless(untrusted.NotCheckable):
    """The file has no LUKS header; the text says what may be the reason.

    :param blank: the file begins with zeros, or is empty.
    """

    def __init__(self, text: str, *, blank: bool) -> None:
        super().__init__(text)
        self.blank = blank


@dataclasses.dataclass(frozen=True, slots=True)
class Unlocked:
    """A candidate that opened a key slot.

    :param candidate: its index.
    :param volume_key: decrypts the data; not in the repr.
    """

    candidate: int
    volume_key: bytes = dataclasses.field(repr=False)


class Header(NamedTuple):
    """The readers of a version of LUKS.

    :param keyslots: returns the key slots in use.
    :param payload: returns where the encrypted data are.
    """

    keyslots: Callable[[untrusted.Source], tuple[keyslot.Keyslot, ...]]
    payload: Callable[[untrusted.Source], payloads.Payload]


_HEADERS = {
    _MAGIC + b'\0\1': Header(luks1.keyslots, luks1.payload),
    _MAGIC + b'\0\2': Header(luks2.keyslots, luks2.payload),
}


def prove(image: Image, candidates: Sequence[bytes]) -> Proof:
    """Try passphrases on the LUKS1 or LUKS2 header of a raw disk image.

    Only reads, at most some MiB at the beginning. Argon2 takes as much
    memory as the header says, mostly 1 GiB: where that is not free, and for
    whatever else stands against a proof, the key is not checked.

    :param image: opens the disk image at an offset.
    :param candidates: the likely one first.
    :raises BackupError: when the image cannot be read, as it says.
    """
    try:
        return _prove(untrusted.Source(image), candidates)
    except untrusted.NotCheckable as reason:
        return Proof(
            Opens.NOT_CHECKED,
            str(reason),
            headerless=isinstance(reason, Headerless),
        )


def _prove(source: untrusted.Source, candidates: Sequence[bytes]) -> Proof:
    found = unlock(source, header(source).keyslots(source), candidates)
    if found is None:
        return Proof(Opens.NO, 'The key opens no key slot of the LUKS header.')
    return Proof(Opens.YES, opened_by=found.candidate)


def unlock(
    source: untrusted.Source,
    slots: Sequence[keyslot.Keyslot],
    candidates: Sequence[bytes],
) -> Unlocked | None:
    """Return the volume key, None if no candidate opens a key slot.

    :raises NotCheckable: if a key slot cannot be tried and none opens.
    """
    untried = None
    left = _MOST_SECONDS
    for (index, candidate), slot in itertools.product(
        enumerate(candidates), slots
    ):
        try:
            left -= _affordable(slot.effort, left)
            if volume_key := slot.open(candidate, source):
                return Unlocked(index, volume_key)
        except untrusted.NotCheckable as reason:
            # Another slot may open; if none does, the answer is not "no".
            untried = reason
    if untried:
        raise untried
    return None


def header(source: untrusted.Source) -> Header:
    """Return what reads the header, by the version of LUKS.

    :raises NotCheckable: if there is no LUKS header of a known version.
    """
    start = source.start(_BLOCK)
    if found := _HEADERS.get(start[:8]):
        return found
    if start.startswith(_MAGIC):
        raise untrusted.NotCheckable(
            'The version of the LUKS header is not known here.'
        )
    raise Headerless(_without_header(start), blank=not any(start))


def _without_header(start: bytes) -> str:
    """Say what may be there instead of a header."""
    if not start:
        return 'The file is empty.'
    if any(start):
        return (
            'There is no LUKS header at the beginning of the file: it is no '
            'raw disk image, or not encrypted with LUKS.'
        )
    return (
        'The file begins with zeros instead of a LUKS header: so does a '
        'volume that was never attached, as the first attachment writes it.'
    )


def _affordable(seconds: float, left: float) -> float:
    """Give the seconds back, unless they are more than what is left."""
    if seconds > left:
        raise untrusted.NotCheckable(
            'The LUKS header asks for more computing than is sensible: check '
            'the key with "cryptsetup open --test-passphrase".'
        )
    return seconds

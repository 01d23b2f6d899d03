# SPDX-License-Identifier: Apache-2.0
"""Check whether a key opens the disk image of an encrypted volume."""

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
    """The result of trying the candidates.

    :param reason: a sentence for users, ``''`` if a candidate opens.
    :param opened_by: the index of the candidate that opens, None for none.
    :param headerless: whether the file has no LUKS header.
    """

    opens: Opens
    reason: str = ''
    opened_by: int | None = None
    headerless: bool = False


class Headerless(untrusted.NotCheckable):
    """The file has no LUKS header; the text says why that may be.

    :param blank: whether the file is empty or begins with zeros.
    """

    def __init__(self, text: str, *, blank: bool) -> None:
        super().__init__(text)
        self.blank = blank


@dataclasses.dataclass(frozen=True, slots=True)
class Unlocked:
    """A candidate that opened a key slot.

    :param candidate: the candidate's index.
    :param volume_key: the key of the data; not in the repr.
    """

    candidate: int
    volume_key: bytes = dataclasses.field(repr=False)


class Header(NamedTuple):
    """The readers of a LUKS version's header.

    :param keyslots: returns the key slots in use.
    :param payload: returns the place and the cipher of the encrypted data.
    """

    keyslots: Callable[[untrusted.Source], tuple[keyslot.Keyslot, ...]]
    payload: Callable[[untrusted.Source], payloads.Payload]


_HEADERS = {
    _MAGIC + b'\0\1': Header(luks1.keyslots, luks1.payload),
    _MAGIC + b'\0\2': Header(luks2.keyslots, luks2.payload),
}


def prove(image: Image, candidates: Sequence[bytes]) -> Proof:
    """Try passphrases on the LUKS1 or LUKS2 header of a raw disk image.

    Only a few MiB at the beginning are read. Argon2 takes the memory that the
    header says, usually 1 GiB. If that is not free, or the header is damaged
    or not supported, the result is NOT_CHECKED.

    :param image: opens the disk image at an offset.
    :param candidates: passphrases, the likely one first.
    :raises BackupError: if ``image`` fails to read.
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
            # Another slot may open. If none does, the result is
            # NOT_CHECKED instead of NO.
            untried = reason
    if untried:
        raise untried
    return None


def header(source: untrusted.Source) -> Header:
    """Return the readers for a disk image's LUKS version.

    :raises NotCheckable: if there is no LUKS header of a supported version.
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
    """Return the message that there is no header, with the likely reason."""
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
    """Return the seconds if they are left, else raise NotCheckable.

    A forged header could ask for years of computing.
    """
    if seconds > left:
        raise untrusted.NotCheckable(
            'The LUKS header asks for more computing than is sensible: check '
            'the key with "cryptsetup open --test-passphrase".'
        )
    return seconds

# SPDX-License-Identifier: Apache-2.0
"""Check that keys and secrets of a set can be used: the depth ``keys``."""

from collections.abc import Iterator
import dataclasses
import functools
import hashlib
import threading

from backupclient import errors
from backupclient import stops
from backupclient.keys import identity
from backupclient.keys import material
from backupclient.keys.luks import proof as luks
from backupclient.model import copies
from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import verification
from backupclient.operations.verifying import soundness
from backupclient.store import base

LARGEST = 1 << 20
"""The largest key or secret that is read, in bytes."""

_AGE = b'age-encryption.org/'
"""The start of each file in the format of age."""

_QCOW2 = '.qcow2'

# Argon2 takes up to 1 GiB of memory for each trial, so try one at a time.
_one_proof = threading.Lock()


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A finding about one key, secret or image, with a sentence.

    :param provable: as in :class:`~backupclient.model.verification.Row`.
    """

    result: verification.Result
    note: str
    provable: bool = False


def check(
    files: base.Files,
    entry: manifests.Entry,
    identities: identity.Identities,
    stop: stops.Stop,
) -> Iterator[Found]:
    """Try the key of a resource, and check whether its qcow2 image is sound.

    Call this only after the hashes of its files were found to be right.

    :param files: the files of the set.
    :raises TargetError: if a file cannot be read.
    :raises Interrupted: if this thread is to stop.
    """
    if entry.key:
        yield _key(files, entry, entry.key, identities)
    elif _is_encrypted(entry) and entry.file:
        yield Found(
            verification.Result.UNPROVED,
            'Its data are encrypted and the set has no key: only the key in '
            'Barbican opens them.',
        )
    if entry.file and entry.file.path.endswith(_QCOW2):
        yield _image(files, entry.file.path, stop)


def _key(
    files: base.Files,
    entry: manifests.Entry,
    record: copies.KeyRecord,
    identities: identity.Identities,
) -> Found:
    """Read a key, and try it on the data of its resource."""
    material.forbid_core_dumps()
    content = base.read_whole(files, record.path, LARGEST + 1)
    if len(content) > LARGEST:
        return _damaged(record, 'It is too large for a key.')
    if record.path.endswith('.age'):
        if not content.startswith(_AGE):
            return _damaged(record, 'It is not in the format of age.')
        try:
            content = identities.open(content, record.path)
        except identity.NotOpened as exc:
            return Found(verification.Result.UNPROVED, str(exc), provable=True)
    if record.fingerprint not in _fingerprints(content):
        return _damaged(
            record,
            'It is not the key that was exported: its fingerprint is another.',
        )
    if entry.resource.kind is resources.Kind.SECRET or entry.file is None:
        return Found(
            verification.Result.GOOD,
            f'{record.path} can be read, and its fingerprint is right.',
        )
    return _tried(files, entry.file.path, record, content)


def _tried(
    files: base.Files,
    path: str,
    record: copies.KeyRecord,
    content: bytes,
) -> Found:
    """Try a passphrase on the LUKS header of the data."""
    image = functools.partial(files.read, path)
    with _one_proof:
        proof = luks.prove(image, (content, content.hex().encode()))
    if proof.opens is luks.Opens.YES:
        # A secret of type ``passphrase``, which Nova uses in this form.
        how = ', as hexadecimal digits' if proof.opened_by else ''
        return Found(
            verification.Result.GOOD, f'{record.path} opens {path}{how}.'
        )
    if proof.opens is luks.Opens.NO:
        return _damaged(record, f'It does not open {path}: {proof.reason}')
    return Found(
        verification.Result.UNPROVED,
        f'{record.path} could not be tried on {path}: {proof.reason}',
        # If the key could not be tried when it was exported either, another
        # machine will not help.
        provable=record.opens != luks.Opens.NOT_CHECKED,
    )


def _image(files: base.Files, path: str, stop: stops.Stop) -> Found:
    found = soundness.look(files, path, stop)
    note = f'{path}: {found.reason}'
    if found.state is soundness.State.UNSOUND:
        return Found(
            verification.Result.DAMAGED,
            f'{note} Its hash is right, so it was backed up like this.',
        )
    if found.state is soundness.State.UNKNOWN:
        return Found(verification.Result.UNPROVED, note)
    return Found(verification.Result.GOOD, note)


def _is_encrypted(entry: manifests.Entry) -> bool:
    return bool(
        (entry.volume and entry.volume.encrypted)
        or (entry.image and entry.image.key_id)
    )


def _fingerprints(content: bytes) -> frozenset[str]:
    """Return the fingerprints that the key in a file can have.

    A fingerprint is the sha256 of the bytes in Barbican. The file holds these
    bytes, or their hexadecimal digits, which are the LUKS passphrase.
    """
    found = {hashlib.sha256(content).hexdigest()}
    try:
        raw = bytes.fromhex(content.decode('ascii'))
        found.add(hashlib.sha256(raw).hexdigest())
    except ValueError:
        pass
    return frozenset(found)


def _damaged(record: copies.KeyRecord, why: str) -> Found:
    return Found(verification.Result.DAMAGED, f'{record.path}: {why}')


def unreadable(path: str, error: errors.TargetError) -> Found:
    """Return the finding for a file that could not be read."""
    return Found(
        verification.Result.UNPROVED,
        f'{path} cannot be read: {errors.root(error)}.',
        provable=True,
    )

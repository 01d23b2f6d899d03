# SPDX-License-Identifier: Apache-2.0
"""Writing keys and secrets into a backup set."""

from backupclient.keys import material
from backupclient.model import copies
from backupclient.procedures import files
from backupclient.procedures import step
from backupclient.store import base


def write(work: step.Work, path: str, data: bytes) -> bytes:
    """Write a key or a secret into the backup set.

    The file of an earlier try is replaced. With a protector, the content is
    encrypted.

    :returns: the content of the file.
    """
    content, secrecy = data, base.Secrecy.SECRET
    if work.protector:
        content, secrecy = work.protector.seal(data), base.Secrecy.SEALED
    files.of(work).put(path, content, secrecy=secrecy)
    return content


def record(
    work: step.Work, key: material.KeyMaterial, path: str, opens: str
) -> copies.KeyRecord:
    """Return the manifest's record of a key.

    :param opens: the result of the proof, a value of ``Opens``.
    """
    return copies.KeyRecord(
        path=path,
        secret_id=key.secret_id,
        secret_type=key.secret_type,
        algorithm=key.algorithm,
        bit_length=key.bit_length,
        fingerprint=key.fingerprint,
        opens=str(opens),
        protected=work.protector is not None,
    )

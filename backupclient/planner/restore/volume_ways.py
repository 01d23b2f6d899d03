# SPDX-License-Identifier: Apache-2.0
"""Choosing the way in which a volume's data get into the new volume.

Cinder silently accepts encrypted data for a type without encryption. No
server could read that volume. So the plan never combines them: encrypted data
go into such a type only with ``--decrypt``, which decrypts them first.
"""

import dataclasses

from backupclient.model import on_offer
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner import services
from backupclient.planner.restore import artifacts
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene
from backupclient.planner.restore import sources
from backupclient.planner.restore import volume_types

_LUKS_2 = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Chosen:
    """A way, and whether the new volume has to be encrypted.

    :param reason: why this way was chosen, in a sentence.
    """

    way: restores.Way
    encrypted: bool = False
    reason: str = ''


def choose(
    case: scene.Case,
    volume: resources.Volume,
    source: restores.Source,
    type_: on_offer.VolumeType,
) -> rule.Answer[Chosen]:
    """Return the way for a volume.

    :param source: the copy to restore.
    :param type_: the type of the new volume.
    """
    encrypted = is_encrypted(case, source)
    artifact = source.artifact
    if artifact and artifact.kind == artifacts.BACKUP:
        way = restores.Way.BACKUP
        reason = f'Cinder restores its backup {artifact.id}.'
        if not encrypted:
            return rule.Answer(Chosen(way, reason=reason))
        lack = _other_type(case, volume, type_) or _lost_key(case, source)
        return _locked(Chosen(way, True, reason), lack, case, type_)
    if not encrypted:
        reason = _plain(source)
        return rule.Answer(Chosen(restores.Way.PLAIN, reason=reason))
    if source.file:
        return _of_file(case, volume, type_)
    reason = 'The image has a key in this project, which Cinder copies.'
    kept = Chosen(restores.Way.WITH_KEY, True, reason)
    return _locked(kept, _lost_key(case, source), case, type_)


def is_encrypted(case: scene.Case, source: restores.Source) -> bool:
    """Return whether the manifest or the cloud says that data are encrypted.

    The manifest alone is not enough: somebody may have changed it.
    """
    return sources.is_encrypted(case.entry) or bool(_key_id(case, source))


def _of_file(
    case: scene.Case, volume: resources.Volume, type_: on_offer.VolumeType
) -> rule.Answer[Chosen]:
    """Return the way for a file with LUKS blocks, whose key was exported."""
    key, name = case.entry.key, type_.name or 'of the default'
    lack = sources.opened(case)
    opened = restores.Way.OPENED
    if case.request.decrypt and not type_.encrypted:
        reason = (
            f'Decrypted on the way, as --decrypt allows: its type is "{name}".'
        )
        return rule.Answer(
            Chosen(opened, reason=reason),
            lack,
            warnings=('The new volume may be unencrypted.',),
        )
    if volume_types.wanted(case, volume.type_name) != volume.type_name:
        reason = (
            f'Decrypted on the way, and encrypted anew by Cinder: '
            f'--volume-type asks for the type "{name}".'
        )
        return _locked(Chosen(opened, True, reason), lack, case, type_)
    if key and key.luks == _LUKS_2:
        reason = (
            'Decrypted on the way, and encrypted anew by Cinder: newer '
            'releases of Glance refuse LUKS 2.'
        )
        return _locked(Chosen(opened, True, reason), lack, case, type_)
    reason = 'Uploaded as it is, encrypted, with its key as a new secret.'
    missing = services.missing(case.scene.inventory, 'key-manager')
    with_key = Chosen(restores.Way.WITH_KEY, True, reason)
    return _locked(with_key, lack or missing, case, type_)


def _locked(
    chosen: Chosen, lack: str, case: scene.Case, type_: on_offer.VolumeType
) -> rule.Answer[Chosen]:
    """Return the answer for a volume that has to be encrypted.

    :param lack: the obstacle that is known already, ``''`` for none.
    """
    open_ = _open_type(case, type_, chosen)
    warnings = []
    if chosen.way is restores.Way.OPENED and _unproved(case):
        warnings.append(
            'No check has proved that its key opens its data. A volume that '
            'was never attached has no LUKS header yet, and cannot be '
            'decrypted on the way.'
        )
    return rule.Answer(
        chosen,
        ' '.join(filter(None, (lack, open_))),
        warnings=tuple(warnings),
    )


def _unproved(case: scene.Case) -> bool:
    return case.entry.key is not None and case.entry.key.opens != 'yes'


def _open_type(
    case: scene.Case, type_: on_offer.VolumeType, chosen: Chosen
) -> str:
    """Return why a type without encryption is refused, else ``''``."""
    if type_.encrypted is not False:
        return ''
    old = case.entry.volume.type_name if case.entry.volume else ''
    way_out = 'Choose one that encrypts'
    if chosen.way is not restores.Way.BACKUP:
        way_out += f' with --volume-type {old or "OLD"}=NEW'
    if case.entry.key and chosen.way is not restores.Way.BACKUP:
        way_out += ', or store the data without encryption with --decrypt'
    return (
        f'Its data are encrypted, and the volumes of the type "{type_.name}" '
        f'here are not. {way_out}.'
    )


def _other_type(
    case: scene.Case, volume: resources.Volume, type_: on_offer.VolumeType
) -> str:
    """Return why another type is refused, else ``''``.

    Cinder would fail too, but only after it has written all data.
    """
    if volume_types.wanted(case, volume.type_name) == volume.type_name and (
        not (volume.type_id and type_.id) or volume.type_id == type_.id
    ):
        return ''
    return (
        'Cinder restores an encrypted backup only into the very same volume '
        f'type "{volume.type_name}". Leave out --volume-type, or choose the '
        'backup of another run, with a file.'
    )


def _lost_key(case: scene.Case, source: restores.Source) -> str:
    """Return why the key of an artifact is not available, else ``''``."""
    inventory = case.scene.inventory
    missing = services.missing(inventory, 'key-manager')
    key_id = _key_id(case, source)
    if missing or not key_id or 'secret' in inventory.unread:
        return missing
    if any(one.id == key_id for one in inventory.secrets):
        return ''
    return (
        f'The key of its {_copy(source)} is gone: secret {key_id}. Do not try '
        'it by hand: choose the backup of another run with --run.'
    )


def _key_id(case: scene.Case, source: restores.Source) -> str:
    """Return the key ID that the cloud records for an artifact, or ``''``."""
    artifact = source.artifact
    if artifact is None:
        return ''
    found = (
        artifacts.backup(case, artifact.id)
        if artifact.kind == artifacts.BACKUP
        else artifacts.image(case, artifact.id)
    )
    return found.key_id if found else ''


def _plain(source: restores.Source) -> str:
    if source.file:
        return 'Its file becomes an image, and the image becomes a volume.'
    return f'Cinder makes a volume of its {_copy(source)}.'


def _copy(source: restores.Source) -> str:
    if source.artifact is None:
        return 'file'
    kind = source.artifact.kind
    what = 'Cinder backup' if kind == artifacts.BACKUP else kind
    return f'{what} {source.artifact.id}'

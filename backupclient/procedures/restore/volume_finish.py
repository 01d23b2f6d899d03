# SPDX-License-Identifier: Apache-2.0
"""Restoring a volume: the first and the last step, whatever its source."""

import abc
from collections.abc import Iterator
import dataclasses

from backupclient import errors
from backupclient.cloud import new_volumes
from backupclient.cloud import once
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tags
from backupclient.procedures import cause
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures import volume_state
from backupclient.procedures.restore import drill
from backupclient.procedures.restore import image_metadata
from backupclient.procedures.restore import references
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task

_MAKING = frozenset({'creating', 'downloading', 'restoring-backup'})


class MakeVolume(step.Step[interim.Restore]):
    """Let Cinder make the volume from the source that a subclass names."""

    stable_name = 'make-volume'
    title = 'make the volume'
    makes = 'volume_id'

    @abc.abstractmethod
    def source(self, made: interim.Restore) -> tuple[str, str]:
        """Return the request's field for the source, and the source's ID."""

    def do(self, made: interim.Restore) -> interim.Restore:
        cinder = self.cloud.cinder
        marks = self.metadata(tags.Role.TEMPORARY)
        volume_id = once.make_once(
            self._find,
            lambda: new_volumes.create(
                cinder,
                self.name,
                new(self.item),
                self.source(made),
                _metadata(self.item) | marks,
            ),
            self.work.clock,
        )
        self._require_encrypted(volume_id)
        with cause.told(
            self.work,
            volume_id,
            f'{self.item.resource.label} could not be made again',
            'Look at the quotas of the project, and at the volume type.',
        ):
            volume_state.settle(self.work, volume_id, {'available'}, '')
        self._mark(volume_id, marks)
        return dataclasses.replace(made, volume_id=volume_id)

    def undo(self, made: interim.Restore) -> None:
        found = made.volume_id or self._find()
        if found:
            removal.of(self.work).volume(found)

    def _find(self) -> str | None:
        """Return the ID of an earlier try's volume, by its name alone.

        Its tags may be gone: from a backup, Cinder restores also the old
        volume's metadata, which replace those of the request
        (``cinder/backup/driver.py``, ``_restore_vol_meta``).
        """
        return self.cloud.cinder.find_volume(self.name, {})

    def _mark(self, volume_id: str, marks: dict[str, str]) -> None:
        """Set our tags again if the old volume's metadata replaced them."""
        found = self.cloud.cinder.volume(volume_id)
        if found and not marks.items() <= found.metadata.items():
            new_volumes.set_metadata(
                self.cloud.cinder, volume_id, _metadata(self.item) | marks
            )

    def _require_encrypted(self, volume_id: str) -> None:
        """Raise BackupError if encrypted data would go into a plain volume.

        Cinder does not refuse that.

        :raises BackupError: if the new volume is not encrypted but must be.
        """
        if not new(self.item).encrypted:
            return
        volume = self.cloud.cinder.volume(volume_id)
        if volume is not None and not volume.encrypted:
            raise errors.BackupError(
                f'The volume type "{volume.type_name}" does not encrypt, and '
                f'{self.item.resource.label} was encrypted. Choose another '
                f'with --volume-type "{described(self.item).type_name}"=NEW, '
                'or give --decrypt.'
            )


class FinishVolume(step.Step[interim.Restore]):
    """Set the volume's properties and name, so that it is the tenant's."""

    stable_name = 'finish-volume'
    title = 'finish the volume'
    makes = 'restored'

    @staticmethod
    def command(item: plans.Item) -> str:
        volume = shell.value(shell.new(item.resource.id))
        commands = []
        if options := [*filter(None, _differences(item))]:
            commands.append(
                shell.command('openstack volume set', *options, volume)
            )
        if names := image_metadata.surely_inherited(item):
            # Among them is the stored key, which was deleted. The volume has
            # its own copy of it. A cloud may allow only some roles to do this.
            commands.append(
                shell.command(
                    'openstack volume unset',
                    *shell.options('--image-property', names),
                    f'{volume} || true',
                )
            )
        if new(item).encrypted:
            commands.append(
                'openstack --os-volume-api-version 3.64 volume show '
                f'-f value -c encryption_key_id {volume}'
            )
        return '\n'.join(commands)

    def do(self, made: interim.Restore) -> interim.Restore:
        cinder, old = self.cloud.cinder, described(self.item)
        volume_id = made.volume_id
        found = cinder.volume(volume_id)
        if found is None:
            raise errors.NotFound(
                f'Volume {volume_id} was deleted during the restore.', 404
            )
        wanted, _ = references.resolved(
            self.work, self.item, properties.owned(old.image_metadata)
        )
        missing = {
            name: value
            for name, value in wanted.items()
            if found.image_metadata.get(name) != value
        }
        notes = list(_notes(found))
        try:
            new_volumes.set_image_metadata(cinder, volume_id, missing)
            new_volumes.unset_image_metadata(
                cinder, volume_id, image_metadata.inherited(found, old)
            )
        except errors.Forbidden as exc:
            notes.append(f'Its image properties are not all right: {exc}')
        if found.bootable is not old.bootable:
            new_volumes.set_bootable(cinder, volume_id, bootable=old.bootable)
        new_volumes.describe(
            cinder, volume_id, task.of(self.item).name, old.description
        )
        new_volumes.set_metadata(
            cinder,
            volume_id,
            task.restored_tags(self, _metadata(self.item)),
        )
        if old.read_only or properties.read_only(old.metadata):
            new_volumes.set_readonly(cinder, volume_id)
        return dataclasses.replace(
            made,
            restored=volume_id,
            notes=(*made.notes, *notes),
        )


def ending(item: plans.Item) -> step.Steps:
    """Return the steps that follow when the volume exists."""
    if task.of(item).drill:
        return (
            drill.ImageVolume,
            drill.CompareVolume,
            drill.DeleteCompared,
            drill.RemoveVolume,
        )
    return (FinishVolume,)


def described(item: plans.Item) -> resources.Volume:
    """Return the backed-up description of the volume."""
    return task.described(item, resources.Volume)


def new(item: plans.Item) -> restores.NewVolume:
    """Return the description of the new volume."""
    return task.new(item, restores.NewVolume)


def command(item: plans.Item, source: str, version: str = '') -> str:
    """Return the commands that make a volume, and wait for it.

    :param source: the option that names the source of the volume.
    :param version: the option for the API version that this needs, with a
        blank at its end; ``''`` if any version will do.
    """
    wanted, old = new(item), described(item)
    name = task.of(item).name
    create = shell.assign(
        'VOLUME',
        'id',
        f'openstack {version}volume create',
        source,
        f'--size {wanted.size_gib}',
        shell.option('--type', wanted.type_name),
        shell.option('--availability-zone', wanted.zone),
        shell.option('--description', old.description),
        *shell.properties(_metadata(item)),
        shell.positional(name) if name else '',
    )
    wait = shell.ready(item.resource.id, 'volume', 'VOLUME')
    return f'{create}\n{wait}'


def _differences(item: plans.Item) -> Iterator[str]:
    """Yield the options for properties that the new volume may lack.

    Cinder makes each volume from an image bootable, and copies the image's
    properties to it. For a volume from a backup, that depends on the backup
    driver and on the release, so all properties are set.
    """
    volume, way = described(item), new(item).way
    if way is restores.Way.BACKUP:
        yield '--bootable' if volume.bootable else '--non-bootable'
        yield from shell.properties(volume.image_metadata, '--image-property')
    elif not volume.bootable:
        yield '--non-bootable'
    if volume.read_only or properties.read_only(volume.metadata):
        yield '--read-only'


def _metadata(item: plans.Item) -> dict[str, str]:
    """Return the user's metadata of a volume."""
    ours = {tags.RUN, tags.SOURCE, tags.ROLE, 'readonly', 'attached_mode'}
    return {
        name: value
        for name, value in described(item).metadata.items()
        if name not in ours
    }


def _notes(volume: resources.Volume) -> tuple[str, ...]:
    if not volume.encrypted or not volume.key_id:
        return ()
    return (
        f'Secret {volume.key_id} is its key: without it the data are lost. '
        'Cinder deletes it together with the volume.',
    )

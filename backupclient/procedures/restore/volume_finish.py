# SPDX-License-Identifier: Apache-2.0
"""What all ways to a restored volume share: the request, and the finish."""

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
from backupclient.procedures.restore import references
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task

_MAKING = frozenset({'creating', 'downloading', 'restoring-backup'})


class MakeVolume(step.Step[interim.Restore]):
    """Let Cinder make a volume with the data."""

    stable_name = 'make-volume'
    title = 'make the volume'
    makes = 'volume_id'

    @abc.abstractmethod
    def source(self, made: interim.Restore) -> tuple[str, str]:
        """Give the field of the request that names the source, and its ID."""

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
        """Find what an earlier try has made, by its name alone.

        With the data of a backup come the metadata of its volume: Cinder puts
        them in the place of those that the request had
        (``cinder/backup/driver.py``, ``_restore_vol_meta``).
        """
        return self.cloud.cinder.find_volume(self.name, {})

    def _mark(self, volume_id: str, marks: dict[str, str]) -> None:
        """Put our marks back where those of the old volume are."""
        found = self.cloud.cinder.volume(volume_id)
        if found and not marks.items() <= found.metadata.items():
            new_volumes.set_metadata(
                self.cloud.cinder, volume_id, _metadata(self.item) | marks
            )

    def _require_encrypted(self, volume_id: str) -> None:
        """See that encrypted data do not end in a plain volume.

        Cinder accepts that without a word.

        :raises BackupError: the new volume is not encrypted.
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
    """Make the volume what it was, and name it the tenant's."""

    stable_name = 'finish-volume'
    title = 'give it its name and its properties'
    makes = 'restored'

    @staticmethod
    def command(item: plans.Item) -> str:
        volume = shell.value(shell.new(item.resource.id))
        commands = []
        if options := [*filter(None, _differences(item))]:
            commands.append(
                shell.command('openstack volume set', *options, volume)
            )
        if new(item).way is restores.Way.WITH_KEY and task.of(item).source.key:
            # The volume has a copy of its own by now: the property names
            # the one that was deleted.
            commands += [
                'openstack volume unset --image-property '
                f'cinder_encryption_key_id {volume}',
                'openstack --os-volume-api-version 3.64 volume show '
                f'-f value -c encryption_key_id {volume}',
            ]
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
                cinder, volume_id, _inherited(found, old)
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
    """Give the steps for when the volume is there."""
    if task.of(item).drill:
        return (
            drill.ImageVolume,
            drill.CompareVolume,
            drill.DeleteCompared,
            drill.RemoveVolume,
        )
    return (FinishVolume,)


def described(item: plans.Item) -> resources.Volume:
    """Give what a volume was like that comes back."""
    return task.described(item, resources.Volume)


def new(item: plans.Item) -> restores.NewVolume:
    """Give what the new volume has to be."""
    return task.new(item, restores.NewVolume)


def command(item: plans.Item, source: str, version: str = '') -> str:
    """Give the commands that make a volume, and wait for it.

    :param source: the option for what it is made of.
    :param version: the option for the version of the API that has it.
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
    """Give the options for what a new volume has not by itself.

    Cinder makes each volume of an image bootable, and gives it the
    properties of the image. Not every backup driver, and not every release,
    gives back those of a backup.
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
    """Give the user's metadata of a volume."""
    ours = {tags.RUN, tags.SOURCE, tags.ROLE, 'readonly', 'attached_mode'}
    return {
        name: value
        for name, value in described(item).metadata.items()
        if name not in ours
    }


def _inherited(volume: resources.Volume, old: resources.Volume) -> list[str]:
    """Name what the volume has of our image, and the old one had not.

    Cinder also notes the image by its name and its ID, which are ours, and
    the image is gone.
    """
    return [
        name
        for name in volume.image_metadata
        if name not in old.image_metadata
        or name in _OF_THE_IMAGE
        or name.startswith(('backupclient_', 'cinder_encryption_key_'))
    ]


_OF_THE_IMAGE = frozenset(
    {'image_id', 'image_name', 'checksum', 'signature_verified'}
)


def _notes(volume: resources.Volume) -> tuple[str, ...]:
    if not volume.encrypted or not volume.key_id:
        return ()
    return (
        f'Secret {volume.key_id} is its key: without it the data are lost. '
        'Cinder deletes it together with the volume.',
    )

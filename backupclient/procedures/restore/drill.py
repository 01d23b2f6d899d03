# SPDX-License-Identifier: Apache-2.0
"""The steps of a drill: compare the restored resources, then delete them.

A server is built without network, and only after its volumes were compared:
a guest writes to its disks as soon as it boots.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import functools

from backupclient import errors
from backupclient.cloud import image_data
from backupclient.cloud import once
from backupclient.keys import passphrase
from backupclient.keys.luks import opening
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tags
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import key_fetching
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures import volume_state
from backupclient.procedures.restore import luks_opening
from backupclient.procedures.restore import task
from backupclient.store import base
from backupclient.transfer import hasher

OTHER = 'has other data than its backup'
"""Part of the error message if restored data differ from the backup."""

_ZEROS = bytes(base.BLOCK)


class ImageVolume(step.Step[interim.Restore]):
    """Let Cinder make an image of the restored volume, for Glance to hash."""

    stable_name = 'image-volume'
    title = 'copy the volume to an image'
    makes = 'image_id'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack image create --volume VOLUME IMAGE'

    def do(self, made: interim.Restore) -> interim.Restore:
        image_id = once.make_once(
            self._find, lambda: self._start(made), self.work.clock
        )
        image_state.active(self.work, image_id)
        self.cloud.glance.update(
            image_id, self._name, self.metadata(tags.Role.TEMPORARY)
        )
        return dataclasses.replace(made, image_id=image_id)

    def undo(self, made: interim.Restore) -> None:
        found = self._find()
        if found:
            removal.of(self.work).image(found)
        if made.volume_id:
            volume_state.leave(self.work, made.volume_id, {'uploading'})

    @property
    def _name(self) -> str:
        """The name of the volume's image, unlike that of the upload."""
        volume = resources.Resource(
            resources.Kind.IMAGE, '', self.item.resource.id
        )
        return tags.name(self.work.run, volume)

    def _find(self) -> str | None:
        return self.cloud.glance.find_named(
            self.cloud.identity.project_id, self._name
        )

    def _start(self, made: interim.Restore) -> str:
        volume_state.settle(self.work, made.volume_id, {'available'})
        return self.cloud.cinder.create_image(made.volume_id, self._name)


class CompareVolume(step.Step[interim.Restore]):
    """Compare the image of the restored volume with the backup.

    If Glance's hash cannot equal the recorded one, as for data that were
    encrypted anew, the image is read and the decrypted data are compared.
    """

    stable_name = 'compare-volume'
    title = 'compare it with the backup'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack image show IMAGE'

    def do(self, made: interim.Restore) -> interim.Restore:
        image = image_state.present(self.work, made.image_id)
        said = self._compared(made, image)
        return dataclasses.replace(made, notes=(*made.notes, said))

    def _compared(self, made: interim.Restore, image: resources.Image) -> str:
        """Return a note that says how the volume was compared.

        :raises TransferError: if the restored data differ from the backup.
        """
        source, new = task.of(self.item).source, task.of(self.item).new
        if source.file is None:
            return _recorded(image, self._read(image))
        opened = (
            isinstance(new, restores.NewVolume)
            and new.way is restores.Way.OPENED
        )
        if not opened and image.hash_algorithm == 'sha512':
            size = image.size or source.file.size
            if self._padded(size) == image.hash_value:
                return (
                    "Compared: Glance's sha512 of an image of the restored "
                    'volume is that of the file, and of zeros behind it.'
                )
        if source.key is not None:
            return self._compare_plain(made.volume_id, image)
        size = image.size or source.file.size
        if hashing(self._read(image)) == self._padded(size):
            return 'Compared: the image of the restored volume was read.'
        raise self._other()

    def _padded(self, size: int) -> str:
        """Return the sha512 of the file, padded with zeros up to a size."""
        file = task.file(self.item)
        with task.files(self.work, self.item).read(file.path) as stream:
            return hashing(_blocks(stream), size - file.size)

    def _compare_plain(self, volume_id: str, image: resources.Image) -> str:
        """Decrypt the file and the image, and compare the plain data."""
        volume = self.cloud.cinder.volume(volume_id)
        size = luks_opening.plain_size(self.work, self.item)
        file = task.file(self.item)
        with task.files(self.work, self.item).read(file.path) as stream:
            ours = hashing(
                luks_opening.opened(self.work, self.item, size, stream)
            )
        if volume is not None and volume.encrypted:
            theirs = hashing(self._opened(volume, image, size))
        else:
            theirs = hashing(_first(self._read(image), size))
        if ours != theirs:
            raise self._other()
        return 'Compared: the plain data in the image and in the file.'

    def _opened(
        self, volume: resources.Volume, image: resources.Image, size: int
    ) -> Iterator[bytes]:
        """Yield the first plain bytes of an encrypted image."""
        key = key_fetching.fetch(
            self.cloud, image.key_id or volume.key_id, volume.resource.label
        )
        opener = opening.unlock(
            functools.partial(_opened_at, self.cloud.glance.data(image.id)),
            passphrase.candidates(key),
        )
        return _first(map(opener.feed, self._read(image)), size)

    def _read(self, image: resources.Image) -> Iterator[bytes]:
        with self.cloud.glance.data(image.id).open(0) as opened:
            while block := opened.read(base.BLOCK):
                self.work.clock.stop.check()
                yield block

    def _other(self) -> errors.TransferError:
        return errors.TransferError(
            f'The restored {self.item.resource.label} {OTHER}.'
        )


class DeleteCompared(step.Step[interim.Restore]):
    """Delete the image of the volume."""

    stable_name = 'delete-compared'
    title = 'delete the image'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack image delete IMAGE'

    def do(self, made: interim.Restore) -> interim.Restore:
        removal.of(self.work).image(made.image_id)
        return made


class RemoveVolume(step.Step[interim.Restore]):
    """Delete the restored volume."""

    stable_name = 'remove-volume'
    title = 'take the volume away again'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack volume delete VOLUME'

    def do(self, made: interim.Restore) -> interim.Restore:
        removal.of(self.work).volume(made.volume_id)
        return made


class RemoveImage(step.Step[interim.Restore]):
    """Delete the uploaded image, after Glance has hashed it."""

    stable_name = 'remove-image'
    title = 'take the image away again'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack image delete IMAGE'

    def do(self, made: interim.Restore) -> interim.Restore:
        removal.of(self.work).image(made.image_id)
        if made.secret_id:
            removal.of(self.work).secret(made.secret_id)
        said = "Compared: Glance's hash of the uploaded image."
        return dataclasses.replace(made, notes=(*made.notes, said))


class RemoveSecret(step.Step[interim.Restore]):
    """Delete the stored secret, after its payload was read back."""

    stable_name = 'remove-secret'
    title = 'take the secret away again'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack secret delete SECRET'

    def do(self, made: interim.Restore) -> interim.Restore:
        removal.of(self.work).secret(made.secret_id)
        said = 'Compared: the payload was read back.'
        return dataclasses.replace(made, notes=(*made.notes, said))


class RemoveServer(step.Step[interim.Restore]):
    """Delete the built server, after it was seen to run."""

    stable_name = 'remove-server'
    title = 'take the server away again'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack server delete SERVER'

    def do(self, made: interim.Restore) -> interim.Restore:
        removal.of(self.work).server(made.server_id)
        said = 'Built without network, and seen ACTIVE.'
        return dataclasses.replace(made, notes=(*made.notes, said))


def hashing(blocks: Iterator[bytes], zeros: int = 0) -> str:
    """Return the sha512 of blocks, followed by a number of zero bytes."""
    with contextlib.closing(hasher.Hasher({'sha512'})) as found:
        for block in blocks:
            found.update(block)
        while zeros > 0:
            found.update(_ZEROS[:zeros])
            zeros -= len(_ZEROS)
        return found.digests()['sha512']


def _recorded(image: resources.Image, blocks: Iterator[bytes]) -> str:
    """Return the volume's hash as a note: its backup has none recorded."""
    value = image.hash_value
    if image.hash_algorithm != 'sha512' or not value:
        value = hashing(blocks)
    return f'sha512:{value}'


def _blocks(stream: base.Stream) -> Iterator[bytes]:
    while block := stream.read(base.BLOCK):
        yield block


def _first(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the first bytes of a stream, but read it to its end."""
    for block in blocks:
        if size and block:
            yield block[:size]
        size -= min(size, len(block))


@contextlib.contextmanager
def _opened_at(
    data: image_data.ImageData, offset: int
) -> Iterator[base.Stream]:
    """Open an image at an offset, even if Glance ignores the range."""
    with data.open(offset) as opened:
        skip = offset - opened.start
        while skip > 0:
            skip -= len(opened.read(min(skip, base.BLOCK)))
        yield opened

# SPDX-License-Identifier: Apache-2.0
"""What encrypted data need before they are of any use: their key."""

import dataclasses

from backupclient.model import copies
from backupclient.model import manifests
from backupclient.sets.instructions import barbican
from backupclient.sets.instructions import key as key_
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell

_PROPERTY = 'cinder_encryption_key_id'
# What Cinder calls a key that is in its own configuration and that nobody
# can export (``cinder/keymgr/conf_key_mgr.py``).
_FIXED_KEY = '00000000-0000-0000-0000-000000000000'


@dataclasses.dataclass(frozen=True, slots=True)
class Lock:
    """What encryption adds to a section; nothing where there is none.

    :param before: paragraphs that bring the key.
    :param option: of the image, quoted.
    :param stored: a key was stored for the image.
    :param image_key: paragraphs on the key of an image that stays.
    :param without_openstack: paragraphs on the file alone.
    """

    before: tuple[str, ...] = ()
    option: str = ''
    stored: bool = False
    image_key: tuple[str, ...] = ()
    without_openstack: tuple[str, ...] = ()

    def tidy(self, new: str) -> tuple[str, ...]:
        """Give the commands for when the volume has a key of its own.

        Cinder takes over the image's properties, so that the volume names
        the key that is deleted here.

        :param new: the variable with the volume's ID.
        """
        if not self.stored:
            return ()
        return (
            barbican.delete('SECRET'),
            f'openstack volume unset --image-property {_PROPERTY} '
            f'{shell.value(new)}',
        )

    def own_key(self, new: str) -> tuple[str, ...]:
        """Give the paragraphs on the key of the new volume."""
        if not self.stored:
            return ()
        return (
            'Cinder made a copy of the key for the new volume, with the same '
            'name. **This copy, a secret `key of ...`, is the key of the new '
            'volume. Do not delete it: without it the data are lost.** '
            'Cinder deletes it together with the volume. This prints its ID:',
            markdown.block(
                'openstack --os-volume-api-version 3.64 volume show '
                f'-f value -c encryption_key_id {shell.value(new)}'
            ),
        )


def of_volume(entry: manifests.Entry) -> Lock:
    """Give what the encryption of a volume's file adds."""
    volume = entry.volume
    if volume is None or not (volume.encrypted or entry.key):
        return Lock()
    return _lock(entry, volume.key_id)


def of_image(entry: manifests.Entry) -> Lock:
    """Give what the encryption of an image's file adds."""
    key_id = entry.image.key_id if entry.image else ''
    if not (key_id or entry.key):
        return Lock()
    return _lock(entry, key_id)


def _lock(entry: manifests.Entry, key_id: str) -> Lock:
    if entry.key is None or entry.file is None:
        return _without_key(key_id)
    return Lock(
        before=(
            f'{_proof(entry.key)} Store the key again; it gets a new ID:',
            markdown.block(
                key_.store(
                    entry.key, entry.resource.name or entry.resource.id
                ),
                'KEY=${SECRET##*/}',
            ),
        ),
        option=f'--property {_PROPERTY}={shell.value("KEY")}',
        stored=True,
        image_key=(
            'The secret `key of ...` is now the key of this image. **Do not '
            'delete it while the image exists.** Deleting the image does not '
            'delete the secret.',
        ),
        without_openstack=key_.unlocking(entry.key, entry.file.path),
    )


def _without_key(key_id: str) -> Lock:
    """Nothing but the cloud itself can open the data."""
    return Lock(
        before=(
            '**The data are encrypted, and their key is not in this set.** '
            'They can be used only in the cloud that they come from, and only '
            'while it still has the key that is named here:',
        ),
        option=shell.option(
            '--property', f'{_PROPERTY}={key_id or _FIXED_KEY}'
        ),
    )


def _proof(key: copies.KeyRecord) -> str:
    if key.opens == 'yes':
        return 'The data are encrypted, and the key was proved to open them.'
    return (
        'The data are encrypted. The key could not be proved to open them: '
        'a volume that was never attached may have no LUKS header yet.'
    )

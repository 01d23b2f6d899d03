# SPDX-License-Identifier: Apache-2.0
"""Restoring an image: uploading its data from the set to Glance."""

import dataclasses
import functools
import logging

from backupclient import errors
from backupclient import pauses
from backupclient.cloud import new_images
from backupclient.cloud import once
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import tags
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures.restore import drill
from backupclient.procedures.restore import image_metadata
from backupclient.procedures.restore import key_store
from backupclient.procedures.restore import references
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task
from backupclient.transfer import upload

LOG = logging.getLogger(__name__)

_PATIENCE = 60.0
"""The total of the pauses, in seconds, between the tries of an upload."""


class Upload(step.Step[interim.Restore]):
    """Make an image from a file of the set.

    Glance cannot continue an upload that broke off. Its image is deleted, and
    the upload starts again with a new one.
    """

    stable_name = 'upload-image'
    title = 'upload'
    makes = 'image_id'

    @staticmethod
    def command(item: plans.Item) -> str:
        return command(
            described(item),
            shell.new(item.resource.id),
            task.file(item).path,
            task.of(item).name,
            with_key=task.of(item).source.key is not None,
        )

    def do(self, made: interim.Restore) -> interim.Restore:
        found = self._find()
        if found and self._has_arrived(found):
            # An earlier try has uploaded all data.
            return self._checked(made, found)
        for pause in (*pauses.within(_PATIENCE), None):
            image_id = self._present(made)
            try:
                new_images.upload(self.cloud.glance, image_id, self.body())
                break
            except errors.CloudError as exc:
                if self._has_arrived(image_id):
                    break
                if pause is None or not exc.passes:
                    raise
                LOG.info('%s The upload begins anew in %g s', exc, pause)
            self.work.clock.sleep(pause)
        return self._checked(made, image_id)

    def undo(self, made: interim.Restore) -> None:
        image_id = made.image_id or self._find()
        if image_id:
            removal.of(self.work).image(image_id)

    def body(self) -> upload.Body:
        """Return the data to send."""
        file = task.file(self.item)
        return upload.Body(
            task.files(self.work, self.item),
            file,
            file.size,
            self.work.clock,
            functools.partial(self.work.reporter.progress, self.item.resource),
        )

    def image(self) -> resources.Image:
        """Return the description of the image to make."""
        return described(self.item)

    def properties(self, made: interim.Restore) -> dict[str, str]:
        """Return the properties of the new image, with the run's tags."""
        found, _ = self._resolved()
        if made.secret_id:
            found[image_metadata.KEY] = made.secret_id
        return found | self.metadata(tags.Role.TEMPORARY)

    def _resolved(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the owner's properties, and notes on those left out."""
        said = self.image().properties
        return references.resolved(
            self.work,
            self.item,
            properties.owned(said) | properties.signature(said),
        )

    def _present(self, made: interim.Restore) -> str:
        """Return the ID of an image without data, an earlier try's or new."""
        image_id = self._find()
        if image_id and self.cloud.glance.state(image_id) != 'queued':
            removal.of(self.work).image(image_id)
        return once.make_once(
            self._find,
            lambda: new_images.create(
                self.cloud.glance,
                self.name,
                self.image(),
                self.properties(made),
            ),
            self.work.clock,
        )

    def _find(self) -> str | None:
        return self.cloud.glance.find(
            self.cloud.identity.project_id,
            self.name,
            self.metadata(tags.Role.TEMPORARY),
        )

    def _has_arrived(self, image_id: str) -> bool:
        """Return whether the image is complete, though the answer was lost."""
        found = self.cloud.glance.image(image_id)
        return found is not None and found.status == 'active'

    def _checked(
        self, made: interim.Restore, image_id: str
    ) -> interim.Restore:
        """Compare Glance's size and hash of the image with the sent data.

        :raises TransferError: if they differ.
        """
        image, body = image_state.active(self.work, image_id), self.body()
        wrong = image.size != len(body)
        if body.sent_as is upload.as_it_is:
            known = body.file.digests.get(image.hash_algorithm)
            wrong |= bool(known and known != image.hash_value)
        if wrong:
            raise errors.TransferError(
                f'Glance has other data in image {image.id} than were sent '
                f'from {body.file.path}. Try again.'
            )
        _, notes = self._resolved()
        return dataclasses.replace(
            made, image_id=image_id, notes=(*made.notes, *notes)
        )


class FinishImage(step.Step[interim.Restore]):
    """Give the image its name, so that it belongs to the tenant."""

    stable_name = 'finish-image'
    title = 'finish the image'
    makes = 'restored'

    @staticmethod
    def command(item: plans.Item) -> str:
        # The command that makes the image sets its name, but it has no
        # option for a hidden image.
        if not described(item).hidden:
            return ''
        new = shell.value(shell.new(item.resource.id))
        return f'openstack image set --hidden {new}'

    def do(self, made: interim.Restore) -> interim.Restore:
        notes: tuple[str, ...] = ()
        if made.secret_id:
            notes = (f'Secret {made.secret_id} is its key: keep it.',)
            self._keep_key(made)
        new_images.finish(
            self.cloud.glance,
            made.image_id,
            task.of(self.item).name,
            described(self.item),
            self.metadata(tags.Role.RESTORED),
        )
        return dataclasses.replace(
            made, restored=made.image_id, notes=(*made.notes, *notes)
        )

    def _keep_key(self, made: interim.Restore) -> None:
        """Mark the key so that it stays."""
        key_store.keep(self, made.secret_id)


def command(
    image: resources.Image,
    variable: str,
    path: str,
    name: str,
    *,
    with_key: bool = False,
) -> str:
    """Return the command that makes an image from a file.

    :param image: the description of the new image.
    :param variable: the shell variable for the image's ID.
    :param path: the path of the file.
    :param name: the name of the new image.
    :param with_key: the data are encrypted, and the shell variable ``KEY``
        has the ID of the secret that opens them.
    """
    return shell.assign(
        variable,
        'id',
        'openstack image create --private',
        f'{shell.option("--disk-format", image.disk_format or "raw")} '
        + shell.option('--container-format', image.container_format or 'bare'),
        f'--min-disk {image.min_disk} --min-ram {image.min_ram}'
        if image.min_disk or image.min_ram
        else '',
        '--protected' if image.protected else '',
        *shell.properties(properties.owned(image.properties)),
        f'--property {image_metadata.KEY}={shell.value("KEY")}'
        if with_key
        else '',
        *shell.options('--tag', image.tags),
        f'--file {shell.word(path)}',
        shell.positional(name),
    )


def described(item: plans.Item) -> resources.Image:
    """Return the backed-up description of an image or a server's own disk."""
    return task.of(item).own_disk or task.described(item, resources.Image)


def steps(item: plans.Item) -> step.Steps:
    """Return the steps: store the key if there is one, upload, rename."""
    key = (key_store.StoreKey,) if task.of(item).source.key else ()
    end = drill.RemoveImage if task.of(item).drill else FinishImage
    return (*key, Upload, end)

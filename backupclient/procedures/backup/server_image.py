# SPDX-License-Identifier: Apache-2.0
"""Guide: "Ephemeral Storage backup using Glance images"."""

from collections.abc import Collection
import dataclasses

from backupclient import errors
from backupclient.cloud import once
from backupclient.cloud import waiting
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures.backup import artifacts
from backupclient.procedures.backup import capture
from backupclient.procedures.backup import image_end

_CAPTURABLE = frozenset({'active', 'shutoff', 'paused', 'suspended'})
_IDLE = 'idle'


class ImageServer(step.Step[interim.Backup]):
    """Copy the server's root disk into an image.

    The attached volumes and the ephemeral and swap disks are not in it
    (``nova/virt/libvirt/driver.py:snapshot`` copies the first disk).
    """

    stable_name = 'image-server'
    title = 'copy the root disk to an image'
    makes = 'image_id'
    captures = True

    @staticmethod
    def command(item: plans.Item) -> str:
        return f'openstack server image create --name IMAGE {item.resource.id}'

    def do(self, made: interim.Backup) -> interim.Backup:
        image_id = once.make_once(self._find, self._start, self.work.clock)
        image = self._finish(image_id)
        # The image is active before the server's task ends. Wait for the
        # task, so that the server takes requests again. If the server is
        # deleted meanwhile, the image is complete all the same.
        self._settle({waiting.GONE})
        self.cloud.glance.update(
            image_id,
            artifacts.image_name(self.work, self.item),
            self._tags(),
        )
        made = dataclasses.replace(
            made, image_id=image_id, described=_described(image)
        )
        return capture.note_state(self.work, self.item, made, image.created_at)

    def undo(self, made: interim.Backup) -> None:
        image_id = made.image_id or self._find()
        if image_id:
            removal.of(self.work).image(image_id)

    def _tags(self) -> dict[str, str]:
        return self.metadata(artifacts.role(self.item))

    def _find(self) -> str | None:
        return self.cloud.glance.find(
            self.cloud.identity.project_id, self.name, self._tags()
        )

    def _start(self) -> str:
        self._settle()
        return self.cloud.nova.create_image(
            self.item.resource.id, self.name, self._tags()
        )

    def _finish(self, image_id: str) -> resources.Image:
        try:
            return image_state.active(self.work, image_id)
        except errors.WaitTimeout:
            raise
        except errors.WaitFailed as exc:
            raise errors.WaitFailed(
                f'{self.item.resource.label} could not be copied to an '
                f'image: {exc} "openstack server event list" tells more.'
            ) from exc

    def _settle(self, ends: Collection[str] = ()) -> None:
        """Wait until the server can take a request.

        :param ends: other states that end the wait.
        """
        server_id = self.item.resource.id

        def read() -> str:
            server = self.cloud.nova.server(server_id)
            if server is None:
                return waiting.GONE
            if server.task_state:
                return server.task_state
            status = server.status.lower()
            return _IDLE if status in _CAPTURABLE else status

        self.work.waiter.until(
            {_IDLE, *ends},
            read,
            f'Server {server_id}',
            bad={'deleted', 'error', 'shelved', 'shelved_offloaded'},
        )


def _described(image: resources.Image) -> resources.Image:
    """Return the image with the properties that a restore sets.

    They describe the server's hardware. Nova recorded them when the server
    was created; its original image may be deleted or changed by now
    (``nova/compute/utils.py:initialize_instance_snapshot_metadata``).
    """
    return dataclasses.replace(
        image, properties=properties.owned(image.properties)
    )


def steps(item: plans.Item) -> step.Steps:
    """Return the steps that let Nova copy a server's disk to an image."""
    return (ImageServer, *image_end.steps(item))

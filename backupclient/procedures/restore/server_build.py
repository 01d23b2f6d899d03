# SPDX-License-Identifier: Apache-2.0
"""Restoring a server: building it from its own disk and its volumes."""

from collections.abc import Iterator
import dataclasses
import re

from backupclient import errors
from backupclient.cloud import new_servers
from backupclient.cloud import once
from backupclient.cloud import waiting
from backupclient.model import names
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tags
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures.restore import drill
from backupclient.procedures.restore import image_upload
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task
from backupclient.procedures.restore import volume_from_image

_SINCE = '2.52'
"""The microversion that can make a server with tags and a description."""

_DEVICE = re.compile('/dev/[0-9a-z]{1,16}')


class UploadDisk(image_upload.Upload):
    """Make an image from the file of the server's own disk.

    It is deleted when the server is built.
    """

    @staticmethod
    def command(item: plans.Item) -> str:
        return image_upload.command(
            image_upload.described(item),
            'IMAGE',
            task.file(item).path,
            names.temporary_image(item.resource),
        )


class BuildServer(step.Step[interim.Restore]):
    """Let Nova build the server, with all of its disks attached."""

    stable_name = 'build-server'
    title = 'build the server'
    makes = 'server_id'

    @staticmethod
    def command(item: plans.Item) -> str:
        create = shell.assign(
            'SERVER',
            'id',
            f'openstack --os-compute-api-version {_SINCE} server create',
            *_options(item),
            shell.positional(task.of(item).name),
        )
        wait = shell.ready(item.resource.id, 'server', 'SERVER')
        return f'{create}\n{wait}'

    def do(self, made: interim.Restore) -> interim.Restore:
        nova, old = self.cloud.nova, described(self.item)
        marks = self.metadata(tags.Role.TEMPORARY)
        disks = self._disks(made)
        with image_state.needed(self.work, disks[0].image_id):
            server_id = once.make_once(
                lambda: new_servers.find(nova, self.name, marks),
                lambda: new_servers.create(
                    nova,
                    self.name,
                    task.of(self.item).name or old.name,
                    _new(self.item),
                    disks,
                    _metadata(old) | marks,
                    description=old.description or '',
                    config_drive=old.config_drive,
                ),
                self.work.clock,
            )
        self._wait(server_id)
        return dataclasses.replace(made, server_id=server_id)

    def undo(self, made: interim.Restore) -> None:
        found = made.server_id or new_servers.find(
            self.cloud.nova, self.name, self.metadata(tags.Role.TEMPORARY)
        )
        if found:
            removal.of(self.work).server(found)

    def _disks(self, made: interim.Restore) -> list[new_servers.Disk]:
        wanted = _new(self.item)
        return [
            self._root(wanted, made),
            *(
                new_servers.Disk(
                    volume_id=self._restored(f'volume/{each.volume_id}'),
                    device=each.device,
                )
                for each in wanted.disks
            ),
        ]

    def _root(
        self, wanted: restores.NewServer, made: interim.Restore
    ) -> new_servers.Disk:
        if wanted.boot_volume:
            volume_id = self._restored(f'volume/{wanted.boot_volume}')
            return new_servers.Disk(volume_id=volume_id)
        if wanted.boot_image:
            image_id = self._restored(f'image/{wanted.boot_image}')
            return new_servers.Disk(image_id=image_id)
        artifact = task.of(self.item).source.artifact
        return new_servers.Disk(
            image_id=artifact.id if artifact else made.image_id
        )

    def _restored(self, place: str) -> str:
        made = self.work.made_of(place)
        found = made.restored
        if task.of(self.item).drill:
            # In a drill nothing is finished, but the volumes and images
            # exist until this server is removed.
            found = made.volume_id or made.image_id
        if not found:
            raise errors.DocumentError(
                f'{self.item.resource.label} needs {place}, which is not '
                'back. Start a new restore.'
            )
        return found

    def _wait(self, server_id: str) -> None:
        nova = self.cloud.nova

        def state() -> str:
            return new_servers.state(nova.server(server_id), waiting.GONE)

        try:
            self.work.waiter.until(
                {'active'}, state, f'Server {server_id}', bad={'error'}
            )
        except errors.WaitTimeout:
            raise
        except errors.WaitFailed as exc:
            why = new_servers.fault(nova, server_id)
            raise errors.WaitFailed(
                f'{self.item.resource.label} could not be built: '
                f'{why or exc} Look at the quotas of the project, and choose '
                'another flavor or zone.'
            ) from exc


class FinishServer(step.Step[interim.Restore]):
    """Give the server its name, so that it belongs to the tenant."""

    stable_name = 'finish-server'
    title = 'give it its name'
    makes = 'restored'

    @staticmethod
    def command(item: plans.Item) -> str:
        # The command that builds the server sets its name and its tags.
        return ''

    def do(self, made: interim.Restore) -> interim.Restore:
        nova, old = self.cloud.nova, described(self.item)
        if old.tags:
            new_servers.set_tags(nova, made.server_id, old.tags)
        new_servers.rename(nova, made.server_id, task.of(self.item).name)
        new_servers.set_metadata(
            nova, made.server_id, task.restored_tags(self, _metadata(old))
        )
        return dataclasses.replace(made, restored=made.server_id)


def described(item: plans.Item) -> resources.Server:
    """Return the backed-up description of the server."""
    return task.described(item, resources.Server)


def steps(item: plans.Item) -> step.Steps:
    """Return the steps that build the server.

    If its own disk is in a file, the file is uploaded as an image first.
    """
    drilled = task.of(item).drill
    end = drill.RemoveServer if drilled else FinishServer
    if task.of(item).source.file is None:
        return (BuildServer, end)
    if drilled:
        # Some hosts need the image for as long as the server is there.
        return (
            image_upload.Upload,
            BuildServer,
            end,
            volume_from_image.DeleteUpload,
        )
    return (
        UploadDisk,
        BuildServer,
        volume_from_image.DeleteUpload,
        FinishServer,
    )


def _options(item: plans.Item) -> Iterator[str]:
    """Yield the options of the command that makes a server."""
    old, wanted = described(item), _new(item)
    yield _root(item, wanted)
    yield shell.option('--flavor', wanted.flavor_name)
    for disk in wanted.disks:
        yield _disk(disk)
    yield from shell.options('--network', wanted.networks)
    if not wanted.networks:
        yield '--nic none'
    yield from shell.options('--security-group', wanted.security_groups)
    yield shell.option('--key-name', wanted.key_name)
    yield shell.option('--availability-zone', wanted.zone)
    yield shell.option('--description', old.description or '')
    yield '--use-config-drive' if old.config_drive else ''
    yield from shell.properties(_metadata(old))
    yield from shell.options('--tag', old.tags)


def _root(item: plans.Item, wanted: restores.NewServer) -> str:
    if wanted.boot_volume:
        return f'--volume {shell.value(shell.new(wanted.boot_volume))}'
    if wanted.boot_image:
        return f'--image {shell.value(shell.new(wanted.boot_image))}'
    artifact = task.of(item).source.artifact
    if artifact:
        return f'--image {shell.word(artifact.id)}'
    return f'--image {shell.value("IMAGE")}'


def _disk(disk: restores.Disk) -> str:
    found = (
        f'--block-device uuid={shell.value(shell.new(disk.volume_id))},'
        'source_type=volume,destination_type=volume,boot_index=-1'
    )
    if _DEVICE.fullmatch(disk.device):
        found += f',device_name={disk.device}'
    return found


def _new(item: plans.Item) -> restores.NewServer:
    return task.new(item, restores.NewServer)


def _metadata(server: resources.Server) -> dict[str, str]:
    ours = {tags.RUN, tags.SOURCE, tags.ROLE}
    return {k: v for k, v in server.metadata.items() if k not in ours}

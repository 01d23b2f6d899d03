# SPDX-License-Identifier: Apache-2.0
"""Guide: "Image backup using download"."""

import dataclasses
import itertools
import shlex

from backupclient import errors
from backupclient import pauses
from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.procedures import files
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures.backup import capture
from backupclient.procedures.backup import key_export
from backupclient.transfer import comparison
from backupclient.transfer import download
from backupclient.transfer import rates
from backupclient.transfer import sources

_TRIES = 3
"""How often a download is started when the store loses the file."""


class Download(step.Step[interim.Backup]):
    """Bring an image's data into a file of the backup set."""

    stable_name = 'download'
    title = 'download'
    makes = 'file'

    @staticmethod
    def command(item: plans.Item) -> str:
        image = item.image.id if item.image else 'IMAGE'
        file = shlex.quote(item.result.replace('.*', '.FORMAT'))
        return f'openstack image save --file {file} {image}'

    def do(self, made: interim.Backup) -> interim.Backup:
        image = image_state.active(self.work, self._image_id(made))
        if self.item.image is None:
            # The ID is from the journal, which someone may have edited.
            removal.of(self.work).require_own(
                f'image {image.id}', image.name, image.properties
            )
        path = layout.data_file(self.item.resource, image.disk_format)
        received = self._received(image, path, made)
        made = dataclasses.replace(
            made,
            file=copies.FileRecord(
                path, received.size, received.digests, received.verified
            ),
        )
        return capture.note_state(self.work, self.item, made, image.created_at)

    def _received(
        self, image: resources.Image, path: str, made: interim.Backup
    ) -> comparison.Proved:
        """Download the data; start again if the store loses the file."""
        for pause in itertools.islice(pauses.growing(), _TRIES - 1):
            try:
                return self._download_once(image, path, made)
            except errors.TargetLost as exc:
                self.work.reporter.say(
                    f'{self.item.resource.label}: {exc} The file starts anew.'
                )
                self.work.clock.sleep(pause)
        return self._download_once(image, path, made)

    def _download_once(
        self, image: resources.Image, path: str, made: interim.Backup
    ) -> comparison.Proved:
        known = made.captured.at if made.captured else image.created_at
        captured_at = stamps.read(known)
        into = files.of(self.work)
        return download.download(
            self._source(image.id),
            into.dated(captured_at) if captured_at else into,
            path,
            comparison.Expected(
                size=image.size,
                algorithm=image.hash_algorithm,
                value=image.hash_value,
                md5=image.checksum,
            ),
            clock=self.work.clock,
            progress=self._progress,
        )

    def _source(self, image_id: str) -> sources.Source:
        data = self.cloud.glance.data(image_id)
        if self.work.rate is None:
            return data
        return rates.Limited(data, self.work.rate)

    def undo(self, made: interim.Backup) -> None:
        path = made.file.path if made.file else self._begun(made)
        if path:
            files.of(self.work).delete(path)

    def _begun(self, made: interim.Backup) -> str:
        """Return the path of a download that has not finished.

        It depends on the format of the image: ``''`` if the image is gone.
        """
        image = self.cloud.glance.image(self._image_id(made))
        if image is None:
            return ''
        return layout.data_file(self.item.resource, image.disk_format)

    def _image_id(self, made: interim.Backup) -> str:
        if self.item.image is not None:
            return self.item.image.id
        return made.image_id

    def _progress(self, done: int, total: int | None) -> None:
        self.work.reporter.progress(self.item.resource, done, total)


def bring_out(item: plans.Item) -> step.Steps:
    """Return the steps that download an image, and its key if it has one."""
    return (Download, key_export.ExportKey) if item.encrypted else (Download,)


def steps(item: plans.Item) -> step.Steps:
    """Return the steps for an image that already exists."""
    return bring_out(item)

# SPDX-License-Identifier: Apache-2.0
"""Guide: "Barbican secrets backup using download"."""

import dataclasses
import hashlib
import shlex

from backupclient import errors
from backupclient.keys.luks import proof as luks
from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import plans
from backupclient.procedures import files
from backupclient.procedures import interim
from backupclient.procedures import key_fetching
from backupclient.procedures import step
from backupclient.procedures.backup import capture
from backupclient.procedures.backup import secret_description
from backupclient.procedures.backup import set_keys


class DownloadSecret(step.Step[interim.Backup]):
    """Write a secret's payload into a file, byte for byte."""

    stable_name = 'download-secret'
    title = 'download the secret'
    makes = 'file'

    @staticmethod
    def command(item: plans.Item) -> str:
        return (
            'openstack secret get --payload_content_type '
            f'application/octet-stream --file {shlex.quote(item.result)} '
            f'{item.resource.id}'
        )

    def do(self, made: interim.Backup) -> interim.Backup:
        resource = self.item.resource
        key = key_fetching.fetch(self.cloud, resource.id, resource.label)
        if self.item.secret is not None:
            made = secret_description.describe(
                self.cloud, self.item.secret, made
            )
        content = set_keys.write(self.work, self._path(), key.payload)
        made = dataclasses.replace(
            made,
            file=copies.FileRecord(
                self._path(),
                len(content),
                {'sha512': hashlib.sha512(content).hexdigest()},
            ),
            key=set_keys.record(
                self.work, key, self._path(), luks.Opens.NOT_CHECKED
            ),
        )
        return capture.note_state(self.work, self.item, made)

    def undo(self, made: interim.Backup) -> None:
        files.of(self.work).delete(self._path())

    def _path(self) -> str:
        return layout.secret_file(
            self.item.resource.id, protected=self.work.protector is not None
        )


class DescribeSecret(step.Step[interim.Backup]):
    """Read the metadata and the ACL of a secret that has no payload."""

    stable_name = 'describe-secret'
    title = 'read what is known of the secret'
    makes = 'described'

    @staticmethod
    def command(item: plans.Item) -> str:
        return f'openstack secret get {item.resource.id}'

    def do(self, made: interim.Backup) -> interim.Backup:
        resource = self.item.resource
        found = self.cloud.barbican.secret(resource.id)
        if found is None:
            raise errors.NotFound(
                f'{resource.label} was deleted since it was planned.', 404
            )
        if found.content_type:
            # Without the payload, the backup would still count as complete.
            raise errors.BackupError(
                f'{resource.label} got a payload since it was planned: back '
                'it up in a new run.'
            )
        secret = self.item.secret or found
        return capture.note_state(
            self.work,
            self.item,
            secret_description.describe(self.cloud, secret, made),
        )


def steps(item: plans.Item) -> step.Steps:
    """Return the one step that backs up a secret, with or without payload."""
    if item.secret is not None and not item.secret.content_type:
        return (DescribeSecret,)
    return (DownloadSecret,)

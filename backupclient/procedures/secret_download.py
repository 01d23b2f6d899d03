# SPDX-License-Identifier: Apache-2.0
"""Guide: "Barbican secrets backup using download"."""

import dataclasses
import hashlib
import shlex

from backupclient.keys import keyfile
from backupclient.keys.luks import proof as luks
from backupclient.model import layout
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.procedures import files
from backupclient.procedures import key_export
from backupclient.procedures import step


class DownloadSecret(step.Step):
    """Write a secret's payload into a file, byte for byte."""

    stable_name = 'download-secret'
    title = 'download the secret'
    makes = 'file'

    @staticmethod
    def command(item: plan_.Item) -> str:
        return (
            'openstack secret get --payload_content_type '
            f'application/octet-stream --file {shlex.quote(item.result)} '
            f'{item.resource.id}'
        )

    def do(self, made: step.Made) -> step.Made:
        resource = self.item.resource
        key = key_export.fetch(self.cloud, resource.id, resource.label)
        content = key_export.write(self.work, self._path(), key.payload)
        made = dataclasses.replace(
            made,
            file=outcome_.FileRecord(
                self._path(),
                len(content),
                {'sha512': hashlib.sha512(content).hexdigest()},
            ),
            key=key_export.record(
                self.work, key, self._path(), luks.Opens.NOT_CHECKED
            ),
        )
        return self.with_state(made)

    def undo(self, made: step.Made) -> None:
        keyfile.remove(files.place(self.work, self._path()))

    def _path(self) -> str:
        return layout.secret_file(
            self.item.resource.id, protected=self.work.protector is not None
        )


def steps(item: plan_.Item) -> step.Steps:
    """One request, one file."""
    return (DownloadSecret,)

# SPDX-License-Identifier: Apache-2.0
"""Procedures that restore, against the fake cloud and a set in memory."""

import dataclasses
import hashlib

from backupclient.model import copies
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tags
from backupclient.procedures import interim
from backupclient.tests.unit.engine import projects
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures import base
from backupclient.tests.unit.procedures import every_failure

RUN, DATA = base.RUN, base.DATA
OLD_RUN = '20251224T000000Z-wxyz'
OLD = 'aaaaaaaa-0000-4000-8000-00000000000a'
INSTEAD = 'Use another backup, by this command.'
PAST = {
    tags.RUN: OLD_RUN,
    tags.SOURCE: f'volume/{OLD}',
    tags.ROLE: 'restored',
}
"""The marks of an earlier restore, as a backup of what it made has them."""


class TestCase(every_failure.EveryFailure):
    """One procedure, with a set of its own.

    :param made_before: what other groups of the run have made.
    """

    made_before: dict[str, interim.Restore] = {}

    def begin(self):
        self.set = base.Folder()
        self.set.instead = INSTEAD
        super().begin()

    def put(self, path, content):
        """Put a file into the set, and give its record."""
        self.set.put(path, content)
        return copies.FileRecord(
            path,
            len(content),
            {'sha512': hashlib.sha512(content).hexdigest()},
        )

    def task(self, record):
        """Give how the record comes back."""
        raise NotImplementedError

    def more_of(self, record):
        return {**self.more, 'restore': self.task(record)}

    def planned(self):
        asked = restores.Request(requests.Request(everything=True), '/backups')
        return dataclasses.replace(projects.plan_of(self.item), restore=asked)

    def new_process(self, clock=None):
        super().new_process(clock)
        self.work = dataclasses.replace(
            self.work,
            files=None,
            sets=lambda _: self.set,
            made_of=lambda group: self.made_before.get(
                group, interim.Restore()
            ),
        )

    def policy_allows(self, made):
        """Tell whether the user may set the image properties of a volume."""
        return 'image properties' not in ' '.join(made.notes)

    def damage(self, path, content):
        """Change a file of the set."""
        self.set.put(path, content)

    def lose_image_before(self, sent):
        """Delete the new image at the moment of a request that needs it."""

        def delete():
            [image] = [key for key in self.new_things() if key[0] == 'images']
            self.cloud.world.remove(*image)

        self.cloud.faults.append(
            wire.Fault(delete, lambda request: str(request) == sent)
        )

    def the_new(self, kind):
        """Give the one new thing of a kind, and that there is no other."""
        found = self.new_things()
        self.assertEqual([kind], [key[0] for key in found])
        return next(iter(found.values()))

    def marks(self, made_of):
        """Give the marks of what was restored."""
        return {
            tags.RUN: RUN,
            tags.SOURCE: f'{made_of.kind}/{made_of.id}',
            tags.ROLE: 'restored',
        }


def volume(**fields):
    """Give the record of a volume that was backed up."""
    return resources.Volume(
        **{
            'id': OLD,
            'name': 'data\n"of" ours',
            'status': 'available',
            'size_gib': 1,
            'type_name': 'fast',
            'description': 'what we\nhave',
            'metadata': {'team': 'blue', **PAST},
            'image_metadata': {
                'hw_disk_bus': 'scsi',
                'min_disk': '1',
                'cinder_encryption_key_id': 'bbbb',
                'backupclient_run': OLD_RUN,
            },
        }
        | fields
    )

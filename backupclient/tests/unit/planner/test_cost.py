# SPDX-License-Identifier: Apache-2.0

from backupclient.model import requests
from backupclient.model import resources
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples

GIB = resources.GIB
IMAGE = {'volume_method': requests.VolumeMethod.IMAGE}
BACKUP = {'volume_method': requests.VolumeMethod.BACKUP}
TO = {'target': '/backups', **base.KEYS}


class TestBytes(base.TestCase):
    def test_each_procedure(self):
        detached = samples.volume('data', size_gib=2)
        attached = samples.attached('data', 'web', size_gib=2)
        server = samples.server('web', disk_gib=3)
        for record, options, moved, to_files in (
            (detached, BACKUP, 2 * GIB, 0),
            (detached, {**BACKUP, **TO}, 2 * GIB, 0),
            (detached, IMAGE, 2 * GIB, 0),
            (detached, TO, 4 * GIB, 2 * GIB),
            (attached, IMAGE, 2 * GIB, 0),
            (attached, TO, 4 * GIB, 2 * GIB),
            (server, {}, 3 * GIB, 0),
            (server, TO, 6 * GIB, 3 * GIB),
            (samples.image('golden', size=7), TO, 7, 7),
            (samples.secret('password'), TO, 0, 0),
        ):
            made = self.plan(record, **options)
            self.assertEqual(
                (moved, to_files),
                (made.bytes_to_move, made.bytes_to_files),
                (record, options),
            )

    def test_sum(self):
        made = self.plan(
            samples.volume('data', size_gib=2),
            samples.image('golden', size=7),
            **TO,
        )
        self.assertEqual(4 * GIB + 7, made.bytes_to_move)
        self.assertEqual(2 * GIB + 7, made.bytes_to_files)

    def test_nothing_for_what_is_refused(self):
        made = self.plan(
            samples.volume('data', 'error'),
            samples.server('web', 'ERROR', disk_gib=3),
            samples.image('golden', 'killed'),
            **TO,
        )
        self.assertEqual((0, 0), (made.bytes_to_move, made.bytes_to_files))

    def test_nothing_for_what_is_not_known(self):
        made = self.plan(samples.image('golden', 'saving', size=None), **TO)
        self.assertEqual((0, 0), (made.bytes_to_move, made.bytes_to_files))

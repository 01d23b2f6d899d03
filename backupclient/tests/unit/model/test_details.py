# SPDX-License-Identifier: Apache-2.0

import dataclasses

import testtools
from testtools import matchers

from backupclient.model import details
from backupclient.model import resources
from backupclient.model import tags

AT = '2026-11-20T10:11:12.000000'
CREATED = 'created 2026-11-20 10:11 UTC'
RUN = '20260102T030405Z-abcd'
WEB = resources.Server('s-1', 'web', 'ACTIVE', created_at=AT)


def volume(**fields):
    return resources.Volume('v-1', 'data', 'in-use', 10, **fields)


def image(properties):
    return resources.Image(
        'i',
        'n',
        'active',
        'o',
        1234,
        disk_format='raw',
        properties=properties,
    )


class DetailsTestCase(testtools.TestCase):
    def test_volume(self):
        at = (resources.Attachment('s-1', '/dev/vdb'),)
        both = (*at, resources.Attachment('s-2', '/dev/vdb'))
        for found, expected in (
            (volume(), '10 GiB, not attached'),
            (volume(created_at='soon'), '10 GiB, not attached'),
            (volume(created_at=AT), f'{CREATED}, 10 GiB, not attached'),
            (volume(attachments=at), '10 GiB, attached to server "web" (s-1)'),
            (
                volume(attachments=both),
                '10 GiB, attached to server "web" (s-1) and server s-2',
            ),
        ):
            self.assertEqual(expected, details.volume(found, {'s-1': WEB}))

    def test_origin(self):
        for properties, expected in (
            ({'image_name': 'restore-v-0'}, ', made by a restore'),
            ({'image_name': 'restore-my disk'}, ''),
            ({'image_name': 'golden'}, ''),
            ({tags.RUN: RUN}, f', made of a backup of run {RUN}'),
            ({tags.RUN: 'x\ny'}, ''),
        ):
            found = details.volume(volume(image_metadata=properties))
            self.assertEqual(f'10 GiB, not attached{expected}', found)

    def test_restored(self):
        marks = {tags.RUN: RUN, tags.ROLE: 'restored'}
        for found in (
            details.volume(volume(metadata=marks)),
            details.image(image(marks)),
            details.server(dataclasses.replace(WEB, metadata=marks)),
        ):
            self.assertThat(
                found, matchers.EndsWith(f', restored by run {RUN}')
            )

    def test_server_that_was_restored_is_told_by_its_role(self):
        """And by a run that is one: anybody can set metadata."""
        for marks in (
            {tags.RUN: RUN, tags.ROLE: 'temporary'},
            {tags.RUN: 'x\ny', tags.ROLE: 'restored'},
            {tags.ROLE: 'restored'},
        ):
            found = dataclasses.replace(WEB, metadata=marks)
            self.assertEqual(f'{CREATED}, ACTIVE', details.server(found))

    def test_image_that_is_a_backup(self):
        marks = {tags.RUN: RUN, tags.ROLE: 'artifact'}
        self.assertEqual(
            f'1,234 bytes, raw, a backup, made by run {RUN}',
            details.image(image(marks)),
        )
        # Nova copies the properties of a server's image into its snapshots.
        self.assertEqual(
            '1,234 bytes, raw',
            details.image(image({**marks, tags.IMAGE: 'j'})),
        )

    def test_others(self):
        for found, expected in (
            (details.server(WEB), f'{CREATED}, ACTIVE'),
            (
                details.snapshot(resources.Snapshot('i', 'n', 'x', 'v-1', 2)),
                '2 GiB, of volume v-1',
            ),
            (
                details.backup(
                    resources.CinderBackup('i', 'n', 'x', 'v-1', 2, True, AT)
                ),
                f'{CREATED}, 2 GiB, incremental, of volume v-1',
            ),
            (
                details.image(image({})),
                '1,234 bytes, raw',
            ),
            (
                details.secret(
                    resources.Secret('i', 'n', 'ACTIVE', created_at=AT)
                ),
                f'{CREATED}, type opaque',
            ),
        ):
            self.assertEqual(expected, found)

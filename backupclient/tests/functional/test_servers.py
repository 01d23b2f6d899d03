# SPDX-License-Identifier: Apache-2.0
"""Servers: what is captured of them, and that they run again."""

import re

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class StopServers(base.TestCase):
    def setUp(self):
        super().setUp()
        self.data, self.root = cloud.content(), cloud.content()
        volume = self.tenant.volume('data', self.data)
        image = self.tenant.image('root', self.root)
        self.server = self.tenant.server(
            'guest', image=image, volumes=[volume]
        )
        self.tenant.conn.image.delete_image(image)
        self.before = self.tenant.census()
        self.command = (
            '--server', 'guest', '--stop-servers', '--to', self.target
        )  # fmt: skip

    def events(self):
        """What was done to the server, the oldest first."""
        actions = self.tenant.conn.compute.server_actions(self.server)
        return [
            each.action
            for each in sorted(actions, key=lambda each: each.start_time)
        ]

    def assertDone(self, result):
        self.assertOnly(self.before)
        folder = self.backup_set(result)
        rows = {row['Kind']: row for row in result.rows}
        self.assertEqual(
            cloud.sha512(self.data, cloud.GIB),
            cloud.sha512_of(folder / rows['volume']['Result']),
        )
        self.assertEqual(
            cloud.sha512(self.root, cloud.GIB),
            cloud.sha512_of(cloud.raw(folder / rows['server']['Result'])),
        )

    def test_stopped_and_started(self):
        result = self.backup(*self.command, '--parallel', '1')
        self.assertDone(result)
        self.assertEqual(
            ['create', 'attach_volume', 'stop', 'createImage', 'start'],
            self.events(),
        )
        # Down for the captures, and for nothing else.
        steps = [line.rpartition(': ')[2] for line in result.err.splitlines()]
        started = steps.index('start')
        self.assertLess(steps.index('take a snapshot'), started)
        self.assertLess(started, steps.index('make a volume of the snapshot'))
        self.assertLess(started, steps.index('download'))

    def test_killed_at_each_step_and_resumed(self):
        lines = (
            'stop',
            'take a snapshot',
            'make a volume of the snapshot',
            'copy the volume to an image',
            'delete the temporary volume',
            'delete the snapshot',
            'copy the root disk to an image',
            'start',
            'download',
            'delete the image',
        )
        for line in lines:
            killed = self.backup_until(
                rf': {re.escape(line)}$', base.KILL, *self.command
            )
            self.assertEqual(-base.KILL, killed.code, f'{line}: {killed}')
            self.assertDone(self.backup('--resume', 'last'))

    def test_interrupted(self):
        stopped = self.backup_until(
            ': take a snapshot$', base.INTERRUPT, *self.command
        )
        self.assertEqual(130, stopped.code, stopped)
        self.assertOnly(self.before)
        self.assertDone(self.backup('--resume', 'last'))

    def test_a_server_that_is_off_stays_off(self):
        compute = self.tenant.conn.compute
        compute.stop_server(self.server)
        compute.wait_for_server(
            self.server, status='SHUTOFF', interval=1, wait=120
        )
        self.before = self.tenant.census()
        self.assertDone(self.backup(*self.command))
        self.assertNotIn('start', self.events())


class WhatNoApiCaptures(base.TestCase):
    def test_is_said(self):
        image = self.tenant.image('root', cloud.content(1))
        self.tenant.server('guest', flavor='m1.swap', image=image)
        result = self.openstack(
            'backup', 'plan', '--server', 'guest', '--to', self.target,
            '-f', 'json',
        )  # fmt: skip
        self.assertEqual(0, result.code, result)
        [row] = result.rows
        notes = ' '.join(row['Notes'])
        self.assertIn('ephemeral', notes)
        self.assertIn('swap', notes)

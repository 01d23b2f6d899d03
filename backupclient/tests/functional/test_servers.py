# SPDX-License-Identifier: Apache-2.0
"""Servers: what is captured of them, and that they run again."""

import datetime
import os
import re
import subprocess

import openstack

from backupclient.model import stamps
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import judge


class StopServers(base.TestCase):
    shared = True

    def make(self):
        self.data, self.root = cloud.content(), cloud.content()
        volume = self.tenant.volume('data', self.data)
        image = self.tenant.image('root', self.root)
        self.server = self.tenant.server(
            'guest', image=image, volumes=[volume]
        )
        self.tenant.conn.image.delete_image(image)
        self.before = self.tenant.settled()

    def setUp(self):
        super().setUp()
        self.command = (
            '--server', 'guest', '--stop-servers', '--to', self.target
        )  # fmt: skip
        self.earlier = len(self.actions())

    def actions(self):
        """What was ever done to the server."""
        return [*self.tenant.conn.compute.server_actions(self.server)]

    def events(self):
        """What the test did to the server, the oldest first."""
        found = sorted(self.actions(), key=lambda each: each.start_time)
        return [each.action for each in found[self.earlier :]]

    def assertDone(self, result):
        self.assertOnly(self.before)
        folder = self.backup_set(result)
        files = {row['Kind']: folder / row['Result'] for row in result.rows}
        volume = judge.Original(self.data, cloud.SMALL)
        self.assertTrue(volume.is_in(files['volume']))
        disk = judge.Original(self.root, cloud.GIB)
        self.assertTrue(disk.is_in(cloud.raw(files['server'])))

    def test_stopped_and_started(self):
        result = self.backup(*self.command, '--parallel', '1')
        self.assertDone(result)
        self.assertEqual(
            ['stop', 'createImage', 'start'],
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
        # Two flows take turns: whichever says one of them is killed there. A
        # step that both run into needs another run.
        pending, command = set(lines), self.command
        while pending:
            words = '|'.join(map(re.escape, sorted(pending)))
            killed = self.backup_until(rf': ({words})$', base.KILL, *command)
            if killed.code == 0:
                self.assertDone(killed)
                self.assertNotEqual(command, self.command, pending)
                command = self.command
                continue
            self.assertEqual(-base.KILL, killed.code, f'{pending}: {killed}')
            pending -= {re.search(rf': ({words})$', killed.err, re.M).group(1)}
            command = ('--resume', 'last')
        self.assertDone(self.backup('--resume', 'last'))

    def test_interrupted(self):
        stopped = self.backup_until(
            ': take a snapshot$', base.INTERRUPT, *self.command
        )
        self.assertEqual(130, stopped.code, stopped)
        self.assertOnly(self.before)
        self.assertDone(self.backup('--resume', 'last'))

    def test_left_at_once(self):
        """After a second Ctrl-C the server is off, and that is said."""
        process = subprocess.Popen(
            [base.OPENSTACK, 'backup', 'run', *map(str, self.command)],
            env=self.tenant.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)
        said = []
        for line in process.stderr:
            said.append(line)
            if line.endswith(': take a snapshot\n'):
                process.send_signal(base.INTERRUPT)
            if 'Stopping: ' in line:
                process.send_signal(base.INTERRUPT)
                break
        _, rest = process.communicate(timeout=60)
        said = ''.join(said) + rest
        self.assertEqual(130, process.returncode, said)
        self.assertIn('Quit at once', said)
        self.assertIn(f'openstack server start {self.server.id}', said)
        self.assertDone(self.backup('--resume', 'last'))

    def test_a_server_that_is_off_stays_off(self):
        compute = self.tenant.conn.compute
        self.addCleanup(
            compute.wait_for_server, self.server, interval=1, wait=120
        )
        self.addCleanup(compute.start_server, self.server)
        compute.stop_server(self.server)
        compute.wait_for_server(
            self.server, status='SHUTOFF', interval=1, wait=120
        )
        self.before = self.tenant.settled()
        self.assertDone(self.backup(*self.command))
        self.assertNotIn('start', self.events())


class LockedServer(base.TestCase):
    """Nova refuses to stop it, also for the user who has locked it."""

    def test_is_not_stopped(self):
        data = cloud.content()
        volume = self.tenant.volume('data', data)
        image = self.tenant.image('root', cloud.content(1))
        server = self.tenant.server('guest', image=image, volumes=[volume])
        compute = self.tenant.conn.compute
        compute.lock_server(server)
        self.addCleanup(compute.unlock_server, server)
        self.assertRaises(
            openstack.exceptions.ConflictException, compute.stop_server, server
        )
        before = self.tenant.settled()
        words = ('--server', 'guest', '--stop-servers', '--to', self.target)
        plan = self.openstack('backup', 'plan', *words, '-f', 'json')
        self.assertEqual(0, plan.code, plan)
        notes = {
            row['Kind']: ' '.join(row['Notes'])
            for row in plan.rows
            if row['Consistency'] == 'crash-consistent'
        }
        self.assertEqual({'server', 'volume'}, {*notes})
        self.assertIn(f'openstack server unlock {server.id}', notes['server'])
        result = self.backup(*words)
        self.assertOnly(before)
        self.backup_set(result)
        self.assertNotIn(': stop', result.err)
        # The administrator's token goes through.
        admin = self.tenant.admin.compute
        admin.stop_server(server.id)
        compute.wait_for_server(server, status='SHUTOFF', interval=1, wait=120)


class VolumeBackedServer(base.TestCase):
    """It is what its volumes are."""

    shared = True

    def make(self):
        image = self.tenant.image('root', cloud.content(1))
        storage = self.tenant.conn.block_storage
        self.root = storage.create_volume(
            name='root', size=1, volume_type='plain', image_id=image.id
        )
        cloud.until(
            lambda: self.tenant.status(self.root) == 'available', 'root'
        )
        self.tenant.conn.image.delete_image(image)
        self.server = self.tenant.server(
            'guest',
            block_device_mapping=[
                {
                    'uuid': self.root.id,
                    'source_type': 'volume',
                    'destination_type': 'volume',
                    'boot_index': 0,
                    'delete_on_termination': False,
                }
            ],
        )

    def setUp(self):
        super().setUp()
        self.before = self.tenant.settled()
        self.words = ('--server', 'guest', '--to', self.target)
        self.addCleanup(self.quota, 10)

    def quota(self, snapshots):
        storage = self.tenant.admin.block_storage
        storage.update_quota_set(self.tenant.project.id, snapshots=snapshots)

    def rows(self, result, column):
        return {row['Kind']: row[column] for row in result.rows}

    def test_whose_volume_has_no_room(self):
        self.quota(0)
        words = ('backup', 'plan', *self.words, '-f', 'json')
        plan = self.openstack(*words)
        self.assertEqual(3, plan.code, plan)
        notes = self.rows(plan, 'Notes')
        self.assertIn('Cannot be backed up', ' '.join(notes['server']))
        self.assertIn(self.root.id, ' '.join(notes['server']))
        self.assertIn('0 of 2 resources', plan.err)
        result = self.backup(*self.words, code=1)
        self.assertEqual(
            {'server': 'skipped', 'volume': 'skipped'},
            self.rows(result, 'Outcome'),
        )
        self.assertOnly(self.before)
        # Nobody takes that for the newest backup.
        self.assertEqual(['.failed'], os.listdir(self.target))
        folder = self.target / '.failed' / result.run
        self.assertEqual((), check.check(localfolder.Folder(folder)))
        self.assertIn(str(folder), result.err)
        page = (folder / 'RESTORE.md').read_text()
        self.assertIn('Nothing in this folder is complete', page)
        self.quota(10)
        result = self.backup(*self.words)
        self.assertEqual(
            {'server': 'complete', 'volume': 'complete'},
            self.rows(result, 'Outcome'),
        )
        self.backup_set(result)
        self.assertOnly(self.before)

    def test_whose_volume_fails(self):
        """The quota is used up after the plan was made."""
        file = self.target / 'plan.json'
        plan = self.openstack('backup', 'plan', *self.words, '--save', file)
        self.assertEqual(0, plan.code, plan)
        detached = self.tenant.volume('other')
        self.before = self.tenant.settled()
        self.quota(0)
        result = self.backup(*self.words, '--volume', 'other', code=3)
        outcomes = {row['Name']: row['Outcome'] for row in result.rows}
        self.assertEqual('complete', outcomes['other'])
        self.assertNotEqual('complete', outcomes['guest'])
        self.assertNotEqual('complete', outcomes['root'])
        self.assertEqual(detached.id, result.rows[-1]['ID'])
        self.backup_set(result)
        self.assertOnly(self.before)


class SharedVolume(base.TestCase):
    """A volume that two servers have at a time."""

    shared = True

    def make(self):
        storage = self.tenant.admin.block_storage
        name = f'multi-{self.tenant.project.name}'
        made = storage.create_type(
            name=name,
            extra_specs={
                'multiattach': '<is> True',
                **self.plain(storage).extra_specs,
            },
        )
        # Before its volumes are gone it cannot go.
        self.tenant.addCleanup(storage.delete_type, made.id)
        self.tenant.addCleanup(self.tenant.clear)
        volume = self.tenant.conn.block_storage.create_volume(
            name='shared', size=1, volume_type=name
        )
        cloud.until(
            lambda: self.tenant.status(volume) == 'available', 'shared'
        )
        self.data = cloud.content()
        self.tenant.write(volume.id, self.data)
        image = self.tenant.image('root', cloud.content(1))
        self.servers = [
            self.tenant.server(name, image=image) for name in ('one', 'two')
        ]
        compute = self.tenant.conn.compute
        compute.default_microversion = '2.72'
        for number, server in enumerate(self.servers, 1):
            compute.create_volume_attachment(server, volume_id=volume.id)
            cloud.until(
                lambda number=number: self.attached(volume) == number,
                'attached',
            )
        self.before = self.tenant.settled()

    def actions(self, server):
        """What was done to a server, the oldest first."""
        actions = self.tenant.conn.compute.server_actions(server)
        return sorted(actions, key=lambda each: each.start_time)

    def plain(self, storage):
        return next(one for one in storage.types() if one.name == 'plain')

    def attached(self, volume):
        found = self.tenant.conn.block_storage.get_volume(volume.id)
        return len(found.attachments) if found.status == 'in-use' else 0

    def test_both_are_stopped_first(self):
        earlier = {each.id: len(self.actions(each)) for each in self.servers}
        result = self.backup(
            '--server', 'one', '--server', 'two', '--stop-servers',
            '--to', self.target, '--parallel', '4',
        )  # fmt: skip
        self.assertOnly(self.before)
        folder = self.backup_set(result)
        said = result.err.splitlines()
        capture = next(
            n
            for n, line in enumerate(said)
            if 'volume "shared"' in line and line.endswith('take a snapshot')
        )
        copied = next(
            n
            for n, line in enumerate(said)
            if line.endswith('make a volume of the snapshot')
        )
        for server in self.servers:
            label = f'server "{server.name}" ({server.id})'
            stopped, started = (
                next(
                    n
                    for n, line in enumerate(said)
                    if line.endswith(f'{label}: {verb}')
                )
                for verb in ('stop', 'start')
            )
            self.assertLess(stopped, copied)
            self.assertLess(capture, started)
            actions = self.actions(server)[earlier[server.id] :]
            self.assertEqual(
                1, [each.action for each in actions].count('stop')
            )
        (row,) = (row for row in result.rows if row['Kind'] == 'volume')
        self.assertEqual(
            cloud.sha512(self.data, cloud.SMALL),
            cloud.sha512_of(folder / row['Result']),
        )
        entries = check.read(localfolder.Folder(folder)).items
        self.assertEqual(
            {'stopped'}, {each.consistency.value for each in entries}
        )
        self.assertStoppedAt(self.captured_at(entries))

    def captured_at(self, entries):
        (entry,) = (each for each in entries if each.volume)
        return datetime.datetime.fromisoformat(entry.captured_at)

    def assertStoppedAt(self, time):
        """By Nova's own record, each server was off at a time."""
        compute = self.tenant.conn.compute
        for server in self.servers:
            ended = {}
            for action in self.actions(server):
                events = compute.get_server_action(
                    action.request_id, server
                ).events
                times = [each['finish_time'] for each in events or ()]
                ended[action.action] = action.start_time, times
            stopped = max(stamps.read(each) for each in ended['stop'][1])
            started = stamps.read(ended['start'][0])
            self.assertLessEqual(stopped.replace(microsecond=0), time)
            self.assertLessEqual(time, started)

    def test_one_alone_is_not_made_to_stop_the_other(self):
        result = self.backup(
            '--server', 'one', '--stop-servers', '--to', self.target
        )
        self.assertOnly(self.before)
        self.assertNotIn(
            'server "two"',
            ' '.join(
                line for line in result.err.splitlines() if ': stop' in line
            ),
        )
        folder = localfolder.Folder(self.backup_set(result))
        entries = check.read(folder).items
        worth = {
            each.resource.kind.value: each.consistency.value
            for each in entries
        }
        self.assertEqual(
            {'server': 'stopped', 'volume': 'crash-consistent'}, worth
        )


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

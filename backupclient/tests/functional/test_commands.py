# SPDX-License-Identifier: Apache-2.0
"""The commands as scripts call them: stdout, stderr, exit codes, names."""

import csv
import json

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud

STEERING = 'a\x1b[31mred\x1b[0m\nb/../c'


class TwoVolumes(base.TestCase):
    """And one of them has a name that steers terminals."""

    def make(self):
        self.tenant.volume('one', cloud.content(1))
        self.tenant.volume(STEERING, cloud.content(1))
        self.before = self.tenant.settled()

    def plan(self, *arguments, code=0):
        result = self.openstack('backup', 'plan', *arguments)
        self.assertEqual(code, result.code, result)
        self.assertOnly(self.before)
        return result


class Output(TwoVolumes):
    shared = True

    def test_json(self):
        rows = self.plan('-f', 'json').rows
        self.assertEqual({'one', STEERING}, {row['Name'] for row in rows})
        for row in rows:
            self.assertEqual(cloud.GIB, row['Size'])
            self.assertIsInstance(row['Notes'], list)

    def test_csv_and_value(self):
        out = self.plan('-f', 'csv', '-c', 'Kind', '-c', 'Size').out
        self.assertEqual(
            [['Kind', 'Size']] + 2 * [['volume', str(cloud.GIB)]],
            list(csv.reader(out.splitlines())),
        )
        out = self.plan(
            '-f', 'value', '-c', 'Procedure', '--sort-column', 'Name'
        ).out
        self.assertEqual(2 * ['volume-backup'], out.split())

    def test_a_row_is_a_line(self):
        """Though a name has a line break, and the notes are a list."""
        out = self.plan('-f', 'value', '--sort-column', 'Name').out
        first, second = out.splitlines()
        self.assertTrue(first.startswith('volume a\\x1b[31mred\\x1b[0m\\nb/'))
        self.assertTrue(second.startswith('volume one '))
        self.assertIn(' Without --to it stays in the cloud', second)
        _, first, _ = self.plan(
            '-f', 'csv', '--sort-column', 'Name'
        ).out.splitlines()
        self.assertIn('red\\\\x1b[0m\\\\nb/', first)
        self.assertIn('"Without --to it stays in the cloud', first)

    def test_table_has_no_control_characters(self):
        out = self.plan().out
        self.assertNotIn('\x1b', out)
        self.assertIn('\\x1b[31mred', out)

    def test_steps_are_commands(self):
        rows = self.plan('--steps', '-f', 'json', '--to', 'there').rows
        self.assertEqual(6, len(rows))
        for row in rows:
            self.assertTrue(row['Command'].startswith('openstack '), row)

    def test_save_and_run(self):
        file = self.target / 'plan.json'
        self.plan('--volume', 'one', '--save', file)
        self.assertEqual(1, json.loads(file.read_text())['version'])
        again = self.openstack('backup', 'plan', '--save', file)
        self.assertEqual(1, again.code, again)
        [row] = self.backup('--plan', file).rows
        self.assertOnly(self.before, f'backups/{row["Result"]}')

    def test_progress_is_on_stderr_only(self):
        result = self.backup('--volume', 'one', '--to', self.target)
        self.assertEqual(1, len(result.rows))
        self.assertIn('copy the volume to an image', result.err)
        self.assertOnly(self.before)

    def test_wrong_arguments(self):
        for arguments in (
            ('run',),
            ('run', '--all', '--volume', 'none'),
            ('run', '--volume', 'on'),
            ('run', '--image', 'x'),
            ('run', '--resume', 'last'),
            ('run', '--full', '--incremental', '--all'),
            ('plan', '--exclude', 'one'),
            ('plan', '--keep-images'),
        ):
            result = self.openstack('backup', *arguments)
            self.assertEqual(2, result.code, f'{arguments}: {result}')
            self.assertEqual('', result.out)
        self.assertOnly(self.before)

    def test_no_room(self):
        target = self.useFixture(fixtures.TempDir()).path
        big = self.tenant.volume('big')
        storage = self.tenant.conn.block_storage
        storage.extend_volume(big, 900)
        cloud.until(lambda: self.tenant.status(big) == 'available', 'big')
        before = self.tenant.settled()
        result = self.openstack(
            'backup', 'run', '--volume', 'big', '--to', target
        )
        self.assertEqual(1, result.code, result)
        self.assertIn('Make room', result.err)
        self.assertOnly(before)


class OldPlan(TwoVolumes):
    def test_a_plan_whose_volume_is_gone(self):
        """And another one has a new name: that one is backed up."""
        file = self.target / 'plan.json'
        named = ('--volume', 'one', '--volume', STEERING)
        self.plan(*named, '--to', self.target, '--save', file)
        storage = self.tenant.conn.block_storage
        volumes = {each.name: each for each in storage.volumes()}
        storage.update_volume(volumes[STEERING], name='renamed')
        storage.delete_volume(volumes['one'])
        storage.wait_for_delete(volumes['one'], wait=60)
        result = self.backup('--plan', file, code=3)
        self.assertEqual(
            {('one', 'skipped'), ('renamed', 'complete')},
            {(row['Name'], row['Outcome']) for row in result.rows},
        )
        self.assertIn('volume "one"', result.err)
        self.assertIn('no longer there', result.err)


class Selection(base.TestCase):
    def names(self, *arguments, code=0):
        result = self.openstack('backup', 'plan', *arguments, '-f', 'json')
        self.assertEqual(code, result.code, result)
        return sorted(row['Name'] for row in result.rows)

    def test_everything_but(self):
        self.tenant.volume(
            'one', cloud.content(1), metadata={'backup': 'daily'}
        )
        self.tenant.volume('two', metadata={'backup': 'weekly'})
        self.tenant.volume('three')
        self.tenant.image('image', b'data')
        to = ('--to', self.target)
        self.assertEqual(['one', 'three', 'two'], self.names())
        self.assertEqual(['image', 'one', 'three', 'two'], self.names(*to))
        self.assertEqual(
            ['one', 'two'], self.names('--exclude', 'volume/three')
        )
        self.assertEqual(['one', 'two'], self.names('--match', 'backup'))
        self.assertEqual(['one'], self.names('--match', 'backup=daily'))
        # What a run has made is not backed up again.
        self.backup('--volume', 'one', '--volume-method', 'image')
        self.assertEqual(['image', 'one', 'three', 'two'], self.names(*to))


class Tenants(base.TestCase):
    def test_another_tenant_sees_and_touches_nothing(self):
        volume = self.tenant.volume('mine')
        image = self.tenant.image('mine', b'data')
        secret = self.tenant.secret('mine', 'opaque', b'data')
        before = self.tenant.settled()
        bob = self.useFixture(cloud.Tenant())
        plan = self.openstack(
            'backup', 'plan', '-f', 'json', '--to', self.target, tenant=bob
        )
        self.assertEqual(0, plan.code, plan)
        self.assertEqual([], plan.rows)
        for kind, id_ in (
            ('volume', volume.id),
            ('image', image.id),
            ('secret', secret),
        ):
            result = self.openstack(
                'backup', 'run', f'--{kind}', id_, '--to', self.target,
                '--plaintext-keys', tenant=bob,
            )  # fmt: skip
            self.assertEqual(2, result.code, result)
        self.assertOnly(before)

    def test_a_reader_is_warned_and_leaves_nothing(self):
        self.tenant.volume('mine')
        rita = self.useFixture(cloud.Tenant(('reader',), self.tenant))
        before = self.tenant.settled()
        plan = self.openstack('backup', 'plan', tenant=rita)
        self.assertIn('role', plan.out + plan.err)
        run = self.openstack('backup', 'run', '--all', tenant=rita)
        self.assertEqual(1, run.code, run)
        self.assertOnly(before)

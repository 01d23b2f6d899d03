# SPDX-License-Identifier: Apache-2.0
"""What must never happen in a restore."""

import contextlib
import dataclasses
import json
import os
import shutil

import pyrage

from backupclient import errors
from backupclient.engine import journals
from backupclient.model import requests
from backupclient.model import restores
from backupclient.operations import restore
from backupclient.operations import restore_files
from backupclient.operations import run
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.operations import test_restore


class MarksTestCase(test_restore.TestCase):
    def test_temporary_until_the_last_step(self):
        """Whatever is there when the process dies has a name of ours.

        Or it is a secret: these cannot be renamed, and their marks tell.
        """
        for skip in range(1, 45, 2):
            self.lose_all()
            self.new_process()
            self.fake.faults.clear()
            self.fake.faults.append(
                wire.Fault(wire.Killed(), wire.writes, skip=skip, done=True)
            )
            with contextlib.suppress(wire.Killed):
                self.go()
            for (kind, id_), thing in self.fake.world.holdings().items():
                if kind in ('volumes', 'servers'):
                    marks = thing['metadata']
                elif kind == 'images':
                    marks = thing
                else:
                    continue
                final = not thing['name'].startswith('backupclient-')
                role = marks.get('backupclient_role')
                if role == 'restored':
                    self.assertTrue(final, (skip, kind, id_))
                else:
                    self.assertIn(role, ('temporary', 'lease'), (kind, id_))
            for each in journals.home().iterdir():
                (each / 'ended.json').touch()


class SecretsTestCase(test_restore.TestCase):
    """Keys are opened in memory only."""

    def setUp(self):
        super().setUp()
        self.identity = pyrage.x25519.Identity.generate()
        self.file = self.root / 'identity.txt'
        self.file.write_text(f'{self.identity}\n')
        self.new_process()
        self.target = self.root / 'sealed'
        done = run.back_up(
            self.session,
            requests.Request(
                secrets=('word',),
                target=str(self.target),
                recipients=(str(self.identity.to_public()),),
            ),
        )
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.asked = restores.Request(
            requests.Request(everything=True), source=str(self.target)
        )

    def test_nothing_is_written_down(self):
        self.lose_all()
        keys = restore.identities([str(self.file)])
        done = restore.restore(self.session, self.asked, keys)
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.assertEqual(b'\0pw ', self.content('secrets', 'word'))
        secret = str(self.identity).encode()
        for folder in (self.root / 'state', self.target):
            for file in folder.rglob('*'):
                if file.is_file():
                    content = file.read_bytes()
                    self.assertNotIn(secret, content, file)
                    self.assertNotIn(b'\0pw ', content, file)

    def test_no_identity(self):
        """It is said before anything is made, with the way out."""
        self.lose_all()
        planned = restore.plan(self.session, self.asked)
        (item,) = planned.items
        self.assertFalse(item.possible)
        self.assertIn('--identity', item.reason)
        done = restore.restore(self.session, self.asked)
        self.assertEqual(1, done.report.exit_code)
        self.assertEqual({}, self.fake.world.things['secrets'])

    def test_another_identity(self):
        self.lose_all()
        other = self.root / 'other.txt'
        other.write_text(f'{pyrage.x25519.Identity.generate()}\n')
        keys = restore.identities([str(other)])
        done = restore.restore(self.session, self.asked, keys)
        self.assertEqual(1, done.report.exit_code)
        self.assertEqual({}, self.fake.world.things['secrets'])


class ResumedTestCase(SecretsTestCase):
    """A run that needs a key is not resumed without it."""

    def test_resume_without_an_identity(self):
        self.lose_all()
        keys = restore.identities([str(self.file)])
        self.fake.fail(wire.Killed(), 'POST barbican /secrets')
        with contextlib.suppress(wire.Killed):
            restore.restore(self.session, self.asked, keys)
        self.new_process()
        self.fake.faults.clear()
        error = self.assertRaises(errors.UsageError, self.resume)
        self.assertIn('--identity', str(error))
        done = restore.resume(self.session, 'last', keys)
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.assertEqual(b'\0pw ', self.content('secrets', 'word'))


class ForgedTestCase(test_restore.TestCase):
    """A set that somebody has edited."""

    def edit(self, old, new):
        manifest = self.target / self.run_id / 'manifest.json'
        text = manifest.read_text()
        self.assertIn(old, text)
        manifest.write_text(text.replace(old, new))

    def restored(self):
        self.lose_all()
        return self.go()

    def test_properties_that_steer_services(self):
        self.edit(
            '"hw_disk_bus": "scsi"',
            '"hw_disk_bus": "scsi",'
            '"cinder_encryption_key_id": "00000001-secret",'
            '"cinder_encryption_key_deletion_policy": "on_image_deletion",'
            '"block_device_mapping": "[]", "bdm_v2": "True",'
            '"os_glance_import_task": "x", "locations": "[]",'
            '"backupclient_role": "temporary"',
        )
        self.restored()
        for each in self.fake.seen:
            if str(each) == 'POST glance /images':
                forbidden = {
                    'cinder_encryption_key_id',
                    'cinder_encryption_key_deletion_policy',
                    'block_device_mapping',
                    'bdm_v2',
                    'os_glance_import_task',
                    'locations',
                }
                self.assertEqual(set(), forbidden & each.json.keys())
                self.assertEqual('private', each.json['visibility'])

    def test_paths_out_of_the_set(self):
        """A path that cannot be one of a set makes no manifest."""
        (self.root / 'outside').write_bytes(test_restore.DATA)
        self.edit(f'volumes/{self.volume["id"]}.raw', '../../outside')
        error = self.assertRaises(errors.UsageError, self.restored)
        self.assertIn('../../outside', str(error))
        self.assertEqual({}, self.fake.world.things['volumes'])

    def test_page_and_addresses(self):
        """A page nobody could read, and addresses that nobody may ask.

        The fake cloud fails at a request to any other host than its own.
        """
        page = self.target / self.run_id / 'RESTORE.md'
        page.unlink()
        # To open it would take forever.
        os.mkfifo(page)
        elsewhere = 'https://elsewhere.example'
        self.edit('"auth_url": "', f'"auth_url": "{elsewhere}/')
        self.edit(
            '"hw_disk_bus": "scsi"',
            '"hw_disk_bus": "scsi", '
            f'"direct_url": "{elsewhere}/d", "file": "{elsewhere}/f", '
            f'"own": "{elsewhere}/o"',
        )
        self.asked = dataclasses.replace(self.asked, run=self.run_id)
        done = self.restored()
        self.assertEqual(
            'complete', self.states(done)['image', 'golden'], done.report
        )
        image = self.the('images', 'golden')
        self.assertEqual(f'{elsewhere}/o', image['own'])
        self.assertNotIn('direct_url', image)
        self.assertNotIn('elsewhere', str(image.get('file')))

    def test_nothing_in_the_manifest(self):
        """An emptied set restores nothing, and that is no success."""
        manifest = self.target / self.run_id / 'manifest.json'
        value = json.loads(manifest.read_text())
        value['items'] = []
        manifest.write_text(json.dumps(value))
        self.lose_all()
        error = self.assertRaises(errors.UsageError, self.go)
        self.assertIn('nothing to bring back', str(error))
        error = self.assertRaises(
            errors.UsageError,
            restore_files.restore,
            self.asked,
            self.root / 'out',
        )
        self.assertIn('nothing to bring back', str(error))

    def test_changed_manifest_is_named(self):
        planned = restore.plan(self.session, self.asked)
        said = ' '.join(planned.cautions)
        self.assertNotIn('somebody has changed', said)
        self.edit('"name": "data"', '"name": "date"')
        planned = restore.plan(self.session, self.asked)
        self.assertIn('somebody has changed', ' '.join(planned.cautions))

    def test_sizes_that_cannot_be(self):
        self.edit('"size": 120007', '"size": -1')
        error = self.assertRaises(errors.UsageError, self.go)
        self.assertIn('-1 bytes', str(error))

    def test_the_set_itself_as_the_target(self):
        asked = dataclasses.replace(
            self.asked, source=str(self.target / self.run_id)
        )
        error = self.assertRaises(errors.UsageError, self.go, asked)
        self.assertIn(f'--from {self.target} --run {self.run_id}', str(error))

    def test_names_that_are_too_long(self):
        asked = dataclasses.replace(self.asked, suffix='x' * 260)
        planned = restore.plan(self.session, asked)
        self.assertEqual([False], [*{item.possible for item in planned.items}])
        self.assertIn('--suffix', planned.items[0].reason)

    def test_options_that_change_nothing(self):
        asked = dataclasses.replace(
            self.asked, volume_types={'lusk': 'plain'}, flavors={'x': 'y'}
        )
        said = ' '.join(restore.plan(self.session, asked).cautions)
        self.assertIn('--volume-type "lusk"="plain" changes nothing', said)
        self.assertIn('--flavor "x"="y" changes nothing', said)

    def test_options_of_servers_without_one(self):
        asked = dataclasses.replace(
            self.asked,
            networks={'': 'office', 'lan': 'wan'},
            key_pair='mine',
            without_servers=True,
        )
        said = ' '.join(restore.plan(self.session, asked).cautions)
        for option in ('--network "office"', '--key-pair "mine"'):
            self.assertIn(f'{option} changes nothing: no server is', said)
        self.assertIn('--network "lan"="wan" changes nothing: none of', said)

    def test_sets_of_another_project_beside_ours(self):
        """The project of the login is meant, however old its sets are."""
        other = self.target / '20270101T000000Z-abcd'
        shutil.copytree(self.target / self.run_id, other)
        manifest = other / 'manifest.json'
        text = manifest.read_text().replace(self.run_id, other.name)
        manifest.write_text(
            text.replace('"project_id": "', '"project_id": "x')
        )
        planned = restore.plan(self.session, self.asked)
        self.assertEqual(
            {self.run_id},
            {i.restore.source.run for i in planned.items if i.restore},
        )

    def test_link(self):
        """A link is not followed, wherever it leads."""
        file = self.target / self.run_id / f'volumes/{self.volume["id"]}.raw'
        outside = self.root / 'outside'
        file.rename(outside)
        file.symlink_to(outside)
        done = self.restored()
        states = self.states(done)
        self.assertEqual('failed', states['volume', 'data'])

    def test_hash_of_another_file(self):
        """The right file with a forged hash does not arrive as a whole."""
        found = self.target / self.run_id / 'SHA512SUMS'
        sums = dict(
            reversed(line.split('  '))
            for line in found.read_text().splitlines()
        )
        good = sums[f'volumes/{self.volume["id"]}.raw']
        self.edit(good, sums[f'volumes/{self.disk["id"]}.raw'])
        done = self.restored()
        self.assertEqual('failed', self.states(done)['volume', 'data'])
        names = [v['name'] for v in self.fake.world.things['volumes'].values()]
        self.assertNotIn('data', names)

    def test_restored_twice(self):
        """Two restores make two things; none replaces the other."""
        self.lose_all()
        chosen = requests.Request(volumes=('data',))
        asked = dataclasses.replace(self.asked, selection=chosen)
        for _ in range(2):
            self.assertEqual(0, self.go(asked).report.exit_code)
            self.new_process()
        names = [v['name'] for v in self.fake.world.things['volumes'].values()]
        self.assertEqual(['data', 'data'], names)

# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import inventories
from backupclient.model import resources
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

IMAGE = samples.image('golden')
SECRET = samples.secret('tls')
SERVER = samples.server(
    'web', image_id='', flavor_name='m1.small', vcpus=1, ram_mib=2048
)
ROOT = samples.volume(
    'root',
    type_name='ssd',
    attachments=(resources.Attachment(SERVER.id, '/dev/vda'),),
)
EVERY = (
    base.whole(SERVER),
    base.entry(ROOT),
    base.entry(IMAGE),
    base.entry(SECRET),
)


class TestPlan(base.TestCase):
    def test_order(self):
        made = self.plan(*EVERY)
        self.assertEqual(
            ['secret', 'image', 'volume', 'server'],
            [item.resource.kind for item in made.items],
        )

    def test_what_it_says_of_itself(self):
        made = self.plan(*EVERY, origin=base.ELSEWHERE)
        self.assertEqual(base.HOME, made.identity)
        self.assertTrue(made.request.everything)
        self.assertEqual('/backups', made.restore.source)
        self.assertTrue(made.complete)

    def test_bytes(self):
        made = self.plan(*EVERY)
        self.assertEqual(2 * ROOT.size + 1000 + 32, made.bytes_to_move)
        self.assertEqual(0, made.bytes_to_files)

    def test_a_refused_volume_takes_its_server_along(self):
        quotas = {'volumes': inventories.Quota(0, 0)}
        made = self.plan(*EVERY, cloud={'quotas': quotas})
        *_, volume, server = made.items
        self.refuses(volume, 'quota')
        self.refuses(server, ROOT.resource.label, '--without-servers')
        self.assertFalse(made.complete)

    def test_long_names(self):
        image = dataclasses.replace(IMAGE, name='x' * 255)
        item = self.item(base.entry(image), suffix='-restored')
        self.assertEqual(255, len(item.restore.name))
        self.assertTrue(item.restore.name.endswith('...-restored'))
        self.assertIn('is cut to 255 characters', ' '.join(item.warnings))
        self.assertIn('is cut to 255 characters', ' '.join(item.notes))
        # Each of these fits.
        for length, suffix in ((255, ''), (246, '-restored')):
            image = dataclasses.replace(IMAGE, name='x' * length)
            item = self.item(base.entry(image), suffix=suffix)
            self.assertEqual(image.name + suffix, item.restore.name)
            self.assertNotIn('is cut', ' '.join(item.notes))

    def test_no_name(self):
        image = dataclasses.replace(IMAGE, name='')
        item = self.item(base.entry(image), suffix='-restored')
        self.assertEqual('', item.restore.name)


class TestCautions(base.TestCase):
    def cautions(self, *entries, **options):
        return ' '.join(self.plan(*entries, **options).cautions)

    def test_cost(self):
        other = base.entry(samples.volume('b', type_name='ssd', size_gib=1))
        self.says(
            self.cautions(*EVERY, other),
            '1 secret, 1 image, 2 volumes (11 GiB), 1 server (m1.small)',
        )

    def test_nothing(self):
        self.assertEqual(
            'Nothing is selected: there is nothing to do.', self.cautions()
        )

    def test_elsewhere(self):
        said = self.cautions(*EVERY, origin=base.ELSEWHERE)
        self.says(said, '"bob" (project-of-bob)', '--network')
        self.assertNotIn('another project', self.cautions(*EVERY))

    def test_authorship(self):
        self.says(self.cautions(base.entry(ROOT)), 'hashes')

    def test_servers(self):
        self.says(self.cautions(*EVERY), 'cloud-init', 'user data')
        self.assertNotIn('cloud-init', self.cautions(base.entry(ROOT)))

    def test_names(self):
        one = base.entry(ROOT)
        namesake = samples.volume('root', id='other')
        for options, said in (
            ({}, False),
            ({'there': [namesake]}, True),
            ({'there': [namesake], 'suffix': '-2'}, False),
            ({'there': [samples.image('root')]}, False),
        ):
            found = self.cautions(one, **options)
            self.assertEqual(said, 'here already: 1' in found, found)

    def test_quota_that_could_not_be_read(self):
        cloud = {'unread': {'quota': 'Cinder says 500.'}}
        self.says(self.cautions(*EVERY, cloud=cloud), 'Cinder says 500. ')

    def test_login(self):
        cloud = {'login': inventories.Login(renewable=False)}
        self.says(
            self.cautions(*EVERY, cloud=cloud),
            'openstack backup restore --resume',
        )
        self.assertNotIn('login', self.cautions(cloud=cloud))

    def test_decrypted(self):
        volume = dataclasses.replace(ROOT, encrypted=True)
        one = base.entry(volume, key=base.key(volume))
        self.says(self.cautions(one, decrypt=True), '--decrypt allows: 1')

# SPDX-License-Identifier: Apache-2.0

import dataclasses
import datetime
import threading

from backupclient import errors
from backupclient.cloud import inventory
from backupclient.cloud import services
from backupclient.cloud import side_by_side
from backupclient.model import inventories
from backupclient.tests.unit.cloud import base
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds


class PagesTestCase(base.TestCase):
    def _fill(self, count):
        for number in range(count):
            volume = self.fake.cinder.add_volume(f'volume {number}')
            self.fake.cinder.add_backup(volume, 'backup')
            self.fake.world.add(
                'snapshots',
                'snapshot',
                status='available',
                volume_id=volume['id'],
                size=1,
            )
            self.fake.nova.add_server(f'server {number}')
            self.fake.glance.add_image(f'image {number}')
            self.fake.barbican.add_secret(f'secret {number}', b'x')

    def test_each_is_there_once(self):
        self._fill(7)
        for one in (self.fake.cinder, self.fake.nova, self.fake.glance):
            one.page = 3
        read = inventory.read(self.cloud)
        for kind in set(worlds.KINDS) - {'containers'}:
            ids = [each.id for each in getattr(read, kind)]
            self.assertEqual([*self.fake.world.things[kind]], ids, kind)

    def test_no_request_for_each(self):
        """A page of each list and the quota, whatever there is to read."""
        self._fill(3)
        inventory.read(self.cloud)
        few = len(self.fake.seen)
        self._fill(117)
        self.fake.seen.clear()
        inventory.read(self.cloud)
        # All fit into a page, but the secrets into two.
        self.assertEqual(few + 1, len(self.fake.seen))
        self.assertLessEqual(few, 10)

    def test_pages_are_the_largest(self):
        inventory.read(self.cloud)
        limits = {
            (request.service, request.query.get('limit'))
            for request in self.fake.seen
            if 'quota' not in request.path
        }
        self.assertEqual(
            {
                ('barbican', '100'),
                ('cinder', '1000'),
                ('glance', '1000'),
                ('nova', '1000'),
            },
            limits,
        )

    def test_pages_that_are_shorter_than_asked_for(self):
        self._fill(130)
        self.fake.barbican.most = 50
        self.assertEqual(130, len([*self.cloud.barbican.secrets()]))

    def test_moving_secrets_are_there_once(self):
        """One that is deleted meanwhile moves the others."""
        self._fill(150)
        first = next(iter(self.fake.world.things['secrets']))
        # As it happens between two pages: one comes twice.
        twin = dict(self.fake.world.things['secrets'][first])

        def move():
            secrets = self.fake.world.things['secrets']
            shifted = {'x': {**twin, 'id': first}, **secrets}
            self.fake.world.things['secrets'] = shifted

        self.fake.fail(move, 'GET barbican /secrets', skip=1)
        ids = [secret.id for secret in self.cloud.barbican.secrets()]
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(150, len(ids))

    def test_each_list_is_asked_for_once(self):
        """A list that is read beside others is not read twice."""
        inventory.read(self.cloud)
        self.assertEqual(
            [
                'GET barbican /containers',
                'GET barbican /secrets',
                'GET cinder /backups/detail',
                f'GET cinder /os-quota-sets/{worlds.PROJECT}',
                'GET cinder /snapshots/detail',
                'GET cinder /volumes/detail',
                'GET glance /images',
                'GET glance /images',
                'GET nova /servers/detail',
            ],
            sorted(self.fake.asked()),
        )


class SideBySideTestCase(base.TestCase):
    def test_all_lists_at_once(self):
        """Each waits for the others, which would else never come."""
        barrier = threading.Barrier(7)
        repeat, met = services.Service.repeat, set()

        def wait(its, method, path, what, **options):
            if threading.get_ident() not in met:
                met.add(threading.get_ident())
                barrier.wait(30)
            return repeat(its, method, path, what, **options)

        self.patch(services.Service, 'repeat', wait)
        self.assertEqual({}, inventory.read(self.cloud).unread)
        self.assertEqual(7, len(met))

    def test_order_is_kept(self):
        names = [str(number) for number in range(20)]
        readers = {name: lambda name=name: name for name in names}
        found = side_by_side.read(readers)
        self.assertEqual(names, list(found))
        self.assertEqual(names, list(found.values()))

    def test_first_failure_is_raised(self):
        """Nobody waits for the others."""
        never = threading.Event()

        def fail():
            raise errors.Interrupted('stop')

        self.assertRaises(
            errors.Interrupted,
            side_by_side.read,
            {'slow': never.wait, 'broken': fail},
        )
        never.set()

    def test_what_is_no_refusal_is_raised(self):
        for error in (ZeroDivisionError, wire.Killed):

            def fail(error=error):
                raise error()

            self.assertRaises(
                error, side_by_side.read, {'a': side_by_side.whole(fail)}
            )


class SilentTestCase(base.TestCase):
    """Services that do not answer, one at a time."""

    def test_unread(self):
        for text, kinds, silent in (
            ('GET nova', {'server'}, {'compute'}),
            ('GET glance', {'image'}, {'image'}),
            ('GET barbican', {'secret'}, {'key-manager'}),
            (
                'GET cinder',
                {'volume', 'snapshot', 'backup', 'quota'},
                {'block-storage'},
            ),
            ('GET cinder /backups', {'backup'}, set()),
            ('GET cinder /snapshots', {'snapshot'}, set()),
            ('GET cinder /os-quota-sets', {'quota'}, set()),
        ):
            self.fake.faults.clear()
            self.fake.fail(wire.Lost(), text, times=10**6, same=False)
            read = inventory.read(self.cloud)
            self.assertEqual(kinds, read.unread.keys(), text)
            self.assertEqual(silent, read.silent, text)
            for why in read.unread.values():
                self.assertIn('Could not', why)

    def test_a_refusal_is_no_silence(self):
        self.fake.fail(wire.Answer(403), 'GET nova', times=9, same=False)
        read = inventory.read(self.cloud)
        self.assertEqual(
            ({'server'}, set()), (read.unread.keys(), read.silent)
        )

    def test_half_a_list_is_none(self):
        for number in range(5):
            self.fake.nova.add_server(f'server {number}')
        self.fake.nova.page = 2
        self.fake.fail(wire.Answer(400), 'GET nova', skip=1)
        read = inventory.read(self.cloud)
        self.assertEqual(((), {'server'}), (read.servers, read.unread.keys()))

    def test_nothing_at_all(self):
        self.fake.fail(wire.Lost(), times=10**6, same=False)
        self.assertRaises(errors.AnswerLost, inventory.read, self.cloud)

    def test_whoever_may_list_nothing_hears_of_it(self):
        self.fake.fail(wire.Answer(403), times=10**6, same=False)
        read = inventory.read(self.cloud)
        self.assertIn('volume', read.unread)

    def test_storage_is_read_as_a_whole(self):
        """What is to be deleted is decided by it."""
        for text in ('volumes', 'snapshots', 'backups', 'images'):
            self.fake.faults.clear()
            self.fake.fail(
                wire.Answer(503),
                f'GET {"glance" if text == "images" else "cinder"} /{text}',
                times=10**6,
                same=False,
            )
            self.assertRaises(
                errors.CloudError, inventory.read_leftovers, self.cloud
            )


class InventoryTestCase(base.TestCase):
    def test_hidden_images_are_there(self):
        self.fake.glance.add_image('seen')
        self.fake.glance.add_image('hidden', os_hidden=True)
        self.fake.glance.add_image('foreign', owner='somebody')
        found = inventory.read(self.cloud).images
        names = {image.name: image.hidden for image in found}
        self.assertEqual({'seen': False, 'hidden': True}, names)

    def test_foreign_images_by_name_or_id(self):
        made = self.fake.glance.add_image('theirs', owner='somebody')
        self.fake.glance.add_image('mine')
        for name in ('theirs', made['id']):
            images = inventory.read(self.cloud, [name]).images
            self.assertEqual(
                ['mine', 'theirs'], [image.name for image in images]
            )
        self.assertEqual(1, len(inventory.read(self.cloud, ['no']).images))

    def test_identity(self):
        self.assertEqual(
            inventories.CloudIdentity(
                fake_cloud.AUTH_URL,
                fake_cloud.REGION,
                worlds.PROJECT,
                'wonder',
                worlds.USER,
            ),
            inventory.read(self.cloud).identity,
        )

    def test_roles(self):
        self.log_in(roles=('reader',))
        read = inventory.read(self.cloud)
        self.assertEqual(frozenset({'reader'}), read.roles)

    def test_absent_services(self):
        for absent in fake_cloud.TYPES:
            present = set(fake_cloud.TYPES) - {absent}
            self.log_in(types=present)
            read = inventory.read(self.cloud)
            others = len(fake_cloud.TYPES) - 1
            self.assertEqual(others, len(read.services), absent)
            self.assertEqual({}, read.unread)
            asked = {request.service for request in self.fake.seen}
            self.assertNotIn(fake_cloud.TYPES[absent], asked)

    def test_services_of_another_region(self):
        """They are not there."""
        for absent in fake_cloud.TYPES:
            self.log_in(elsewhere=[absent])
            read = inventory.read(self.cloud)
            others = len(fake_cloud.TYPES) - 1
            self.assertEqual(others, len(read.services), absent)
            asked = {request.service for request in self.fake.seen}
            self.assertNotIn(fake_cloud.TYPES[absent], asked)

    def test_forbidden_lists_are_noted(self):
        for text in (
            'GET nova /servers/detail',
            'GET cinder /volumes/detail',
            'GET cinder /snapshots/detail',
            'GET barbican /secrets',
            'GET glance /images',
        ):
            self.fake.faults.clear()
            answer = wire.Answer(403, {'forbidden': {'message': 'policy'}})
            self.fake.fail(answer, text, times=9)
            (note,) = inventory.read(self.cloud).unread.values()
            self.assertIn('policy', note)

    def test_only_where_a_run_leaves_something(self):
        self.fake.nova.add_server('web')
        self.fake.barbican.add_secret('word', b'x')
        self.fake.cinder.add_volume('data')
        self.fake.glance.add_image('golden')
        whole, read = (
            each(self.cloud)
            for each in (inventory.read, inventory.read_leftovers)
        )
        self.assertEqual(
            dataclasses.replace(whole, secrets=(), quotas={}), read
        )
        self.fake.seen.clear()
        inventory.read_leftovers(self.cloud)
        asked = {request.service for request in self.fake.seen}
        self.assertEqual({'cinder', 'glance', 'nova'}, asked)

    def test_secrets_that_a_run_may_have_left(self):
        """Only new ones: the metadata cost a request each."""
        for day in (1, 2):
            made = f'2026-01-{day:02}T00:00:00'
            secret = self.fake.barbican.add_secret('w', b'x', created=made)
            self.fake.barbican.metadata[secret['id']] = {'day': f'{day}'}
        since = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
        (found,) = inventory.read_leftovers(self.cloud, since).secrets
        self.assertEqual({'day': '2'}, found.metadata)

    def test_no_backup_api(self):
        self.assertTrue(inventory.read(self.cloud).backup_api)
        self.fake.cinder.backup_policy = False
        read = inventory.read(self.cloud)
        self.assertFalse(read.backup_api)
        self.assertEqual({}, read.unread)

    def test_quotas(self):
        self.fake.cinder.add_volume('a', size=7)
        quotas = inventory.read(self.cloud).quotas
        self.assertEqual(inventories.Quota(10, 1), quotas['volumes'])
        self.assertEqual(inventories.Quota(1000, 7), quotas['gigabytes'])
        self.assertEqual(inventories.Quota(-1, 2), quotas['volumes_fast'])
        self.assertNotIn('groups', quotas)

    def test_quotas_of_the_limits(self):
        """Where the policy hides the better ones."""
        self.fake.cinder.add_volume('a', size=7)
        self.fake.cinder.quota_policy = False
        quotas = inventory.read(self.cloud).quotas
        self.assertEqual(inventories.Quota(1000, 7), quotas['gigabytes'])
        self.assertNotIn('backups', quotas)


class ImageOfServerTestCase(base.TestCase):
    """What the images say that servers were made from."""

    def server(self, name, image):
        self.fake.nova.add_server(name, b'disk', image={'id': image})

    def image(self, name, **fields):
        made = self.fake.glance.add_image(
            name,
            min_disk=2,
            min_ram=64,
            hw_disk_bus='scsi',
            base_image_ref='x',
            **fields,
        )
        return made['id']

    def read(self):
        self.fake.seen.clear()
        return {one.name: one for one in inventory.read(self.cloud).servers}

    def asked(self):
        """The requests for images that are not the project's list."""
        return [request for request in self.fake.seen if 'id' in request.query]

    def assertDescribed(self, server):
        self.assertEqual({'hw_disk_bus': 'scsi'}, server.image_properties)
        self.assertEqual((2, 64), (server.min_disk, server.min_ram))

    def test_own(self):
        """They are in the list already."""
        self.server('a', self.image('mine'))
        self.server('b', self.image('hidden', os_hidden=True))
        self.fake.nova.add_server('boots from a volume')
        found = self.read()
        self.assertDescribed(found['a'])
        self.assertDescribed(found['b'])
        self.assertEqual({}, found['boots from a volume'].image_properties)
        self.assertEqual([], self.asked())

    def test_of_others(self):
        public = self.image('public', owner='x', visibility='public')
        hidden = self.image('hidden', owner='x', os_hidden=True)
        for name, image in ('a', public), ('b', public), ('c', hidden):
            self.server(name, image)
        for server in self.read().values():
            self.assertDescribed(server)
        self.assertEqual(2, len(self.asked()))

    def test_requests_do_not_grow(self):
        public = self.image('public', owner='x', visibility='public')
        for number in range(200):
            self.server(f'{number}', public)
        self.read()
        self.assertEqual(2, len(self.asked()))

    def test_gone(self):
        self.server('a', 'gone')
        self.assertEqual({}, self.read()['a'].image_properties)

    def test_cannot_be_read(self):
        """The plan does without: the run reads the same of a snapshot."""
        self.server('a', 'theirs')
        self.fake.fail(wire.Answer(400), 'GET glance /images', skip=2, times=9)
        found = inventory.read(self.cloud)
        self.assertEqual({}, found.servers[0].image_properties)
        self.assertEqual({}, found.unread)

    def test_no_image_service(self):
        self.log_in(types=set(fake_cloud.TYPES) - {'image'})
        self.server('a', 'theirs')
        self.assertEqual({}, self.read()['a'].image_properties)


class ForRestoreTestCase(base.TestCase):
    """What a restore asks on top, and a backup does not."""

    def read(self, *referenced):
        return inventory.read_for_restore(self.cloud, referenced)

    def asked(self):
        return [str(request) for request in self.fake.seen]

    def test_quotas_of_servers(self):
        flavor = {'vcpus': 2, 'ram': 100, 'disk': 1}
        self.fake.nova.add_server('web', b'x', flavor=flavor)
        self.fake.nova.limits['Cores'] = -1
        found = self.read().quotas
        self.assertEqual(inventories.Quota(10, 1), found['instances'])
        self.assertEqual(inventories.Quota(-1, 2), found['cores'])
        self.assertEqual(inventories.Quota(51200, 100), found['ram'])
        self.assertEqual(10, found['volumes'].limit)
        self.assertNotIn('image_count_total', found)

    def test_quotas_of_images(self):
        self.fake.glance.usage = {
            'image_count_total': {'limit': 5, 'usage': 2},
            'image_size_total': {'limit': -1, 'usage': 9},
            'image_stage_total': {'limit': 1, 'usage': 1},
        }
        found = self.read().quotas
        self.assertEqual(inventories.Quota(5, 2), found['image_count_total'])
        self.assertIsNone(found['image_size_total'].free)
        self.assertNotIn('image_stage_total', found)

    def test_none_of_it_has_to_be_there(self):
        refusal = wire.Answer(403, {'forbidden': {'message': 'no'}})
        for service, path in (('nova', '/limits'), ('glance', '/info/usage')):
            for answer in (refusal, wire.Answer(404), wire.Answer(500)):
                self.fake.fail(answer, f'GET {service} {path}', times=99)
                read = self.read()
                self.assertNotIn(
                    'instances' * (service == 'nova'), read.quotas
                )
                self.assertEqual(frozenset(), read.silent)
                self.fake.faults.clear()

    def test_a_backup_does_not_ask(self):
        inventory.read(self.cloud)
        self.assertFalse(
            [one for one in self.fake.seen if 'usage' in one.path]
        )
        self.assertFalse(
            [
                one
                for one in self.fake.seen
                if one.path.endswith('/limits') and one.service == 'nova'
            ]
        )

    def test_images_of_others_that_backups_name(self):
        add = self.fake.glance.add_image
        public = add('kernel', b'k', owner='others', visibility='public')
        hidden = add(
            'old', b'k', owner='others', visibility='public', os_hidden=True
        )
        add('another', b'k', owner='others', visibility='public')
        own = add('mine', b'k')
        read = self.read(
            public['id'], hidden['id'], own['id'], '../x', 'in:a,b', ''
        )
        self.assertEqual(
            sorted([own['id'], public['id'], hidden['id']]),
            sorted(image.id for image in read.images),
        )

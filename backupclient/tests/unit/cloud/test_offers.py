# SPDX-License-Identifier: Apache-2.0

from backupclient import errors
from backupclient.cloud import offers
from backupclient.model import on_offer
from backupclient.tests.unit.cloud import base
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import wire

LISTS = {
    'GET cinder /types': 'volume_types',
    'GET cinder /types/default': 'default_type',
    'GET cinder /os-availability-zone': 'zones',
    'GET nova /flavors/detail': 'flavors',
    'GET nova /os-availability-zone': 'server_zones',
    'GET nova /os-keypairs': 'key_pairs',
    'GET neutron /networks': 'networks',
    'GET neutron /security-groups': 'security_groups',
}
SERVICES = {
    'volumev3': {'volume_types', 'default_type', 'zones'},
    'compute': {'flavors', 'server_zones', 'key_pairs'},
    'network': {'networks', 'security_groups'},
}


class OffersTestCase(base.TestCase):
    def test_everything(self):
        self.fake.nova.key_pairs += ['laptop', 'desk']
        self.fake.nova.zones = {'az1': True, 'broken': False}
        self.fake.neutron.add_network('lan')
        self.fake.neutron.add_group('web')
        self.assertEqual(
            on_offer.Offers(
                volume_types=(
                    on_offer.VolumeType('t-1', 'fast'),
                    on_offer.VolumeType('t-2', 'luks'),
                ),
                default_type='fast',
                zones=frozenset({'nova'}),
                flavors=(on_offer.Flavor('f-1', 'm1.small', 1, 512, 1),),
                server_zones=frozenset({'az1'}),
                key_pairs=frozenset({'laptop', 'desk'}),
                networks=(on_offer.Named('n-0', 'lan'),),
                security_groups=(on_offer.Named('s-0', 'web'),),
            ),
            offers.read(self.cloud),
        )

    def test_disks_of_flavors(self):
        self.fake.nova.flavors[0] |= {
            'OS-FLV-EXT-DATA:ephemeral': 5,
            'swap': 64,
        }
        (flavor,) = offers.read(self.cloud).flavors
        self.assertEqual((5, 64), (flavor.ephemeral_gib, flavor.swap_mib))

    def test_no_default_type(self):
        self.fake.cinder.default_type = ''
        found = offers.read(self.cloud)
        self.assertEqual(('', {}), (found.default_type, found.unread))

    def test_pages(self):
        self.fake.nova.key_pairs += [f'key {number}' for number in range(5)]
        for number in range(5):
            self.fake.neutron.add_network(f'lan {number}')
            self.fake.cinder.types[f'type {number}'] = f'more-{number}'
        for service in ('cinder', 'nova', 'neutron'):
            getattr(self.fake, service).page = 2
        found = offers.read(self.cloud)
        self.assertEqual(5, len(found.key_pairs))
        self.assertEqual(5, len(found.networks))
        self.assertEqual(7, len(found.volume_types))

    def test_a_list_that_does_not_end(self):
        """The marker of a page is the last of the page before."""
        self.fake.nova.key_pairs += ['a', 'b']
        endless = {
            'keypairs': [{'keypair': {'name': 'a'}}],
            'keypairs_links': [{'rel': 'next', 'href': 'x'}],
        }
        self.fake.fail(
            wire.Answer(json=endless), 'GET nova /os-keypairs', times=9
        )
        found = offers.read(self.cloud)
        self.assertEqual(frozenset({'a'}), found.key_pairs)

    def test_networks_of_other_projects(self):
        """To administrators Neutron lists all."""
        self.fake.neutron.add_network('theirs', project_id='bob')
        self.fake.neutron.add_network('shared', project_id='x', shared=True)
        self.fake.neutron.add_network(
            'outside', project_id='x', **{'router:external': True}
        )
        self.fake.neutron.add_group('theirs', project_id='bob')
        found = offers.read(self.cloud)
        self.assertEqual(
            ['shared', 'outside'], [one.name for one in found.networks]
        )
        self.assertEqual((), found.security_groups)

    def test_only_what_is_needed_is_read(self):
        offers.read(self.cloud)
        self.assertEqual(sorted(LISTS), sorted(self.fake.asked()))

    def test_unread(self):
        for text, field in LISTS.items():
            if field == 'default_type':
                continue
            self.fake.faults.clear()
            fault = wire.Answer(403, {'forbidden': {'message': 'policy'}})
            # Twice: the first list begins as the second does.
            self.fake.fail(fault, text, times=2, same=False)
            found = offers.read(self.cloud)
            self.assertEqual({field}, found.unread.keys())
            self.assertIn('policy', found.unread[field])
            self.assertIsNone(getattr(found, field))

    def test_silent(self):
        self.fake.fail(wire.Lost(), 'GET neutron', times=10**6, same=False)
        found = offers.read(self.cloud)
        self.assertEqual(SERVICES['network'], found.unread.keys())
        self.assertIsNotNone(found.flavors)

    def test_absent(self):
        for type_, names in SERVICES.items():
            self.log_in(types=set(fake_cloud.TYPES) - {type_})
            found = offers.read(self.cloud)
            self.assertEqual(names, found.unread.keys())
            for why in found.unread.values():
                self.assertIn('catalogue', why)

    def test_nonsense(self):
        answer = wire.Answer(json={'flavors': [{'id': 'x', 'ram': 'much'}]})
        self.fake.fail(answer, 'GET nova /flavors/detail')
        found = offers.read(self.cloud)
        self.assertIsNone(found.flavors)
        self.assertIn('makes no sense', found.unread['flavors'])

    def test_end_of_the_login(self):
        self.fake.end_login()
        self.assertRaises(errors.BackupError, offers.read, self.cloud)

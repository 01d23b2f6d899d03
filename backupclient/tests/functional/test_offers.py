# SPDX-License-Identifier: Apache-2.0
"""What can be had to build resources of, as the services tell it."""

from backupclient import clocks
from backupclient.cloud import door
from backupclient.cloud import offers
from backupclient.tests.functional import base


class TestOffers(base.TestCase):
    """Read by a member of a project, as a restore does."""

    def setUp(self):
        super().setUp()
        self.read = door.connect(self.tenant.conn, clocks.SystemClock())

    def test_everything(self):
        compute, network = self.tenant.conn.compute, self.tenant.conn.network
        pair = compute.create_keypair(name='laptop')
        self.addCleanup(compute.delete_keypair, pair)
        lan = network.create_network(name='lan')
        self.addCleanup(network.delete_network, lan)
        group = network.create_security_group(name='web')
        self.addCleanup(network.delete_security_group, group)

        found = offers.read(self.read)

        self.assertEqual({}, found.unread)
        known = {
            (one.id, one.name)
            for one in self.tenant.admin.block_storage.types()
        }
        self.assertEqual(
            known, {(one.id, one.name) for one in found.volume_types}
        )
        self.assertIn(found.default_type, {name for _, name in known})
        self.assertEqual(frozenset({'laptop'}), found.key_pairs)
        self.assertEqual(
            [(lan.id, 'lan')], [(one.id, one.name) for one in found.networks]
        )
        self.assertLessEqual(
            {(group.id, 'web')},
            {(one.id, one.name) for one in found.security_groups},
        )
        self.assertEqual(
            {
                (one.id, one.name, one.vcpus, one.ram, one.disk)
                for one in compute.flavors()
            },
            {
                (one.id, one.name, one.vcpus, one.ram_mib, one.disk_gib)
                for one in found.flavors
            },
        )
        self.assertEqual(
            {
                one.name
                for one in self.tenant.conn.compute.availability_zones()
            },
            found.server_zones,
        )
        self.assertIn('nova', found.zones)

    def test_as_an_administrator(self):
        """Only the project's own are offered, though Neutron lists all."""
        network = self.tenant.conn.network
        lan = network.create_network(name='lan')
        self.addCleanup(network.delete_network, lan)
        found = offers.read(
            door.connect(self.tenant.admin, clocks.SystemClock())
        )
        self.assertEqual({}, found.unread)
        self.assertNotIn(lan.id, {one.id for one in found.networks})

# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import resources
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

SERVER = samples.server(
    'web', flavor_name='m1.small', vcpus=1, ram_mib=2048, disk_gib=20
)
UUID = samples.uuid_of('network')


def on(*networks, **fields):
    addresses = tuple(
        resources.Address(network, f'10.0.0.{number}')
        for number, network in enumerate(networks)
    )
    server = dataclasses.replace(SERVER, addresses=addresses, **fields)
    return base.entry(server, image=samples.image('own'))


class TestNetworks(base.TestCase):
    def networks(self, one, **options):
        item = self.item(one, **options)
        self.assertTrue(item.possible, item.reason)
        return item.restore.new.networks

    def test_by_name_in_the_same_project(self):
        for old, new in (
            ((), ()),
            (('lan',), ('n-1',)),
            (('wan', 'lan', 'wan'), ('n-2', 'n-1')),
        ):
            self.assertEqual(new, self.networks(on(*old)))

    def test_never_by_name_from_another_project(self):
        item = self.item(on('lan'), origin=base.ELSEWHERE)
        self.refuses(item, '"lan"', '--network lan=NEW')

    def test_mapped(self):
        for mapping, new in (
            ({'': 'wan'}, ('n-2',)),
            ({'': 'n-2'}, ('n-2',)),
            ({'lan': 'wan'}, ('n-2', 'n-2')),
            ({'lan': 'wan', '': 'lan'}, ('n-2', 'n-1')),
            ({'': 'none'}, ()),
            ({'wan': 'none', 'lan': 'lan'}, ('n-1',)),
        ):
            for origin in (base.HOME, base.ELSEWHERE):
                if origin is base.ELSEWHERE and mapping == {'lan': 'wan'}:
                    continue
                found = self.networks(
                    on('lan', 'wan'), networks=mapping, origin=origin
                )
                self.assertEqual(tuple(dict.fromkeys(new)), found)

    def test_server_that_had_none(self):
        """It is not connected, and that is said where it may be expected."""
        for mapping, said in (
            ({'': 'lan'}, True),
            ({'': 'none'}, False),
            ({'wan': 'lan'}, False),
            ({}, False),
        ):
            item = self.item(on(), networks=mapping)
            self.assertEqual((), item.restore.new.networks)
            found = 'It had no network' in ' '.join(item.warnings)
            self.assertEqual(said, found, mapping)

    def test_obstacles(self):
        for old, mapping, words in (
            ('gone', {}, ('"gone"', '--network gone=NEW')),
            ('twice', {}, ('Several', 'n-3, n-4', '--network twice=ID')),
            ('lan', {'': 'gone'}, ('--network gone',)),
            ('lan', {'lan': 'twice'}, ('Several',)),
        ):
            self.refuses(self.item(on(old), networks=mapping), *words)

    def test_no_neutron(self):
        offers = base.offers(
            networks=None, unread={'networks': 'There is no Neutron.'}
        )
        self.refuses(
            self.item(on('lan'), offers=offers),
            'There is no Neutron.',
            '--network none',
        )
        self.assertEqual((), self.networks(on(), offers=offers))
        for new, found in (('none', ()), (UUID, (UUID,))):
            networks = self.networks(
                on('lan'), offers=offers, networks={'': new}
            )
            self.assertEqual(found, networks)


class TestSecurityGroups(base.TestCase):
    def found(self, *groups, **options):
        item = self.item(on('lan', security_groups=groups), **options)
        said = [w for w in item.warnings if 'security group' in w]
        return item.restore.new.security_groups, ' '.join(said)

    def test_by_name_in_the_same_project(self):
        for groups, ids, words in (
            ((), (), ''),
            (('default',), (), ''),
            (('web', 'ssh', 'web'), ('s-1', 's-2'), ''),
            (('default', 'web'), ('s-0', 's-1'), ''),
            (('web', 'gone'), ('s-1',), 'gone'),
            (('twice',), (), 'several'),
        ):
            found, said = self.found(*groups)
            self.assertEqual(ids, found)
            self.assertIn(words, said)
            self.assertEqual(bool(words), bool(said))

    def test_never_from_another_project(self):
        options = {'origin': base.ELSEWHERE, 'networks': {'': 'lan'}}
        found, said = self.found('web', **options)
        self.assertEqual(((), True), (found, 'web' in said))
        self.assertEqual(((), ''), self.found('default', **options))

    def test_not_readable(self):
        offers = base.offers(
            security_groups=None, unread={'security_groups': 'Neutron: 403.'}
        )
        found, said = self.found('web', offers=offers)
        self.assertEqual((), found)
        self.assertIn('Neutron: 403', said)

    def test_without_networks_there_are_none(self):
        one = on(security_groups=('gone',))
        item = self.item(one)
        self.assertEqual((), item.restore.new.security_groups)
        self.assertEqual((), item.warnings)


class TestKeyPairs(base.TestCase):
    def test_key_pairs(self):
        elsewhere = {'origin': base.ELSEWHERE}
        unread = {'offers': base.offers(key_pairs=None)}
        for old, options, new, warned in (
            ('', {}, '', False),
            ('laptop', {}, 'laptop', False),
            ('gone', {}, '', True),
            ('laptop', elsewhere, '', True),
            ('laptop', unread, '', True),
            ('gone', {'key_pair': 'desk'}, 'desk', False),
            ('gone', {'key_pair': 'desk', **elsewhere}, 'desk', False),
            ('gone', {'key_pair': 'desk', **unread}, 'desk', False),
        ):
            item = self.item(on(key_name=old), **options)
            self.assertEqual(new, item.restore.new.key_name)
            said = any('--key-pair' in w for w in item.warnings)
            self.assertEqual(warned, said)

    def test_one_that_is_not_there(self):
        item = self.item(on(), key_pair='gone')
        self.refuses(item, '"gone"', 'desk, laptop')

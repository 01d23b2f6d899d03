# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import plans
from backupclient.model import restores
from backupclient.model import secret_facts
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

SECRET = samples.secret('tls', acl=secret_facts.Acl())


def member(name, container='c-1', role='', size=2, **fields):
    one = secret_facts.Membership(container, 'certs', 'generic', role, size)
    return samples.secret(
        name, acl=secret_facts.Acl(), containers=(one,), **fields
    )


class TestSecrets(base.TestCase):
    def test_stored(self):
        item = self.item(base.entry(SECRET), suffix='-new')
        self.accepts(item, plans.Procedure.SECRET_STORE)
        self.assertEqual('tls-new', item.restore.name)
        self.assertEqual(SECRET, item.secret)
        self.assertEqual(32, item.size)
        self.assertEqual((), item.warnings)

    def test_without_payload(self):
        secret = dataclasses.replace(SECRET, content_type='')
        item = self.item(base.entry(secret))
        self.accepts(item, plans.Procedure.SECRET_STORE)
        self.assertEqual(0, item.size)
        self.says(item.reason, 'no payload')

    def test_payload_is_not_there(self):
        self.refuses(self.item(base.entry(SECRET, file=None)), 'no copy')

    def test_encrypted_payload(self):
        file = base.file(f'secrets/{SECRET.id}.bin.age')
        one = base.entry(SECRET, file=file)
        self.refuses(self.item(one), file.path, '--identity')
        self.assertTrue(self.item(one, identities=True).possible)

    def test_expiration(self):
        past = dataclasses.replace(SECRET, expires_at='2026-05-31T23:59:59')
        self.says(self.item(base.entry(past)).warnings, past.expires_at)
        later = dataclasses.replace(SECRET, expires_at='2026-06-01T00:00:01')
        self.assertEqual((), self.item(base.entry(later)).warnings)

    def test_readers(self):
        unknown = dataclasses.replace(SECRET, acl=None)
        self.says(self.item(base.entry(unknown)).warnings, 'does not record')
        acl = secret_facts.Acl(('u-1',), project_access=False)
        private = dataclasses.replace(SECRET, acl=acl)
        self.says(self.item(base.entry(private)).notes, 'private')
        item = self.item(base.entry(private), origin=base.ELSEWHERE)
        self.says(item.notes, 'the other cloud')

    def test_no_key_manager(self):
        services = samples.SERVICES - {'key-manager'}
        item = self.item(base.entry(SECRET), cloud={'services': services})
        self.refuses(item, 'Barbican')
        silent = {'silent': frozenset({'key-manager'})}
        self.refuses(
            self.item(base.entry(SECRET), cloud=silent), 'does not answer'
        )


class TestContainers(base.TestCase):
    def items(self, *secrets, **options):
        made = self.plan(*map(base.entry, secrets), **options)
        return made.items

    def test_made_after_the_last(self):
        first, last = self.items(
            member('a', role='certificate'),
            member('b', role='private_key'),
            suffix='-2',
        )
        self.assertEqual((), first.restore.new.containers)
        self.assertEqual((), first.restore.after)
        self.assertEqual(
            (
                restores.Container(
                    'certs-2',
                    'generic',
                    (
                        restores.Member(first.resource.id, 'certificate'),
                        restores.Member(last.resource.id, 'private_key'),
                    ),
                ),
            ),
            last.restore.new.containers,
        )
        self.assertEqual((first.resource.id,), last.restore.after)
        self.says(last.notes, '"certs" (c-1)', 'access list')

    def test_incomplete(self):
        for items in (
            self.items(member('a', size=2)),
            self.items(member('a', size=3), member('b', size=3)),
        ):
            for item in items:
                self.assertEqual((), item.restore.new.containers)
                self.says(item.warnings, '"certs" (c-1)', 'not made again')

    def test_member_that_cannot_be_restored(self):
        lost = base.entry(member('b'), file=None)
        item = self.item(base.entry(member('a')), lost)
        self.assertEqual((), item.restore.new.containers)
        self.says(item.warnings, 'not made again')

    def test_size_that_is_not_known(self):
        (item,) = self.items(member('a', size=0))
        self.assertEqual(1, len(item.restore.new.containers))
        self.says(item.notes, 'whether it had more')

    def test_several_containers_and_roles(self):
        both = tuple(
            secret_facts.Membership(c, c, 'generic', role, size)
            for c, role, size in (
                ('c-1', 'a', 2),
                ('c-1', 'b', 2),
                ('c-2', '', 2),
            )
        )
        one = dataclasses.replace(SECRET, containers=both)
        other = member('b', container='c-2')
        first, last = self.items(one, other)
        (own,) = first.restore.new.containers
        self.assertEqual(['a', 'b'], [m.role for m in own.members])
        self.assertEqual((), first.restore.after)
        self.assertEqual(1, len(last.restore.new.containers))
        self.assertEqual((one.id,), last.restore.after)

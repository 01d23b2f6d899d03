# SPDX-License-Identifier: Apache-2.0

from backupclient.model import plans
from backupclient.model import tasks
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples


class TestSecrets(base.TestCase):
    def item(self, record, *others, **options):
        options = {'target': '/backups', **base.KEYS, **options}
        return super().item(record, *others, secrets=(record.id,), **options)

    def test_plaintext(self):
        secret = samples.secret('password')
        item = self.item(secret)
        self.assertIs(plans.Procedure.SECRET_DOWNLOAD, item.procedure)
        self.assertEqual('immutable', item.consistency)
        self.assertEqual(f'secrets/{secret.id}.bin', item.result)
        self.assertEqual(secret, item.secret)
        self.assertTrue(item.to_file)
        self.assertIsNone(item.size)
        self.assertEqual((), item.notes)

    def test_protected(self):
        secret = samples.secret('password')
        for plaintext in (False, True):
            item = self.item(
                secret, recipients=('age1x',), plaintext_keys=plaintext
            )
            self.assertEqual(f'secrets/{secret.id}.bin.age', item.result)

    def test_neither(self):
        item = self.item(samples.secret('password'), plaintext_keys=False)
        self.refuses(item, '--encrypt-to or --plaintext-keys')

    def test_every_type(self):
        for kind in [
            'symmetric',
            'public',
            'private',
            'passphrase',
            'certificate',
            'opaque',
        ]:
            item = self.item(samples.secret(kind, secret_type=kind))
            self.assertIs(plans.Procedure.SECRET_DOWNLOAD, item.procedure)

    def test_not_active(self):
        for status in ('ERROR', 'PENDING'):
            item = self.item(samples.secret('password', status))
            self.refuses(item, f'"{status}"', 'leave it out')

    def test_without_payload(self):
        for keys in (True, False):
            item = self.item(
                samples.secret('empty', content_type=''), plaintext_keys=keys
            )
            # Its metadata and its ACL are in no list: the run reads them.
            self.assertEqual(tasks.SecretDownload(), item.task)
            self.assertEqual('manifest.json', item.result)
            self.assertTrue(item.possible)
            self.assertIn('no payload', item.reason)

    def test_without_payload_and_not_active(self):
        secret = samples.secret('empty', 'ERROR', content_type='')
        self.refuses(self.item(secret), '"ERROR"')

    def test_expires(self):
        secret = samples.secret('password', expires_at='2030-01-01T00:00:00')
        self.assertIn('From 2030-01-01T00:00:00', self.item(secret).notes[0])

    def test_no_key_manager(self):
        services = samples.SERVICES - {'key-manager'}
        item = self.item(
            samples.secret('password'), cloud={'services': services}
        )
        self.refuses(item, 'no key manager (Barbican)')

# SPDX-License-Identifier: Apache-2.0

import contextlib
import dataclasses
import hashlib

import pyrage

from backupclient import errors
from backupclient.keys import protection
from backupclient.model import plans
from backupclient.model import secret_facts
from backupclient.store import base as store
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.keys.luks import vectors
from backupclient.tests.unit.procedures import base
from backupclient.tests.unit.procedures import every_failure


class ImageTestCase(every_failure.EveryFailure):
    procedure = plans.Procedure.IMAGE_DOWNLOAD
    more = {'to_file': True}

    def seed(self):
        image = self.cloud.glance.add_image(
            'mine', base.DATA, disk_format='qcow2'
        )
        return self.work.cloud.glance.image(image['id'])

    def check_complete(self, made):
        self.assertEqual({}, self.new_things())
        path = f'images/{self.item.resource.id}.qcow2'
        self.check_file(made, path, base.DATA)

    def test_only_reads(self):
        self.go()
        self.assertEqual([], self.cloud.asked('POST', 'PATCH', 'DELETE'))

    def test_image_that_is_gone(self):
        self.cloud.world.remove('images', self.item.resource.id)
        self.assertRaises(errors.BackupError, self.go)
        self.assertEqual({}, self.folder.files())

    def test_finished_file_of_an_earlier_try_is_not_replaced(self):
        path = f'images/{self.item.resource.id}.qcow2'
        self.folder.put(path, b'something else')
        self.assertRaises(errors.TargetError, self.go)


class LostTestCase(base.TestCase):
    """A store that loses a file on the way."""

    procedure = plans.Procedure.IMAGE_DOWNLOAD
    more = {'to_file': True}

    def seed(self):
        image = self.cloud.glance.add_image('mine', base.DATA)
        return self.work.cloud.glance.image(image['id'])

    def lose(self, times):
        """Let so many writes be lost at their ends."""
        lost = iter(range(times))
        whole = type(self.folder).write

        @contextlib.contextmanager
        def write(*args, **options):
            with whole(self.folder, *args, **options) as writer:
                yield writer
                if next(lost, None) is not None:
                    self.folder.delete(args[0])
                    raise errors.TargetLost('The program was killed.')

        self.folder.write = write

    def test_starts_anew(self):
        self.lose(2)
        said = []
        self.reporter.say = said.append
        made = self.go()
        self.assertEqual(len(base.DATA), made.file.size)
        self.assertEqual([base.DATA], [*self.folder.files().values()])
        anew = [text for text in said if 'starts anew' in text]
        self.assertEqual(2, len(anew))
        self.assertIn('image "mine"', anew[0])
        self.assertIn('The program was killed.', anew[0])

    def test_gives_up(self):
        self.lose(3)
        error = self.assertRaises(errors.TargetLost, self.go)
        self.assertEqual('The program was killed.', str(error))
        self.assertEqual({}, self.folder.files())


class SecretTestCase(every_failure.EveryFailure):
    procedure = plans.Procedure.SECRET_DOWNLOAD
    more = {'to_file': True}
    payload = b'\0\xffpayload\n'

    def seed(self):
        secret = self.cloud.barbican.add_secret('mine', self.payload)
        return self.work.cloud.barbican.secret(secret['id'])

    def check_complete(self, made):
        self.assertEqual({}, self.new_things())
        path = f'secrets/{self.item.resource.id}.bin'
        self.check_file(made, path, self.payload)
        self.assertIs(store.Secrecy.SECRET, self.folder.secrecy(path))

    def test_not_for_this_user(self):
        self.cloud.barbican.private.add(self.item.resource.id)
        failure = self.assertRaises(errors.Forbidden, self.go)
        self.assertIn('another user', str(failure))
        self.assertEqual({}, self.folder.files())

    def test_metadata_and_readers(self):
        self.cloud.barbican.metadata[self.item.resource.id] = {'a': 'b'}
        self.cloud.barbican.acls[self.item.resource.id] = {
            'project-access': False,
            'users': ['u1'],
        }
        made = self.go()
        self.assertEqual({'a': 'b'}, made.described.metadata)
        self.assertEqual(
            secret_facts.Acl(('u1',), project_access=False), made.described.acl
        )
        self.assertEqual((), made.notes)

    def test_metadata_and_readers_that_are_refused(self):
        """The payload matters more: that they are missing is said."""
        for status in (403, 404):
            for part in ('metadata', 'acl'):
                self.begin()
                path = f'/secrets/{self.item.resource.id}/{part}'
                self.cloud.fail(wire.Answer(status), f'GET barbican {path}')
                made = self.go()
                self.check_complete(made)
                self.assertEqual(
                    part == 'metadata', made.described.acl is not None
                )
                (note,) = made.notes
                self.assertIn(f'(HTTP {status})', note)
                self.assertIn('not in the backup', note)

    def test_gone(self):
        """Expired ones are hidden: a 404 is what a person gets."""
        self.cloud.world.remove('secrets', self.item.resource.id)
        failure = self.assertRaises(errors.NotFound, self.go)
        self.assertIn(self.item.resource.id, str(failure))

    def test_sealed(self):
        identity = pyrage.x25519.Identity.generate()
        protector = protection.Protector([str(identity.to_public())])
        self.work = dataclasses.replace(self.work, protector=protector)
        made = self.go()
        ((path, content),) = self.folder.files().items()
        self.assertEqual(f'secrets/{self.item.resource.id}.bin.age', path)
        self.assertIs(store.Secrecy.SEALED, self.folder.secrecy(path))
        self.assertEqual(self.payload, pyrage.decrypt(content, [identity]))
        # The checksum is that of the file; the fingerprint of the payload.
        self.assertEqual(
            hashlib.sha512(content).hexdigest(), made.file.digests['sha512']
        )
        self.assertEqual(
            hashlib.sha256(self.payload).hexdigest(), made.key.fingerprint
        )
        self.assertTrue(made.key.protected)


class SecretWithoutPayloadTestCase(base.TestCase):
    """All of it goes into the manifest."""

    procedure = plans.Procedure.SECRET_DOWNLOAD

    def seed(self):
        secret = self.cloud.barbican.add_secret('mine', b'', content_types={})
        self.cloud.barbican.metadata[secret['id']] = {'a': 'b'}
        return self.work.cloud.barbican.secret(secret['id'])

    def test_description(self):
        made = self.go()
        self.assertEqual({'a': 'b'}, made.described.metadata)
        self.assertEqual(secret_facts.Acl(), made.described.acl)
        self.assertIsNone(made.file)
        self.assertTrue(made.captured)
        self.assertEqual({}, self.folder.files())

    def test_gone(self):
        self.cloud.world.remove('secrets', self.item.resource.id)
        failure = self.assertRaises(errors.NotFound, self.go)
        self.assertIn('was deleted', str(failure))

    def test_payload_that_came_later_is_not_passed_over(self):
        secret = self.cloud.world.things['secrets'][self.item.resource.id]
        secret['content_types'] = {'default': 'text/plain'}
        failure = self.assertRaises(errors.BackupError, self.go)
        self.assertIn('got a payload', str(failure))


class EncryptedVolumeTestCase(base.TestCase):
    """The key of the very image, and the proof that it opens."""

    procedure = plans.Procedure.VOLUME_IMAGE
    more = {'to_file': True}
    content = vectors.image('luks2-pbkdf2')

    def seed(self):
        self.key = self.cloud.barbican.add_secret('', vectors.KEY.payload)
        volume = self.cloud.cinder.add_volume(
            'secret', self.content, key=self.key['id']
        )
        return self.work.cloud.cinder.volume(volume['id'])

    def _key_path(self):
        return f'keys/volume-{self.item.resource.id}.key'

    def test_key_opens(self):
        made = self.go()
        self.assertEqual('yes', made.key.opens)
        self.assertEqual(self._key_path(), made.key.path)
        self.assertEqual(vectors.RIGHT[0], self.folder.files()[made.key.path])
        self.assertEqual({}, self.new_things())
        self.check_untouched()

    def test_key_is_exported_before_the_image_goes(self):
        """With the image its copy of the key is deleted."""
        keys = []

        def look():
            keys.append(self._key_path() in self.folder.files())

        self.cloud.fail(look, 'DELETE glance /images/')
        self.go()
        self.assertEqual([True], keys)

    def test_text_of_a_passphrase_opens_as_it_is(self):
        """The file holds what opens, not what the type lets expect."""
        text = vectors.RIGHT[0]
        self.cloud.world.content[self.key['id']] = text
        self.assertEqual('yes', self.go().key.opens)
        self.assertEqual(text, self.folder.files()[self._key_path()])

    def test_wrong_key(self):
        self.cloud.world.content[self.key['id']] = bytes(32)
        failure = self.assertRaises(errors.TransferError, self.go)
        self.assertIn('does not open', str(failure))
        self.assertEqual({}, self.folder.files())
        self.assertEqual({}, self.new_things())

    def test_unreadable_key(self):
        """A backup that nobody can open is none."""
        self.cloud.fail(
            lambda: self.cloud.barbican.private.update(
                self.cloud.world.things['secrets']
            ),
            'GET barbican',
        )
        failure = self.assertRaises(errors.Forbidden, self.go)
        self.assertIn('cannot be read', str(failure))
        self.assertEqual({}, self.folder.files())
        self.assertEqual({}, self.new_things())

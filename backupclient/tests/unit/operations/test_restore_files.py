# SPDX-License-Identifier: Apache-2.0
"""Backups as files: what is written, and what never is."""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import stat
from unittest import mock

import fixtures
import pyrage
import testtools

from backupclient import errors
from backupclient import stops
from backupclient.keys import identity
from backupclient.keys import protection
from backupclient.model import copies
from backupclient.model import events
from backupclient.model import manifests
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.operations import limited
from backupclient.operations import restore_files
from backupclient.planner import backups
from backupclient.sets import backup_set
from backupclient.sets import restorable
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.tests.unit.keys.luks import disks
from backupclient.tests.unit.keys.luks import vectors
from backupclient.tests.unit.sets import samples

MIB = 1 << 20
RUN = samples.RUN
PASSPHRASE = vectors.RIGHT[0]
PLAIN = os.urandom(MIB) + bytes(MIB)
KEY = pyrage.x25519.Identity.generate()
COMPLETE = results.State.COMPLETE
FAILED = results.State.FAILED
SKIPPED = results.State.SKIPPED


def record(path: str, data: bytes) -> copies.FileRecord:
    digest = hashlib.sha512(data).hexdigest()
    return copies.FileRecord(path, len(data), {'sha512': digest}, 'sha512')


def sealed(data: bytes) -> bytes:
    return protection.Protector([str(KEY.to_public())]).seal(data)


class Listener(events.Silent):
    """Remembers what ended, and can do something at the first progress."""

    def __init__(self) -> None:
        self.outcomes = []
        self.at_progress = lambda: None

    def progress(self, resource, done, total):
        self.at_progress()

    def ended(self, outcome):
        self.outcomes.append(outcome)


class FilesCase(testtools.TestCase):
    """Has a set in a store in memory, and a folder for files."""

    def setUp(self):
        super().setUp()
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.out = place / 'out'
        self.store = memory.Memory()
        self.store.begin(RUN)
        self.files = restorable.Restorable(self.store, RUN)
        self.listener = Listener()
        self.stop = stops.Stop()

    def put(self, path: str, data: bytes) -> copies.FileRecord:
        self.files.put(path, data)
        return record(path, data)

    def put_sums(self, **contents: bytes) -> None:
        lines = (
            f'{hashlib.sha512(self.store.files[f"{RUN}/{path}"]).hexdigest()}'
            f'  {path}\n'
            for path in contents
        )
        self.files.put('SHA512SUMS', ''.join(lines).encode())

    def volume(self, data: bytes = PLAIN) -> manifests.Entry:
        path = f'volumes/{samples.ROOT.id}.raw'
        return samples.volume_entry(samples.ROOT, file=self.put(path, data))

    def encrypted(
        self,
        content: bytes = PASSPHRASE,
        ending: str = 'key',
        data: bytes | None = None,
        **changes,
    ) -> manifests.Entry:
        """An encrypted volume with its key."""
        one, key = samples.DATA, f'keys/volume-{samples.DATA.id}.{ending}'
        self.put(key, content)
        disk = disks.disk(PLAIN) if data is None else data
        entry = samples.volume_entry(
            one,
            file=self.put(f'volumes/{one.id}.raw', disk),
            key=samples.key_record(key),
        )
        return dataclasses.replace(entry, **changes)

    def secret(self, data: bytes, ending: str = 'bin') -> manifests.Entry:
        path = f'secrets/{samples.SECRET.id}.{ending}'
        return samples.secret_entry(
            samples.SECRET,
            file=self.put(path, data),
            key=samples.key_record(path, opens='not checked'),
        )

    def bring(
        self, *entries: manifests.Entry, decrypt: bool = False, keys=(KEY,)
    ) -> tuple[results.Outcome, ...]:
        return restore_files.bring(
            {RUN: self.files},
            [backups.Choice(RUN, each) for each in entries],
            self.out,
            decrypt=decrypt,
            identities=identity.Identities(keys),
            reporter=self.listener,
            parallel=2,
            stop=self.stop,
        )

    def written(self) -> dict[str, bytes]:
        """What is in the folder, links included."""
        return {
            str(path.relative_to(self.out)): path.read_bytes()
            for path in self.out.rglob('*')
            if not path.is_dir()
        }

    def assert_failed(self, done: results.Outcome, reason: str) -> None:
        self.assertIn(reason, done.reason)
        self.assertIs(FAILED, done.state)
        self.assertEqual('', done.restored)
        self.assertIsNone(done.size)

    def assert_way_out(self, done: results.Outcome) -> None:
        self.assertTrue(
            done.reason.endswith(
                ' Use another backup: "openstack backup history --from '
                'memory" lists them, and --run chooses one.'
            ),
            done.reason,
        )


class TestCopies(FilesCase):
    """Data as they are in the set."""

    def test_each_kind(self):
        image, server = samples.IMAGE.id, samples.SERVER.id
        entries = (
            self.volume(),
            samples.image_entry(
                samples.IMAGE, file=self.put(f'images/{image}.qcow2', b'im')
            ),
            samples.server_entry(
                samples.SERVER, file=self.put(f'servers/{server}.vmdk', b'se')
            ),
            self.secret(b'pay\nload'),
        )
        found = self.bring(*entries)
        expected = {
            f'volumes/{samples.ROOT.id}.raw': PLAIN,
            f'images/{image}.qcow2': b'im',
            f'servers/{server}.vmdk': b'se',
            f'secrets/{samples.SECRET.id}.bin': b'pay\nload',
        }
        self.assertEqual(expected, self.written())
        self.assertEqual(list(expected), [done.restored for done in found])
        self.assertEqual(
            [len(data) for data in expected.values()],
            [done.size for done in found],
        )
        self.assertEqual({COMPLETE}, {done.state for done in found})
        self.assertCountEqual(found, self.listener.outcomes)
        self.assertEqual(
            [entry.resource for entry in entries],
            [done.resource for done in found],
        )

    def test_only_for_the_owner(self):
        self.bring(self.volume(), self.secret(b'x'))
        for path in self.written():
            mode = (self.out / path).stat().st_mode
            self.assertEqual(0o600, stat.S_IMODE(mode), path)
        for name in ('volumes', 'secrets'):
            mode = (self.out / name).stat().st_mode
            self.assertEqual(0o700, stat.S_IMODE(mode), name)

    def test_sparse(self):
        self.bring(self.volume(bytes(16 * MIB) + b'end'))
        path = self.out / f'volumes/{samples.ROOT.id}.raw'
        self.assertEqual(16 * MIB + 3, path.stat().st_size)
        self.assertLess(path.stat().st_blocks * 512, MIB)

    def test_encrypted_with_its_key(self):
        entry = self.encrypted(sealed(PASSPHRASE), 'key.age')
        self.put_sums(**{entry.key.path: b''})
        (done,) = self.bring(entry)
        self.assertEqual((), done.notes)
        self.assertEqual(
            {entry.file.path: disks.disk(PLAIN)}.keys() | {entry.key.path},
            self.written().keys(),
        )
        self.assertEqual(
            sha512(self.store.files[f'{RUN}/{entry.file.path}']),
            sha512(self.written()[entry.file.path]),
        )
        key = self.written()[entry.key.path]
        self.assertEqual(PASSPHRASE, pyrage.decrypt(key, [KEY]))

    def test_key_without_a_hash(self):
        (done,) = self.bring(self.encrypted())
        self.assertIs(COMPLETE, done.state)
        self.assertIn('without a comparison', done.notes[0])

    def test_damaged_key(self):
        entry = self.encrypted()
        self.put_sums(**{entry.key.path: b''})
        self.files.put(entry.key.path, b'other')
        (done,) = self.bring(entry)
        self.assert_failed(done, f'{entry.key.path} is damaged')
        self.assert_way_out(done)
        self.assertEqual({}, self.written())

    def test_key_that_cannot_be_written(self):
        """The data go too: they would lie there without their key."""
        entry = self.encrypted()
        place = self.out / entry.key.path
        place.parent.mkdir(parents=True)
        place.write_text('mine')
        (done,) = self.bring(entry)
        self.assert_failed(done, 'is there already')
        self.assertEqual({entry.key.path: b'mine'}, self.written())


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


class TestDecrypt(FilesCase):
    """Plain disks and secrets."""

    def assert_plain(self, entry: manifests.Entry) -> results.Outcome:
        (done,) = self.bring(entry, decrypt=True)
        self.assertEqual('', done.reason)
        path = f'volumes/{samples.DATA.id}.raw'
        self.assertEqual(path, done.restored)
        self.assertEqual([path], list(self.written()))
        self.assertEqual(sha512(PLAIN), sha512(self.written()[path]))
        self.assertEqual(len(PLAIN), done.size)
        return done

    def test_luks1(self):
        self.assert_plain(self.encrypted())

    def test_luks2(self):
        data = disks.disk(PLAIN, 'luks2-pbkdf2')
        self.assert_plain(self.encrypted(data=data))

    def test_encrypted_key(self):
        self.assert_plain(self.encrypted(sealed(PASSPHRASE), 'key.age'))

    def test_other_form_of_the_passphrase(self):
        """A key in the set that was not proved may be the other form."""
        self.assert_plain(self.encrypted(vectors.KEY.payload))

    def test_zeros_become_holes(self):
        data = disks.disk(bytes(16 * MIB))
        self.bring(self.encrypted(data=data), decrypt=True)
        path = self.out / f'volumes/{samples.DATA.id}.raw'
        self.assertEqual(16 * MIB, path.stat().st_size)
        self.assertLess(path.stat().st_blocks * 512, MIB)

    def test_cut_to_the_size_of_the_volume(self):
        volume = mock.Mock(spec_set=resources.Volume, size=MIB, encrypted=True)
        entry = self.encrypted(volume=volume)
        (done,) = self.bring(entry, decrypt=True)
        self.assertEqual(MIB, done.size)
        self.assertIn('1,048,576 bytes', done.notes[0])
        self.assertEqual([PLAIN[:MIB]], list(self.written().values()))

    def test_impossible_size(self):
        for size in (0, -1):
            volume = dataclasses.replace(samples.DATA, size_gib=size)
            (done,) = self.bring(self.encrypted(volume=volume), decrypt=True)
            self.assert_failed(done, 'not written by this program')
        self.assertEqual({}, self.written())

    def test_secret(self):
        (done,) = self.bring(
            self.secret(sealed(b'payload'), 'bin.age'), decrypt=True
        )
        path = f'secrets/{samples.SECRET.id}.bin'
        self.assertEqual({path: b'payload'}, self.written())
        self.assertEqual((path, 7), (done.restored, done.size))

    def test_secret_as_it_is(self):
        data = sealed(b'payload')
        (done,) = self.bring(self.secret(data, 'bin.age'), keys=())
        self.assertEqual(
            {f'secrets/{samples.SECRET.id}.bin.age': data}, self.written()
        )
        self.assertIs(COMPLETE, done.state)

    def test_wrong_identity(self):
        other = pyrage.x25519.Identity.generate()
        entries = (
            self.encrypted(sealed(PASSPHRASE), 'key.age'),
            self.secret(sealed(b'payload'), 'bin.age'),
            self.volume(),
        )
        for keys, reason in (((other,), 'other recipients'), ((), 'Name the')):
            key, secret, plain = self.bring(*entries, decrypt=True, keys=keys)
            self.assert_failed(key, reason)
            self.assertIn(f'{RUN}/{entries[0].key.path}', key.reason)
            self.assert_failed(secret, reason)
            self.assertIs(COMPLETE, plain.state)
            self.assertEqual([plain.restored], list(self.written()))
            (self.out / plain.restored).unlink()

    def test_wrong_key(self):
        (done,) = self.bring(self.encrypted(b'hunter2'), decrypt=True)
        self.assert_failed(done, 'opens no key slot')
        self.assertNotIn('hunter2', done.reason)
        self.assertEqual({}, self.written())

    def test_no_key(self):
        (done,) = self.bring(self.encrypted(key=None), decrypt=True)
        self.assert_failed(done, 'its key is not in the backup')

    def test_never_attached(self):
        entry = self.encrypted(data=bytes(MIB))
        (done,) = self.bring(entry, decrypt=True)
        self.assertIn('never attached', done.notes[0])
        self.assertEqual({entry.file.path: bytes(MIB)}, self.written())

    def test_no_luks(self):
        (done,) = self.bring(self.encrypted(data=PLAIN), decrypt=True)
        self.assert_failed(done, 'no LUKS header')
        self.assertEqual({}, self.written())

    def test_not_raw(self):
        path = f'volumes/{samples.DATA.id}.qcow2'
        entry = self.encrypted(file=self.put(path, b'QFI\xfb'))
        (done,) = self.bring(entry, decrypt=True)
        self.assert_failed(done, 'not a raw disk')


class TestDamage(FilesCase):
    """A damaged file leaves nothing; the others go on."""

    def test_data(self):
        good = self.secret(b'payload')
        for data in (
            b'\1' + PLAIN[1:],
            PLAIN[:-1],
            PLAIN[:-1] + b'\1',
            PLAIN + b'\0',
            b'',
        ):
            entry = self.volume()
            self.files.put(entry.file.path, data)
            bad, other = self.bring(entry, good)
            self.assert_failed(bad, f'{entry.file.path} is damaged')
            self.assert_way_out(bad)
            self.assertEqual([other.restored], list(self.written()))
            self.assertFalse((self.out / 'volumes').exists())
            (self.out / other.restored).unlink()

    def test_encrypted_data(self):
        entry = self.encrypted()
        data = bytearray(self.store.files[f'{RUN}/{entry.file.path}'])
        data[-1] ^= 1
        self.files.put(entry.file.path, bytes(data))
        (done,) = self.bring(entry, decrypt=True)
        self.assert_failed(done, 'its hash is another')
        self.assertEqual({}, self.written())

    def test_secret(self):
        entry = self.secret(b'payload')
        self.files.put(entry.file.path, b'pay1oad')
        (done,) = self.bring(entry)
        self.assert_failed(done, 'its hash is another')
        self.assert_way_out(done)
        self.assertEqual({}, self.written())

    def test_missing(self):
        volume, secret = self.volume(), self.secret(b'payload')
        encrypted = self.encrypted()
        disk = encrypted.file.path
        self.assert_missing(volume, volume.file.path)
        self.assert_missing(secret, secret.file.path)
        self.assert_missing(encrypted, disk)
        self.files.put(disk, self.store.files.pop('disk'))
        self.assert_missing(encrypted, encrypted.key.path)

    def assert_missing(self, entry, path):
        self.store.files['disk'] = self.store.files[f'{RUN}/{path}']
        self.files.delete(path)
        for decrypt in (False, True):
            (done,) = self.bring(entry, decrypt=decrypt)
            self.assert_failed(done, f'memory/{RUN}/{path} is missing.')
            self.assert_way_out(done)
        self.assertEqual({}, self.written())

    def test_large_secret(self):
        (done,) = self.bring(self.secret(bytes(MIB + 1)))
        self.assert_failed(done, 'too large')
        self.assert_way_out(done)

    def test_fault(self):
        """What is no message for a person neither ends the others."""
        home = self.useFixture(fixtures.TempDir()).path
        self.useFixture(fixtures.EnvironmentVariable('XDG_STATE_HOME', home))
        entries = self.volume(), self.secret(b'payload')
        with mock.patch.object(
            self.store, 'read', autospec=True, side_effect=KeyError('x')
        ):
            found = self.bring(*entries)
        for done in found:
            self.assert_failed(done, 'fault of the program (KeyError)')


class TestHostile(FilesCase):
    """What a set from elsewhere, or a folder of others, could do."""

    def test_file_of_another_resource(self):
        entry = self.volume()
        for path in (
            f'volumes/{samples.ARCHIVE.id}.raw',
            f'images/{samples.ROOT.id}.raw',
            f'keys/{samples.ROOT.id}.raw',
            f'volumes/{samples.ROOT.id}.sh',
        ):
            wrong = dataclasses.replace(entry, file=self.put(path, b'x'))
            (done,) = self.bring(wrong)
            self.assert_failed(done, 'not written by this program')
        self.assertEqual({}, self.written())

    def test_key_of_another_resource(self):
        key = samples.key_record(f'keys/volume-{samples.ARCHIVE.id}.key')
        (done,) = self.bring(self.encrypted(key=key))
        self.assert_failed(done, 'not written by this program')
        self.assertEqual({}, self.written())

    def test_nothing_is_replaced(self):
        entry = self.volume()
        place = self.out / entry.file.path
        place.parent.mkdir(parents=True)
        place.write_text('mine')
        (done,) = self.bring(entry)
        self.assert_failed(done, 'is there already')
        self.assertEqual({entry.file.path: b'mine'}, self.written())

    def test_links_are_not_followed(self):
        entry = self.volume()
        outside = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.out.mkdir()
        (self.out / 'volumes').symlink_to(outside)
        (done,) = self.bring(entry)
        self.assert_failed(done, 'is a link')
        (self.out / 'volumes').unlink()
        (self.out / 'volumes').mkdir()
        for name in ('', '.part'):
            link = self.out / f'{entry.file.path}{name}'
            link.symlink_to(outside / 'target')
            self.bring(entry)
            link.unlink(missing_ok=True)
        self.assertEqual([], list(outside.iterdir()))

    def test_link_in_the_set(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        store = localfolder.Folder(place)
        store.begin(RUN)
        self.files = restorable.Restorable(store, RUN)
        entry = self.volume()
        path = place / RUN / entry.file.path
        path.rename(place / 'elsewhere')
        path.symlink_to(place / 'elsewhere')
        (done,) = self.bring(entry)
        self.assert_failed(done, 'cannot be read')
        self.assertEqual({}, self.written())


class TestOthers(FilesCase):
    """Resources that have no file."""

    def test_in_the_cloud(self):
        artifact = copies.Artifact('backup', 'b-1', 'nightly')
        entry = dataclasses.replace(
            self.volume(), file=None, artifact=artifact
        )
        (done,) = self.bring(entry)
        self.assertIs(SKIPPED, done.state)
        self.assertIn('backup b-1', done.reason)

    def test_server_of_volumes(self):
        entry = samples.server_entry(
            samples.SERVER, file=None, covered_by='its volumes'
        )
        (done,) = self.bring(entry)
        self.assertIs(COMPLETE, done.state)
        self.assertIn('its volumes', done.notes[0])
        self.assertEqual('', done.restored)

    def test_secret_without_payload(self):
        entry = dataclasses.replace(self.secret(b'x'), file=None, key=None)
        (done,) = self.bring(entry)
        self.assertIs(COMPLETE, done.state)
        self.assertIn('no payload', done.notes[0])

    def test_no_complete_backup(self):
        entry = dataclasses.replace(
            self.volume(), state=FAILED, reason='The volume was in error.'
        )
        (done,) = self.bring(entry)
        self.assertIs(SKIPPED, done.state)
        self.assertEqual('The volume was in error.', done.reason)
        self.assertEqual({}, self.written())

    def test_notes_of_the_choice(self):
        choice = backups.Choice(RUN, self.volume(), ('Of an older run.',))
        (done,) = restore_files.bring(
            {RUN: self.files},
            [choice],
            self.out,
            decrypt=False,
            identities=identity.Identities(),
            reporter=self.listener,
            parallel=1,
            stop=self.stop,
        )
        self.assertEqual(('Of an older run.',), done.notes)


class TestInterrupted(FilesCase):
    """A request to stop leaves whole files only."""

    def test_asked(self):
        self.listener.at_progress = self.stop.ask
        entries = self.encrypted(), self.volume(), self.secret(b'x')
        for decrypt in (False, True):
            self.assertRaises(
                errors.Interrupted, self.bring, *entries, decrypt=decrypt
            )
        self.assertNotIn(f'volumes/{samples.ROOT.id}.raw', self.written())
        self.assertFalse((self.out / 'volumes').exists())

    def test_exception(self):
        """As Ctrl-C, where the caller has not asked for more."""

        def fail():
            raise KeyboardInterrupt

        self.listener.at_progress = fail
        self.assertRaises(KeyboardInterrupt, self.bring, self.volume())
        self.assertEqual({}, self.written())
        self.assertTrue(self.stop.asked)


class TestRestore(FilesCase):
    """From a target, by words, and without a cloud."""

    def setUp(self):
        super().setUp()
        self.target = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.make(RUN)

    def make(self, run: str) -> None:
        made = dataclasses.replace(samples.EVERYTHING, run=run)
        store = localfolder.Folder(self.target)
        samples.filled(store, made)
        backup_set.BackupSet.open(store, run).close(made, samples.PAGE)

    def restore(self, **words) -> restore_files.Report:
        asked = restores.Request(
            requests.Request(**words), source=str(self.target)
        )
        return restore_files.restore(asked, self.out, reporter=self.listener)

    def test_everything(self):
        found = self.restore(everything=True)
        self.assertEqual(3, found.exit_code)
        self.assertEqual(str(self.out), found.place)
        states = {done.resource.id: done.state for done in found.outcomes}
        self.assertEqual(
            {
                samples.ROOT.id: COMPLETE,
                samples.DATA.id: COMPLETE,
                samples.ARCHIVE.id: SKIPPED,
                samples.IMAGE.id: COMPLETE,
                samples.SERVER.id: COMPLETE,
                samples.SECRET.id: COMPLETE,
                '1-4': SKIPPED,
            },
            states,
        )
        self.assertEqual(
            {
                path: samples.content(path)
                for path in (
                    f'volumes/{samples.ROOT.id}.raw',
                    f'volumes/{samples.DATA.id}.raw',
                    f'keys/volume-{samples.DATA.id}.key.age',
                    f'images/{samples.IMAGE.id}.qcow2',
                    f'secrets/{samples.SECRET.id}.bin',
                )
            },
            self.written(),
        )

    def test_selection(self):
        found = self.restore(volumes=('web root',))
        self.assertEqual(0, found.exit_code)
        self.assertEqual(
            [f'volumes/{samples.ROOT.id}.raw'], list(self.written())
        )

    def test_nothing_done(self):
        self.assertEqual(1, self.restore(volumes=('archive',)).exit_code)

    def test_no_backup(self):
        (self.target / RUN).rename(self.target / 'elsewhere')
        self.assertRaisesRegex(
            errors.UsageError, 'no backup', self.restore, everything=True
        )

    def test_unusable_manifest(self):
        newer = '20260301T000000Z-zzzz'
        self.make(newer)
        (self.target / newer / 'manifest.json').write_text('{')
        self.listener.warn = mock.Mock(spec_set=())
        found = self.restore(images=('golden image',))
        self.assertEqual(0, found.exit_code)
        self.assertIn(newer, self.listener.warn.call_args.args[0])


class TestByQemu(FilesCase):
    """A disk in a folder is decrypted by ``qemu-img``, where it can."""

    def setUp(self):
        super().setUp()
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.store = localfolder.Folder(place)
        self.store.begin(RUN)
        self.files = restorable.Restorable(self.store, RUN)

    def decrypted(self, name: str = 'luks1', **changes) -> tuple[str, int]:
        """Decrypt a disk.

        :returns: the hash of the result, and how often the program ran.
        """
        data = disks.disk(PLAIN, name)
        limited_run = limited.run
        with mock.patch.object(
            limited, 'run', autospec=True, side_effect=limited_run
        ) as run:
            (done,) = self.bring(
                self.encrypted(data=data, **changes), decrypt=True
            )
        self.assertEqual('', done.reason)
        (content,) = self.written().values()
        shutil.rmtree(self.out)
        return sha512(content), run.call_count

    def test_same_bytes(self):
        program = int(shutil.which('qemu-img') is not None)
        self.assertEqual((sha512(PLAIN), program), self.decrypted())
        with fixtures.EnvironmentVariable('PATH', '/nowhere'):
            self.assertEqual((sha512(PLAIN), 0), self.decrypted())

    def test_luks2(self):
        self.assertEqual((sha512(PLAIN), 0), self.decrypted('luks2-pbkdf2'))

    def test_cut(self):
        volume = mock.Mock(spec_set=resources.Volume, size=MIB, encrypted=True)
        self.assertEqual(
            (sha512(PLAIN[:MIB]), 0), self.decrypted(volume=volume)
        )

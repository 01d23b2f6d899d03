# SPDX-License-Identifier: Apache-2.0
"""Verify backups that are good, and backups that are not."""

import dataclasses
import datetime
import hashlib
import json
import os
import shutil

import fixtures
import pyrage

from backupclient import documents
from backupclient import errors
from backupclient.model import requests
from backupclient.model import results
from backupclient.operations import verify
from backupclient.sets import catalogue
from backupclient.sets import verified
from backupclient.store import localfolder
from backupclient.store import localstream
from backupclient.tests.unit.operations import verify_case
from backupclient.tests.unit.sets import samples

CASE = verify_case
NAMES = {'web', 'web data', 'archive', 'golden image', 'tls'}
FAILED = {'state': results.State.FAILED, 'reason': 'It broke.', 'file': None}


class TestGood(CASE.TestCase):
    def setUp(self):
        super().setUp()
        self.program('exit 0')

    def test_each_depth(self):
        self.make()
        for depth in ('files', 'data', 'keys'):
            found = self.verify(depth)
            self.assertEqual(
                {(name, depth, 'good') for name in NAMES},
                {(r.name, r.depth.value, r.result.value) for r in found.rows},
            )
            self.assertEqual(0, found.exit_code)
            self.assertEqual((), found.notices)

    def test_says_what_was_proved(self):
        self.make()
        for depth, said in (
            ('files', f'{CASE.DISK} has its 132,096 bytes.'),
            ('data', f'{CASE.DISK} has the sha512 that was written down.'),
            ('keys', f'{CASE.KEY} opens {CASE.DISK}.'),
        ):
            row = self.rows(depth)['volume', 'web data']
            self.assertIn(said, row.notes)

    def test_encrypted_keys(self):
        self.make(recipient=CASE.IDENTITY.to_public())
        identities = (self.identity_file(),)
        found = self.results('keys', identities=identities)
        self.assertEqual({('keys', 'good')}, {*found.values()})

    def test_bytes_that_were_hashed(self):
        manifest = self.make()
        size = sum(item.file.size for item in manifest.items if item.file)
        self.assertEqual(size, self.verify().size)
        self.assertEqual(0, self.verify('files').size)

    def test_holes_are_not_read(self):
        self.make()
        read, seen = localstream.Stream.read_into, []

        def counted(stream, buffer):
            count = read(stream, buffer)
            seen.append(count)
            return count

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.localstream.Stream.read_into', counted
            )
        )
        self.verify(request=requests.Request(volumes=('archive',)))
        self.assertLess(sum(seen), 100_000)

    def test_progress(self):
        self.make()
        self.verify(parallel=1)
        disk = CASE.ENCRYPTED.id
        self.assertIn((disk, 'hash its files'), self.reporter.steps)
        self.assertIn((disk, 'good'), self.reporter.finished)
        self.assertIn((disk, 132_096, 132_096), self.reporter.moved)

    def test_of_the_first_release(self):
        source = samples.__file__.replace(
            'sets/samples.py', 'releases/first/closed'
        )
        shutil.copytree(source, self.target, dirs_exist_ok=True)
        found = self.verify()
        self.assertEqual(5, len(found.rows))
        self.assertEqual(0, found.exit_code, found.rows)

    def test_manifest_that_names_nothing_any_more(self):
        """An empty set would be complete: the checksums tell."""
        self.make()
        file = self.set / 'manifest.json'
        value = json.loads(file.read_text())
        value['items'] = []
        file.write_text(json.dumps(value))
        report = self.verify('data')
        self.assertEqual(3, report.exit_code)
        self.assertEqual(['set'], [row.kind for row in report.rows])

    def test_restore_without_a_cloud(self):
        self.make()
        error = self.assertRaises(errors.UsageError, self.verify, 'restore')
        self.assertIn('needs a cloud', str(error))


class TestDamage(CASE.TestCase):
    """Each kind of damage, at the depth that promises to find it."""

    def damaged(self, name, *words, depth='data', result='damaged', before=()):
        """One resource is not good, and what needs it; all others are.

        :param before: the depths that do not promise to find it.
        """
        for each in before:
            self.assertEqual(0, self.verify(each).exit_code)
        found = self.verify(depth)
        self.assertEqual(3, found.exit_code)
        rows = {row.name: row for row in found.rows}
        bad = {name, 'web'} if name == 'web data' else {name}
        self.assertEqual(
            {each: 'good' for each in rows if each not in bad},
            {
                each: row.result.value
                for each, row in rows.items()
                if each not in bad
            },
        )
        row = rows[name]
        self.assertEqual(
            (depth, result), (row.depth.value, row.result.value), row
        )
        said = ' '.join(row.notes)
        for word in words:
            self.assertIn(word, said)
        return said

    def test_bit_in_the_data(self):
        self.make()
        self.flip(CASE.DISK, 100_000)
        self.damaged('web data', CASE.DISK, 'hash', before=['files'])

    def test_bit_in_a_hole(self):
        self.make()
        self.flip(CASE.SPARSE, CASE.MIB)
        self.damaged('archive', CASE.SPARSE, 'hash', before=['files'])

    def test_bit_in_a_key(self):
        self.make()
        self.flip(CASE.KEY)
        self.damaged('web data', CASE.KEY, 'hash', before=['files'])

    def test_bit_in_a_secret(self):
        self.make()
        self.flip(CASE.PAYLOAD)
        self.damaged('tls', CASE.PAYLOAD, 'hash', before=['files'])

    def test_bit_in_the_instructions(self):
        self.make()
        self.flip('RESTORE.md')
        self.damaged('', 'RESTORE.md', 'hash', before=['files'])

    def test_short_and_long(self):
        self.make()
        for size, said in ((10, '10 bytes'), (200_000, '200,000 bytes')):
            os.truncate(self.set / CASE.DISK, size)
            self.damaged(
                'web data', f'{said} instead of 132,096', depth='files'
            )

    def test_missing(self):
        self.make()
        for path in (CASE.DISK, CASE.KEY):
            kept = (self.set / path).read_bytes()
            (self.set / path).unlink()
            for depth in ('files', 'data', 'keys'):
                row = self.rows(depth)['volume', 'web data']
                self.assertEqual('missing', row.result)
                self.assertEqual('files', row.depth)
                self.assertIn(path, row.notes[0])
            (self.set / path).write_bytes(kept)

    def test_no_plain_file(self):
        self.make()
        path = self.set / CASE.SPARSE
        path.rename(self.target / 'elsewhere')
        path.symlink_to(self.target / 'elsewhere')
        self.damaged('archive', 'not a plain file', depth='files')
        path.unlink()
        os.mkfifo(path)
        self.damaged('archive', 'not a plain file', depth='files')
        path.unlink()
        path.mkdir()
        self.damaged('archive', 'not a plain file', depth='files')

    def test_folder_that_is_a_link(self):
        self.make()
        (self.set / 'secrets').rename(self.target / 'elsewhere')
        (self.set / 'secrets').symlink_to(self.target / 'elsewhere')
        self.damaged('tls', 'link', depth='files')

    def test_file_of_another_set(self):
        self.make(run=CASE.OLD, disk=vectors_other())
        self.make()
        shutil.copy(self.target / CASE.OLD / CASE.DISK, self.set / CASE.DISK)
        self.damaged(
            'web data',
            f'It is the file of run {CASE.OLD}.',
            before=['files'],
        )

    def test_foreign_files(self):
        """They are told, and the set is as good as it was."""
        self.make()
        (self.set / 'notes.txt').write_text('mine')
        (self.set / 'volumes' / 'x.raw.part').write_text('x')
        found = self.verify('files')
        self.assertEqual(0, found.exit_code)
        (notice,) = found.notices
        self.assertIn('notes.txt, volumes/x.raw.part', notice)

    def test_which_other_backup_is_there(self):
        self.make(run=CASE.OLD)
        newer = '20260301T000000Z-zzzz'
        self.make(run=newer, changes={'state': 'incomplete'})
        self.make()
        os.truncate(self.set / CASE.DISK, 10)
        self.damaged(
            'web data',
            f'Run {newer} has another backup',
            'never verified',
            depth='files',
        )
        os.truncate(self.target / newer / CASE.DISK, 10)
        self.verify('data', runs=[CASE.OLD])
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        self.damaged(
            'web data',
            f'Run {CASE.OLD} has another backup',
            f'good at depth data on {today}',
            depth='files',
        )
        os.unlink(self.target / CASE.OLD / CASE.DISK)
        self.damaged('web data', 'No other set here has', depth='files')

    def test_another_backup_that_is_known_as_damaged(self):
        self.make(run=CASE.OLD)
        self.make()
        path = self.target / CASE.OLD / CASE.DISK
        path.write_bytes(bytes(path.stat().st_size))
        self.verify(runs=[CASE.OLD])
        os.truncate(self.set / CASE.DISK, 10)
        self.damaged('web data', 'No other set here has', depth='files')

    def test_no_permission_is_no_damage(self):
        self.make()

        def refused(*_, **__):
            raise errors.TargetError('x') from PermissionError(13, 'Denied')

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.localfolder.Folder.read',
                only(refused, CASE.SPARSE, localfolder.Folder.read),
            )
        )
        found = self.verify()
        rows = {row.name: row for row in found.rows}
        self.assertEqual('unproved', rows['archive'].result)
        self.assertEqual('files', rows['archive'].depth)
        self.assertIn('Denied', rows['archive'].notes[0])
        self.assertEqual(3, found.exit_code)


class TestManifest(CASE.TestCase):
    """The manifest and the checksums are damaged."""

    def of_set(self, *arguments, **options):
        """What is said of the set itself."""
        found = self.verify(*arguments, **options)
        self.assertEqual(3, found.exit_code)
        (row,) = [row for row in found.rows if row.kind == 'set']
        self.assertEqual(CASE.RUN, row.run)
        return row.result.value, ' '.join(row.notes)

    def test_cut(self):
        self.make()
        os.truncate(self.set / 'manifest.json', 500)
        for depth in ('files', 'data', 'keys'):
            result, said = self.of_set(depth)
            self.assertEqual('damaged', result)
            self.assertIn(f'{CASE.RUN}/manifest.json', said)

    def test_of_another_version(self):
        self.make()
        for version, result, word in (
            (99, 'unproved', 'was written by a newer release'),
            (0, 'damaged', 'version 0'),
        ):
            self.edit(version=version)
            for depth in ('files', 'data', 'keys'):
                found, said = self.of_set(depth)
                self.assertEqual(result, found)
                self.assertIn(f'version {version}', said)
                self.assertIn(word, said)
                self.assertIn(f'{CASE.RUN}/manifest.json', said)

    def edit(self, **changes):
        path = self.set / 'manifest.json'
        value = json.loads(path.read_text())
        path.write_text(json.dumps(value | changes, indent=2))

    def test_bit(self):
        """What it says is not proved; the bytes are what they were."""
        self.make()
        text = (self.set / 'manifest.json').read_text()
        (self.set / 'manifest.json').write_text(
            text.replace('golden', 'goldem', 1)
        )
        for depth in ('files', 'data'):
            result, said = self.of_set(depth)
            self.assertEqual('damaged', result)
            self.assertIn('manifest.json has changed', said)
        row = self.rows()['volume', 'archive']
        self.assertEqual('unproved', row.result)
        self.assertIn('manifest has changed', ' '.join(row.notes))

    def test_other_hash(self):
        self.make()
        path = self.set / 'manifest.json'
        value = json.loads(path.read_text())
        value['items'][2]['file']['digests']['sha512'] = '0' * 128
        path.write_text(json.dumps(value))
        rows = self.rows()
        self.assertEqual('damaged', rows['volume', 'archive'].result)
        self.assertIn('disagree', rows['volume', 'archive'].notes[0])
        self.assertEqual('damaged', rows['set', ''].result)

    def test_other_hash_in_the_checksums(self):
        """Whose hash the file has is told."""
        manifest = self.make()
        digest = manifest.items[2].file.digests['sha512']
        path = self.set / 'SHA512SUMS'
        path.write_text(path.read_text().replace(digest, '0' * 128))
        row = self.rows('data')['volume', 'archive']
        self.assertEqual('damaged', row.result)
        self.assertIn('disagree', row.notes[0])

    def test_checksums_cut_or_gone(self):
        self.make()
        path = self.set / 'SHA512SUMS'
        os.truncate(path, 200)
        self.assertIn('SHA512SUMS', self.of_set('files')[1])
        path.unlink()
        self.assertIn('SHA512SUMS', self.of_set('files')[1])
        # The manifest has hashes of its own for the data.
        rows = self.rows()
        self.assertEqual('good', rows['volume', 'archive'].result)
        row = rows['volume', 'web data']
        self.assertEqual(('files', 'unproved'), (row.depth, row.result))
        self.assertIn(f'{CASE.KEY}: Its hash is only in', row.notes[0])

    def test_checksums_empty(self):
        self.make()
        os.truncate(self.set / 'SHA512SUMS', 0)
        rows = self.rows('files')
        self.assertEqual('damaged', rows['set', ''].result)
        self.assertIn('not listed', rows['volume', 'archive'].notes[0])

    def test_resource_that_was_taken_out(self):
        self.make()
        value = json.loads((self.set / 'manifest.json').read_text())
        self.edit(items=value['items'][:2])
        self.assertIn(
            f'lists what the manifest does not: {CASE.QCOW2}',
            self.of_set('files')[1],
        )

    def test_of_another_run(self):
        self.make(run=CASE.OLD)
        self.make()
        shutil.copy(
            self.target / CASE.OLD / 'manifest.json',
            self.set / 'manifest.json',
        )
        result, said = self.of_set('files')
        self.assertEqual('damaged', result)
        self.assertIn(CASE.OLD, said)

    def test_newest_that_is_damaged_does_not_hide(self):
        """The newest set that can be read is verified, too."""
        self.make(run=CASE.OLD)
        self.make()
        os.truncate(self.set / 'manifest.json', 500)
        found = self.verify()
        self.assertEqual(3, found.exit_code)
        self.assertEqual(
            {(CASE.RUN, 'damaged'), (CASE.OLD, 'good')},
            {(row.run, row.result.value) for row in found.rows},
        )


class TestForged(CASE.TestCase):
    """A set that somebody has made up, checksums and all."""

    def forge(self, change):
        """Change the manifest, and list its new hash."""
        self.make()
        path = self.set / 'manifest.json'
        value = json.loads(path.read_text())
        old = hashlib.sha512(path.read_bytes()).hexdigest()
        change(value)
        path.write_text(json.dumps(value))
        new = hashlib.sha512(path.read_bytes()).hexdigest()
        sums = self.set / 'SHA512SUMS'
        sums.write_text(sums.read_text().replace(old, new))

    def test_file_of_another_resource(self):
        def change(value):
            value['items'][2]['file'] = value['items'][1]['file']

        self.forge(change)
        row = self.rows('files')['volume', 'archive']
        self.assertEqual('damaged', row.result)
        self.assertIn('not the place of its files', row.notes[0])

    def test_key_of_another_resource(self):
        def change(value):
            value['items'][2]['key'] = value['items'][1]['key']

        self.forge(change)
        row = self.rows('files')['volume', 'archive']
        self.assertEqual('damaged', row.result)

    def test_resource_twice(self):
        def change(value):
            value['items'].append(value['items'][2])

        self.forge(change)
        row = self.rows('files')['set', '']
        self.assertIn('more than once', row.notes[0])

    def test_paths_that_lead_elsewhere(self):
        for path in ('/etc/passwd', '../x', '-x', 'volumes/../../x.raw'):

            def change(value, path=path):
                value['items'][2]['file']['path'] = path

            self.forge(change)
            row = self.rows('files')['set', '']
            self.assertIn('not the path of a file', row.notes[0])
            shutil.rmtree(self.set)

    def test_huge_numbers(self):
        def change(value):
            value['items'][2]['file']['size'] = 1 << 62

        self.forge(change)
        row = self.rows('keys')['volume', 'archive']
        self.assertEqual(('files', 'damaged'), (row.depth, row.result))

    def test_results_that_are_forged(self):
        """They say something, and end nothing."""
        self.make()
        (self.set / 'verified').mkdir()
        for name, content in (
            ('20260101T000000Z.json', b'[' * 100_000),
            ('20260102T000000Z.json', b'{}'),
            ('20260103T000000Z.json', b'\0'),
            ('x.json', b'{}'),
        ):
            (self.set / 'verified' / name).write_bytes(content)
        (self.set / 'verified' / '20260104T000000Z.json').symlink_to('/etc')
        found = self.verify(sample=50)
        self.assertEqual(0, found.exit_code)
        self.assertIn('verified/x.json', found.notices[0])


class TestKeys(CASE.TestCase):
    """Damage that only the depth ``keys`` sees: the hashes are right."""

    def setUp(self):
        super().setUp()
        self.program('exit 0')

    def found(self, name, **options):
        self.assertEqual(0, self.verify('data').exit_code, 'it is seen before')
        done = self.verify('keys', **options)
        (row,) = [row for row in done.rows if row.name == name]
        return row, done.exit_code

    def test_key_that_does_not_open(self):
        wrong = b'0' * 64
        self.make(
            key=wrong,
            fingerprint=hashlib.sha256(bytes.fromhex('0' * 64)).hexdigest(),
        )
        row, code = self.found('web data')
        self.assertEqual(('keys', 'damaged', 3), (row.depth, row.result, code))
        self.assertIn(f'does not open {CASE.DISK}', row.notes[0])

    def test_key_that_opens_by_its_digits(self):
        """As a secret of type ``passphrase`` does, where Nova has used it."""
        self.make(key=CASE.vectors.KEY.payload)
        row, code = self.found('web data')
        self.assertEqual(('keys', 'good', 0), (row.depth, row.result, code))
        self.assertIn(f'opens {CASE.DISK}, as hexadecimal', row.notes[-1])

    def test_key_that_was_not_exported(self):
        self.make(fingerprint='0' * 64)
        row, _ = self.found('web data')
        self.assertEqual('damaged', row.result)
        self.assertIn('fingerprint', row.notes[0])

    def test_key_of_a_secret_is_never_told(self):
        self.make(key=b'top secret', payload=b'more secret')
        row, _ = self.found('web data')
        text = json.dumps([str(row), self.kept(), self.reporter.steps])
        self.assertNotIn('top secret', text)
        self.assertNotIn('more secret', text)

    def test_no_header(self):
        """It was not proved when it was exported either."""
        self.make(disk=bytes(5000))
        row, code = self.found('web data')
        self.assertEqual(
            ('data', 'unproved', 3), (row.depth, row.result, code)
        )
        self.assertIn('zeros instead of a LUKS header', row.notes[0])

    def test_without_identity(self):
        self.make(recipient=CASE.IDENTITY.to_public())
        for name in ('web data', 'tls'):
            row, code = self.found(name)
            self.assertEqual(
                ('data', 'unproved', 3), (row.depth, row.result, code)
            )
            self.assertIn('--identity FILE', row.notes[0])

    def test_wrong_identity(self):
        self.make(recipient=CASE.IDENTITY.to_public())
        other = self.identity_file(pyrage.x25519.Identity.generate())
        row, code = self.found('tls', identities=(other,))
        self.assertEqual(('unproved', 3), (row.result, code))
        self.assertIn('not decrypted by the given', row.notes[0])

    def test_identity_that_cannot_be_used(self):
        """It is told before anything is read."""
        self.make()
        self.assertRaises(
            errors.UsageError, self.verify, 'keys', identities=('/missing',)
        )
        self.assertEqual([], self.reporter.steps)

    def test_server_is_as_good_as_its_volumes(self):
        self.make(recipient=CASE.IDENTITY.to_public())
        row, _ = self.found('web')
        self.assertEqual(('data', 'unproved'), (row.depth, row.result))
        self.flip(CASE.DISK)
        row = self.rows('data')['server', 'web']
        self.assertEqual('damaged', row.result)
        self.assertIn('volume "web data" is damaged', row.notes[0])

    def test_encrypted_without_a_key(self):
        """As a run without keys leaves it: nothing was lost."""
        manifest = self.make()
        items = list(manifest.items)
        items[1] = dataclasses.replace(items[1], key=None)
        self.replace(manifest, items)
        row, code = self.found('web data')
        self.assertEqual(
            ('data', 'unproved', 0), (row.depth, row.result, code)
        )
        self.assertIn('Barbican', row.notes[0])

    def replace(self, manifest, items):
        """Write a manifest with other items, with its checksum."""
        changed = dataclasses.replace(manifest, items=tuple(items))
        content = documents.encode(changed)
        (self.set / 'manifest.json').write_bytes(content)
        lines = [
            line
            for line in (self.set / 'SHA512SUMS').read_text().splitlines()
            if 'manifest.json' not in line and CASE.KEY not in line
        ]
        digest = hashlib.sha512(content).hexdigest()
        lines.append(f'{digest}  manifest.json')
        (self.set / 'SHA512SUMS').write_text('\n'.join(lines) + '\n')


class TestQcow2(CASE.TestCase):
    def image(self, **options):
        return self.rows('keys', **options)['image', 'golden image']

    def test_sound(self):
        self.make()
        self.program('exit 0')
        row = self.image()
        self.assertEqual(('keys', 'good'), (row.depth, row.result))
        self.assertIn('found no error', row.notes[-1])

    def test_leaks_do_no_harm(self):
        self.make()
        self.program('exit 3')
        self.assertEqual('good', self.image().result)

    def test_unsound(self):
        self.make()
        self.program('echo "ERROR cluster 5" >&2; echo more >&2; exit 2')
        row = self.image()
        self.assertEqual(('keys', 'damaged'), (row.depth, row.result))
        self.assertIn('ERROR cluster 5.', row.notes[0])

    def test_check_that_fails(self):
        self.make()
        self.program('printf "\\033[2Jno\\n" >&2; exit 1')
        row = self.image()
        self.assertEqual(('data', 'unproved'), (row.depth, row.result))
        self.assertTrue(row.notes[0].isprintable())

    def test_not_installed(self):
        self.make()
        self.useFixture(fixtures.EnvironmentVariable('PATH', '/nowhere'))
        row = self.image()
        self.assertEqual(('keys', 'good'), (row.depth, row.result))
        self.assertIn('not installed', row.notes[-1])

    def test_gets_an_open_file_and_limits(self):
        self.make()
        place = self.program(
            'echo "$@" >"$(dirname "$0")/words"; ulimit -v -t >'
            '"$(dirname "$0")/limits"; env >"$(dirname "$0")/environment"; '
            'for word in "$@"; do file=${word##*filename=}; done; '
            'cat "$file" >"$(dirname "$0")/content"'
        )
        self.useFixture(fixtures.EnvironmentVariable('OS_PASSWORD', 'hidden'))
        self.assertEqual('good', self.image().result)
        self.assertEqual(CASE.SMALLEST, (place / 'content').read_bytes())
        words = (place / 'words').read_text()
        self.assertNotIn(str(self.target), words)
        self.assertIn('driver=qcow2,file.driver=file', words)
        self.assertNotIn('hidden', (place / 'environment').read_text())
        self.assertNotIn('unlimited', (place / 'limits').read_text())

    def test_files_that_name_others(self):
        """No program sees them."""
        backing = bytearray(CASE.SMALLEST)
        backing[8:16] = (512).to_bytes(8, 'big')
        backing[16:20] = (11).to_bytes(4, 'big')
        external = bytearray(CASE.SMALLEST)
        external[72:80] = (4).to_bytes(8, 'big')
        other = bytearray(CASE.SMALLEST)
        other[4:8] = (9).to_bytes(4, 'big')
        for image, said in (
            (backing, 'backing file'),
            (external, 'external data file'),
            (other, 'version 9'),
            (CASE.SMALLEST[:75], 'ends within'),
            (b'QFI\xfb', 'does not begin'),
            (b'x' * 5000, 'does not begin'),
        ):
            self.make(image=bytes(image))
            place = self.program('touch "$(dirname "$0")/seen"')
            row = self.image()
            self.assertEqual(('keys', 'damaged'), (row.depth, row.result))
            self.assertIn(said, row.notes[0])
            self.assertEqual(['qemu-img'], os.listdir(place))
            shutil.rmtree(self.set)


class TestChoice(CASE.TestCase):
    def runs(self, *arguments, **options):
        return {row.run for row in self.verify(*arguments, **options).rows}

    def refused(self, *words, **options):
        error = self.assertRaises(errors.UsageError, self.verify, **options)
        for word in words:
            self.assertIn(word, str(error))

    def test_newest_that_is_complete(self):
        newer = '20260301T000000Z-zzzz'
        self.make(run=CASE.OLD)
        self.make()
        self.make(run=newer, changes={'state': 'incomplete'})
        samples.filled(
            self.store,
            dataclasses.replace(
                samples.EVERYTHING, run='20260401T000000Z-zzzz'
            ),
        )
        self.assertEqual({CASE.RUN}, self.runs())

    def test_newest_of_use_where_none_is_complete(self):
        self.make(changes={'state': 'incomplete'})
        self.make(run=CASE.OLD, changes={'state': 'incomplete'})
        self.assertEqual({CASE.RUN}, self.runs())

    def test_of_runs(self):
        self.make(run=CASE.OLD)
        self.make()
        self.assertEqual({CASE.OLD}, self.runs(runs=[CASE.OLD]))
        self.assertEqual(
            {CASE.OLD, CASE.RUN}, self.runs(runs=[CASE.OLD, CASE.RUN])
        )
        request = requests.Request(secrets=('tls',))
        (row,) = self.verify(runs=[CASE.OLD], request=request).rows
        self.assertEqual((CASE.OLD, 'tls'), (row.run, row.name))

    def test_of_resources(self):
        """The newest complete backup of each."""
        self.make(run=CASE.OLD)
        manifest = self.make()
        items = list(manifest.items)
        items[4] = dataclasses.replace(items[4], key=None, **FAILED)
        documents.write(
            self.set / 'manifest.json',
            dataclasses.replace(
                manifest, items=tuple(items), state='incomplete'
            ),
        )
        request = requests.Request(secrets=('tls',), volumes=('archive',))
        found = self.verify('files', request=request)
        self.assertEqual(
            {('tls', CASE.OLD), ('archive', CASE.RUN)},
            {(row.name, row.run) for row in found.rows if row.name},
        )

    def test_resource_that_was_never_complete(self):
        manifest = self.make(changes={'state': 'incomplete'})
        items = list(manifest.items)
        items[4] = dataclasses.replace(items[4], key=None, **FAILED)
        documents.write(
            self.set / 'manifest.json',
            dataclasses.replace(manifest, items=tuple(items)),
        )
        found = self.verify('files', request=requests.Request(everything=True))
        (row,) = [row for row in found.rows if row.name == 'tls']
        self.assertEqual('missing', row.result)
        self.assertIn('no complete backup', row.notes[0])
        self.assertEqual(3, found.exit_code)
        # Of the run by itself it is only told.
        found = self.verify('files')
        self.assertNotIn('tls', {row.name for row in found.rows})
        self.assertIn('has no backup of secret "tls"', found.notices[0])

    def test_what_is_not_there(self):
        self.refused('no finished backup', 'backup run --to')
        self.make()
        self.refused('no backup set of run', CASE.RUN, runs=[CASE.OLD])
        self.refused('no backup set of run', runs=['last'])
        self.refused('No volume', request=requests.Request(volumes=('zzz',)))
        self.assertRaises(
            errors.TargetError, verify.verify, str(self.target / 'missing')
        )

    def test_set_in_place_of_its_target(self):
        self.make()
        error = self.assertRaises(
            errors.UsageError, verify.verify, str(self.set)
        )
        self.assertIn('looks like a set itself', str(error))

    def test_runs_that_are_no_backups(self):
        samples.filled(self.store)
        self.refused('not finished', f'--resume {CASE.RUN}', runs=[CASE.RUN])
        old = dataclasses.replace(
            samples.EVERYTHING,
            run=CASE.OLD,
            state='incomplete',
            items=samples.EVERYTHING.items[-1:],
        )
        samples.filled(self.store, old).close(old, samples.PAGE)
        self.refused('is complete', runs=[CASE.OLD])

    def test_artifact_in_the_cloud(self):
        made = samples.filled(self.store)
        made.close(
            dataclasses.replace(samples.EVERYTHING, state='complete'),
            samples.PAGE,
        )
        found = self.verify('files')
        (row,) = [row for row in found.rows if row.name == 'archive']
        self.assertEqual(('', 'unproved'), (row.depth, row.result))
        self.assertIn('backup b-1 is in the cloud', row.notes[0])
        self.assertFalse(row.fails)


class TestKept(CASE.TestCase):
    def standings(self, run=CASE.RUN):
        (found,) = [
            one for one in catalogue.runs(self.store) if one.run == run
        ]
        return {
            id_: one
            for (kind, id_), one in verified.standings(
                self.store, found
            ).items()
        }

    def test_beside_the_backup(self):
        self.make()
        sums = (self.set / 'SHA512SUMS').read_bytes()
        self.verify()
        (kept,) = self.kept()
        self.assertEqual(CASE.RUN, kept['run'])
        self.assertEqual('data', kept['depth'])
        self.assertEqual(1, kept['version'])
        self.assertEqual('openstack-backup-verification', kept['format'])
        self.assertEqual({*NAMES, ''}, {row['name'] for row in kept['rows']})
        self.assertEqual(sums, (self.set / 'SHA512SUMS').read_bytes())
        # The next one finds nothing strange.
        self.assertEqual((), self.verify().notices)
        self.assertEqual(2, len(self.kept()))

    def test_only_in_the_sets_that_were_verified(self):
        self.make(run=CASE.OLD)
        self.make()
        self.verify()
        self.assertFalse((self.target / CASE.OLD / 'verified').exists())

    def test_set_that_is_read_only(self):
        self.make()

        def refused(*_, **__):
            raise errors.TargetError('Read-only file system')

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.localfolder.Folder.put', refused
            )
        )
        found = self.verify()
        self.assertEqual(0, found.exit_code)
        self.assertEqual(5, len(found.rows))
        (notice,) = found.notices
        self.assertIn('could not be kept', notice)
        self.assertIn('Read-only', notice)

    def test_standing(self):
        self.make()
        self.verify('files')
        self.assertEqual('files', self.standings()[CASE.PLAIN.id].depth)
        self.verify('data')
        found = self.standings()[CASE.PLAIN.id]
        self.assertEqual(('data', False), (found.depth, found.damaged))
        self.flip(CASE.SPARSE)
        self.verify('data')
        self.assertTrue(self.standings()[CASE.PLAIN.id].damaged)
        self.assertFalse(self.standings()[CASE.ENCRYPTED.id].damaged)
        # A look at the names does not make it good again.
        self.verify('files')
        self.assertTrue(self.standings()[CASE.PLAIN.id].damaged)
        self.flip(CASE.SPARSE)
        self.verify('data')
        self.assertFalse(self.standings()[CASE.PLAIN.id].damaged)

    def test_interrupted(self):
        """What was verified until then is kept, and no thread is left."""
        self.make()

        class Interrupting(CASE.quiet_reporter.Quiet):
            def done(self, resource, text):
                super().done(resource, text)
                if len(self.finished) == 2:
                    raise KeyboardInterrupt

        self.reporter = Interrupting()
        self.assertRaises(KeyboardInterrupt, self.verify, parallel=1)
        (kept,) = self.kept()
        names = {row['name'] for row in kept['rows']} - {''}
        self.assertEqual(1, len(names), kept['rows'])


class TestSample(CASE.TestCase):
    def hashed(self, percent):
        found = self.verify(sample=percent)
        self.assertEqual(0, found.exit_code)
        return {row.name for row in found.rows if row.depth == 'data'} - {
            'web',
            'tls',
        }

    def test_longest_ago_first(self):
        """After some turns, each file was hashed."""
        self.make(disk=os.urandom(3 * CASE.MIB), image=os.urandom(CASE.MIB))
        first = self.hashed(30)
        self.assertEqual({'web data'}, first)
        second = self.hashed(30)
        self.assertEqual({'archive'}, second)

    def test_what_was_found_damaged(self):
        """It was hashed: it does not come first in each sample."""
        self.make(disk=os.urandom(3 * CASE.MIB), image=os.urandom(CASE.MIB))
        self.flip(CASE.DISK, 2 * CASE.MIB)
        rows = self.rows(sample=30)
        self.assertEqual('damaged', rows['volume', 'web data'].result)
        rows = self.rows(sample=30)
        self.assertEqual('data', rows['volume', 'archive'].depth)
        (note, *_) = rows['volume', 'web data'].notes
        self.assertIn('Not in the sample; last hashed on 20', note)

    def test_all(self):
        self.make()
        self.assertEqual(
            {'web data', 'archive', 'golden image'}, self.hashed(100)
        )

    def test_what_is_left_out_is_looked_for(self):
        self.make(disk=os.urandom(3 * CASE.MIB))
        os.unlink(self.set / CASE.SPARSE)
        rows = self.rows(sample=10)
        self.assertEqual('missing', rows['volume', 'archive'].result)
        note = rows['volume', 'archive'].notes[0]
        self.assertIn('Not in the sample; never hashed', note)


def vectors_other():
    """Another disk of the same size."""
    return bytes(reversed(CASE.vectors.image('luks1')))


def only(function, path, otherwise):
    """Call a function for one path of a set."""

    def call(store, name, *arguments, **options):
        chosen = function if name.endswith(path) else otherwise
        return chosen(store, name, *arguments, **options)

    return call

# SPDX-License-Identifier: Apache-2.0
"""Volumes: what the page says, run with OSC's own parsers."""

import dataclasses

import testtools
from testtools import matchers

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results
from backupclient.operations.by_hand import page
from backupclient.procedures.restore import shell as functions
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.operations.by_hand import test_page
from backupclient.tests.unit.sets import samples

BACKUP = copies.Artifact('backup', 'b-1', 'nightly')


def backed_up(volume, artifact=BACKUP):
    return samples.volume_entry(
        volume,
        procedure=plans.Procedure.VOLUME_BACKUP,
        file=None,
        artifact=artifact,
    )


OF_THE_IMAGE = {
    'checksum',
    'container_format',
    'disk_format',
    'image_id',
    'min_disk',
    'min_ram',
    'size',
}
"""What Cinder notes of an image at each volume that it makes of it."""

OF_THE_CLIENT = {
    'owner_specified.openstack.md5',
    'owner_specified.openstack.object',
    'owner_specified.openstack.sha256',
}


def unset(shell):
    """The properties that are taken away, by the only command for it."""
    [call] = [call for call in shell.calls if call[:2] == ['volume', 'unset']]
    found = commands.parsed(call)
    # Older releases of the client call it in the singular.
    given = vars(found)
    names = given.get('image_properties') or given.get('image_property')
    assert len(names) == len({*names}), names
    return found.volume, {*names}


class Case(testtools.TestCase):
    def done(self, entry):
        return commands.done(self, samples.manifest(entry))

    def text(self, entry):
        """The page on one line, for what breaks over two."""
        return test_page.words(page.render(samples.manifest(entry)))

    def says(self, entry, *texts):
        for text in texts:
            self.assertThat(self.text(entry), matchers.Contains(text))


class TestFromFile(Case):
    def test_commands(self):
        shell, made = self.done(samples.volume_entry(samples.ROOT))
        image, volume, delete = made[:3]
        self.assertEqual(f'volumes/{samples.ROOT.id}.raw', image.filename)
        self.assertEqual('raw', image.disk_format)
        self.assertEqual('bare', image.container_format)
        self.assertEqual({'hw_disk_bus': 'scsi'}, image.properties)
        self.assertEqual('private', image.visibility)
        self.assertEqual('web root', volume.name)
        self.assertEqual('new-image', volume.image)
        self.assertEqual(20, volume.size)
        self.assertEqual('ssd', volume.type)
        self.assertEqual(['new-image'], delete.images)
        self.assertEqual(
            ['volume', 'show', '-f', 'value', '-c', 'status', 'new-volume'],
            shell.calls[2],
        )

    def test_what_it_has_of_the_image_only(self):
        shell, _made = self.done(samples.volume_entry(samples.ROOT))
        self.assertEqual(
            ('new-volume', OF_THE_IMAGE | OF_THE_CLIENT), unset(shell)
        )

    def test_what_the_old_volume_had_of_an_image(self):
        """Only the limits hold for the new one, too."""
        said = dict.fromkeys(OF_THE_IMAGE | OF_THE_CLIENT, '1')
        shell, _made = self.done(self.saying(**said, signature_verified='1'))
        self.assertEqual(
            OF_THE_IMAGE - {'min_disk', 'min_ram'} | OF_THE_CLIENT,
            unset(shell)[1],
        )

    def test_limits_of_its_image(self):
        """Cinder shows them among the properties, as texts."""
        said = {'min_disk': '1', 'min_ram': '32', 'hw_disk_bus': 'scsi'}
        _shell, made = self.done(self.saying(**said))
        self.assertEqual((1, 32), (made[0].min_disk, made[0].min_ram))
        self.assertEqual({'hw_disk_bus': 'scsi'}, made[0].properties)
        self.assertEqual(20, made[1].size)

    def test_no_limits(self):
        _shell, made = self.done(self.saying(min_disk='0', min_ram='many'))
        self.assertEqual((None, None), (made[0].min_disk, made[0].min_ram))

    def test_volume_is_as_large_as_its_image_wants(self):
        """Else Cinder refuses it."""
        _shell, made = self.done(self.saying(min_disk='30'))
        self.assertEqual(30, made[1].size)

    def saying(self, **said):
        return samples.volume_entry(
            dataclasses.replace(samples.ROOT, image_metadata=said)
        )

    def test_data_volume_is_not_bootable_again(self):
        shell, _made = self.done(samples.volume_entry(samples.ARCHIVE))
        self.assertIn(
            ['volume', 'set', '--non-bootable', 'new-volume'], shell.calls
        )

    def test_title_fits_its_commands(self):
        self.says(
            samples.volume_entry(samples.ARCHIVE),
            'Finish the volume: openstack volume set',
        )

    def test_our_own_metadata_are_not_restored(self):
        key = samples.key_record(f'keys/volume-{samples.DATA.id}.key')
        _shell, made = self.done(samples.volume_entry(samples.DATA, key=key))
        # Older releases of the client call it in the singular.
        given = vars(made[1])
        found = given.get('properties') or given.get('property')
        self.assertEqual({'env': 'prod'}, found)
        self.assertEqual("the shop's orders", made[1].description)

    def test_texts_come_back_as_they_were(self):
        text = 'a\nb\u202e"\'!\U0001f600'
        volume = dataclasses.replace(
            samples.ARCHIVE,
            name=text,
            description=text,
            metadata={'k': text},
        )
        _shell, made = self.done(samples.volume_entry(volume))
        given = vars(made[1])
        self.assertEqual(text, made[1].name)
        self.assertEqual(text, made[1].description)
        self.assertEqual(
            {'k': text}, given.get('properties') or given.get('property')
        )

    def test_no_copy(self):
        self.says(
            samples.volume_entry(
                samples.ROOT, file=None, state=results.State.FAILED
            ),
            'Volume `web root`',
            'There are no commands for it.',
        )

    def test_size_has_room_for_what_is_in_the_file(self):
        volume = dataclasses.replace(samples.ARCHIVE, size_gib=1)
        for size, gib in (
            (59, 1),
            (resources.GIB, 1),
            (resources.GIB + 1, 2),
            (resources.GIB + (2 << 20), 2),
            (5 * resources.GIB, 5),
        ):
            entry = samples.volume_entry(volume)
            file = dataclasses.replace(entry.file, size=size)
            text = self.text(dataclasses.replace(entry, file=file))
            self.assertThat(text, matchers.Contains(f'--size {gib} '))

    def test_without_a_name_or_type(self):
        _shell, made = self.done(
            samples.volume_entry(
                dataclasses.replace(samples.ROOT, name='', type_name='')
            )
        )
        self.assertIsNone(made[1].name)
        self.assertIsNone(made[1].type)

    def test_facts(self):
        self.says(
            samples.volume_entry(samples.ARCHIVE),
            'consistency detached',
            'captured 2026-02-01T00:00:01+00:00',
        )

    def test_image_that_stayed_in_the_cloud(self):
        shell, made = self.done(
            samples.volume_entry(
                samples.ROOT,
                file=None,
                artifact=copies.Artifact('image', 'i-1', 'kept'),
            )
        )
        self.assertEqual('i-1', made[0].image)
        self.assertNotIn(['image', 'delete', 'i-1'], shell.calls)
        tags = {f'backupclient_{one}' for one in ('role', 'run', 'source')}
        names = OF_THE_IMAGE - {'checksum'} | {'image_name'} | tags
        self.assertEqual(names, unset(shell)[1])

    def test_encrypted_image_that_stayed_in_the_cloud(self):
        kept = copies.Artifact('image', 'i-1', 'kept', key_id='clone-1')
        shell, _made = self.done(
            samples.volume_entry(samples.DATA, file=None, artifact=kept)
        )
        keys = {
            f'cinder_encryption_key_{x}' for x in ('id', 'deletion_policy')
        }
        self.assertThat(unset(shell)[1], matchers.GreaterThan(keys))


class TestEncrypted(Case):
    def entry(self, **changes):
        path = f'keys/volume-{samples.DATA.id}.key'
        return samples.volume_entry(
            samples.DATA, key=samples.key_record(path, **changes)
        )

    def test_key_is_stored_before_and_taken_away_after(self):
        shell, made = self.done(self.entry())
        image, volume = made[:2]
        self.assertEqual(
            {'cinder_encryption_key_id': 'new-secret'}, image.properties
        )
        self.assertEqual('luks', volume.type)
        self.assertEqual(
            [
                ['image', 'create'],
                ['volume', 'create'],
                ['volume', 'show'],
                ['image', 'delete'],
                ['volume', 'set'],
                ['volume', 'unset'],
                ['--os-volume-api-version', '3.64'],
            ],
            [call[:2] for call in shell.calls],
        )
        self.assertEqual(
            [
                ('POST', '/secrets'),
                ('PUT', '/secrets/new-secret'),
                ('DELETE', '/secrets/new-secret'),
            ],
            [request[:2] for request in shell.requests],
        )
        self.assertEqual(
            OF_THE_IMAGE | OF_THE_CLIENT | {'cinder_encryption_key_id'},
            unset(shell)[1],
        )

    def test_own_key_of_the_new_volume(self):
        self.says(
            self.entry(),
            'This copy is the key of the new volume: without it the data are '
            'lost. DO NOT DELETE IT.',
        )

    def test_own_key_in_each_way(self):
        """Whichever key it is, its ID is printed last."""
        key = dataclasses.replace(self.entry().key, luks=2)
        opened = dataclasses.replace(self.entry(), key=key)
        artifact = dataclasses.replace(BACKUP, key_id='clone-1')
        for entry, said in (
            (opened, 'Cinder makes a key for the new volume. This secret'),
            (
                backed_up(samples.DATA, artifact),
                "Cinder makes a copy of the backup's key for the new volume. "
                'This copy',
            ),
        ):
            self.says(entry, f'{said} is the key of the new volume: without')
            self.says(entry, 'DO NOT DELETE IT. Cinder deletes it together')
            section = page.render(samples.manifest(entry))
            section = section.partition('## What is back')[0].strip()
            self.assertTrue(
                section.endswith(
                    'openstack --os-volume-api-version 3.64 volume show -f '
                    'value -c encryption_key_id '
                    f'"${{new[{samples.DATA.id}]:?}}"'
                ),
                section,
            )

    def test_volume_that_is_not_encrypted_has_no_key(self):
        for entry in (
            samples.volume_entry(samples.ARCHIVE),
            backed_up(samples.ARCHIVE),
        ):
            text = self.text(entry)
            self.assertNotIn('DO NOT DELETE', text)
            self.assertNotIn('encryption_key_id', text)

    def test_nothing_is_done_after_a_failure(self):
        """No command that builds on another runs when that gave nothing."""
        text = page.render(samples.manifest(self.entry()))
        parts = text.partition('## Volumes')
        functions = parts[0].replace('sha512sum', ': ')
        for line in ('KEY=1', 'IMAGE=1', 'VOLUME=1'):
            shell = self.useFixture(commands.Shell())
            # As if pasted: no failure ends it, and what is made is refused.
            functions = functions.replace('set -euo pipefail', ':')
            shell.run(functions, 'openstack() { false; }', parts[2])
            self.assertEqual([], [*shell.calls, *shell.requests], line)

    def test_old_key_id_and_policy_are_not_restored(self):
        volume = dataclasses.replace(
            samples.DATA,
            image_metadata={
                'cinder_encryption_key_id': 'old',
                'cinder_encryption_key_deletion_policy': 'on_image_deletion',
            },
        )
        _shell, made = self.done(
            dataclasses.replace(self.entry(), volume=volume)
        )
        self.assertEqual(
            {'cinder_encryption_key_id': 'new-secret'}, made[0].properties
        )

    def test_proof(self):
        self.assertNotIn('No check has proved', self.text(self.entry()))
        self.says(self.entry(opens='not checked'), 'No check has proved')

    def test_key_that_is_missing(self):
        entry = samples.volume_entry(samples.DATA)
        self.says(entry, 'their key is not in the backup set')
        self.assertNotIn('openstack volume create', self.text(entry))

    def test_luks_2(self):
        """Glance refuses it, so that it is opened before."""
        key = dataclasses.replace(self.entry().key, luks=2)
        shell = self.useFixture(commands.Shell())
        entry = dataclasses.replace(self.entry(), key=key)
        disk = b'plain' + bytes(1 << 20)
        sudo = shell.folder.parent / 'bin' / 'sudo'
        sudo.write_text(
            '#!/bin/bash\n'
            f'echo "$@" >> {shell.folder}/sudo\n'
            f'[ $1 != cat ] || cat {shell.folder}/disk\n'
            f'[ $2 != open ] || cat > {shell.folder}/passphrase\n'
        )
        sudo.chmod(0o700)
        shell.put('disk', disk)
        shell.put(entry.file.path, b'noise')
        shell.put(key.path, b'c0de')
        client = shell.folder.parent / 'bin' / 'openstack'
        client.write_text(
            client.read_text() + "if arguments[:2] == ['image', 'create']:\n"
            '    import os, shutil\n'
            "    shutil.copy(arguments[arguments.index('--file') + 1], 'up')\n"
            "    print(oct(os.stat('plain.raw').st_mode), file=sys.stderr)\n"
        )
        done = shell.run(page.render(samples.manifest(entry)))
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn('0o100600', done.stdout)
        self.assertEqual(disk, (shell.folder / 'up').read_bytes())
        self.assertFalse((shell.folder / 'plain.raw').exists())
        self.assertEqual(b'c0de', (shell.folder / 'passphrase').read_bytes())
        name = f'restore-{samples.DATA.id}'
        self.assertEqual(
            [
                'cryptsetup open --type luks --readonly --key-file - '
                f'{entry.file.path} {name}',
                f'cat /dev/mapper/{name}',
                f'cryptsetup close {name}',
            ],
            (shell.folder / 'sudo').read_text().splitlines(),
        )
        self.assertEqual([], shell.requests)


class TestFromBackup(Case):
    def test_commands(self):
        shell, made = self.done(backed_up(samples.ARCHIVE))
        volume, _set = made
        self.assertEqual('archive', volume.name)
        self.assertEqual(5, volume.size)
        self.assertEqual('hdd', volume.type)
        self.assertIsNone(volume.image)
        self.assertEqual('b-1', volume.backup)
        self.assertEqual(
            ['--os-volume-api-version', '3.47'], shell.calls[0][:2]
        )

    def test_what_servers_go_by(self):
        said = {'hw_disk_bus': 'scsi', 'checksum': 'x', 'min_ram': '32'}
        volume = dataclasses.replace(samples.ROOT, image_metadata=said)
        shell, _made = self.done(backed_up(volume))
        self.assertEqual(
            [
                *('volume', 'set', '--bootable'),
                *('--image-property', 'hw_disk_bus=scsi'),
                *('--image-property', 'min_ram=32'),
                'new-volume',
            ],
            shell.calls[-1],
        )

    def test_nothing_of_an_image(self):
        shell, _made = self.done(backed_up(samples.ARCHIVE))
        self.assertNotIn('unset', [word for c in shell.calls for word in c])

    def test_chain(self):
        incremental = dataclasses.replace(BACKUP, incremental=True)
        self.says(
            backed_up(samples.ARCHIVE, incremental),
            'incremental',
            'Delete none of them',
        )

    def test_encrypted_needs_the_same_type_and_the_key(self):
        artifact = dataclasses.replace(BACKUP, key_id='clone-1')
        self.says(
            backed_up(samples.DATA, artifact),
            'must have the very same type',
            'do not delete the new volume',
        )
        _shell, made = self.done(backed_up(samples.DATA, artifact))
        self.assertEqual('luks', made[0].type)


class TestWait(testtools.TestCase):
    """The function that waits."""

    def ready(self, *states):
        shell = self.useFixture(commands.Shell())
        (shell.folder / 'states').write_text('\n'.join([*states, '']))
        client = shell.folder.parent / 'bin' / 'openstack'
        client.write_text(
            '#!/bin/bash\n'
            f'echo "$@" >> {shell.folder}/calls\n'
            f'head -n 1 {shell.folder}/states\n'
            f'sed -i 1d {shell.folder}/states\n'
        )
        return shell.run(
            'sleep() { echo "slept $1" >&2; }',
            functions.READY,
            'ready volume new-1 && echo so',
        )

    def test_until_it_can_be_used(self):
        done = self.ready('creating', 'downloading', 'available')
        self.assertEqual(
            'slept 2\nslept 2\nnew-1\nso\n', done.stdout, done.stdout
        )

    def test_server(self):
        self.assertEqual('new-1\nso\n', self.ready('ACTIVE').stdout)

    def test_until_it_cannot(self):
        for state in ('error', 'error_restoring', 'ERROR'):
            done = self.ready('creating', state, 'available')
            self.assertEqual(1, done.returncode)
            self.assertIn(f'volume new-1 is not ready: {state}', done.stdout)

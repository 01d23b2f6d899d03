# SPDX-License-Identifier: Apache-2.0
"""Tests of the proof, on headers that cryptsetup made."""

import hashlib
import os
import pathlib
import subprocess
import sys
import textwrap
from unittest import mock

import fixtures
import testtools

from backupclient import errors
from backupclient.keys.luks import proof
from backupclient.tests.unit.keys.luks import vectors

HEX = vectors.RIGHT[:1]
ACTIVE = 0x00AC71F3
INACTIVE = 0x0000DEAD
GIB = 1 << 30


class ProofCase(testtools.TestCase):
    """Proves on bytes."""

    def prove(
        self, content: bytes, candidates: tuple[bytes, ...] = HEX
    ) -> proof.Proof:
        return proof.prove(vectors.opened(content), candidates)

    def assert_opens(self, content: bytes) -> None:
        self.assertEqual(
            proof.Proof(proof.Opens.YES, opened_by=0), self.prove(content)
        )

    def assert_closed(self, content: bytes) -> None:
        found = self.prove(content)
        self.assertIs(proof.Opens.NO, found.opens)
        self.assertIn('opens no key slot', found.reason)
        self.assertIsNone(found.opened_by)

    def assert_not_checked(self, content: bytes, reason: str) -> None:
        found = self.prove(content)
        self.assertIs(proof.Opens.NOT_CHECKED, found.opens)
        self.assertIn(reason, found.reason)
        self.assertIsNone(found.opened_by)


class TestKeys(ProofCase):
    """Right and wrong keys."""

    def test_right(self):
        for name in vectors.NAMES:
            with self.subTest(name):
                self.assert_opens(vectors.image(name))

    def test_which(self):
        candidates = (b'wrong', vectors.KEY.payload, *HEX)
        for name in vectors.NAMES:
            with self.subTest(name):
                found = self.prove(vectors.image(name), candidates)
                self.assertEqual(2, found.opened_by)

    def test_wrong(self):
        wrong = (
            vectors.KEY.payload,
            HEX[0] + b'\n',
            HEX[0].upper(),
            HEX[0][:-1],
            b'',
        )
        for name in vectors.NAMES:
            with self.subTest(name):
                found = self.prove(vectors.image(name), wrong)
                self.assertIs(proof.Opens.NO, found.opens)

    def test_no_candidates(self):
        found = self.prove(vectors.image('luks1'), ())
        self.assertIs(proof.Opens.NO, found.opens)


class TestNoHeader(ProofCase):
    """Files that hold no whole LUKS header."""

    def test_never_attached(self):
        self.assert_not_checked(bytes(1 << 20), 'never attached')

    def test_empty(self):
        self.assert_not_checked(b'', 'is empty')

    def test_another_format(self):
        self.assert_not_checked(b'QFI\xfb' * 2000, 'no LUKS header')

    def test_another_version(self):
        content = vectors.patch(vectors.image('luks1'), 6, b'\0\3')
        self.assert_not_checked(content, 'version')

    def test_ends_within(self):
        for name in vectors.NAMES:
            whole = vectors.image(name)
            for size in (6, 8, 300, 591, 5000, 40_000, len(whole) - 513):
                with self.subTest(name, size=size):
                    found = self.prove(whole[:size])
                    self.assertIs(proof.Opens.NOT_CHECKED, found.opens)
            self.assert_not_checked(whole[:-513], 'is not complete')

    def test_unreadable(self):
        def fail(offset):
            raise errors.TargetError('a.raw cannot be read: No such file.')

        self.assertRaisesRegex(
            errors.TargetError, 'a.raw cannot be read', proof.prove, fail, HEX
        )

    def test_far_away(self):
        """However large the image is, only its beginning is read."""
        offsets = []

        def opened(offset):
            offsets.append(offset)
            return vectors.opened(content)(offset)

        def change(header):
            for slot in header['keyslots'].values():
                slot['area']['offset'] = str(1 << 40)

        content = vectors.changed(vectors.image('luks2-pbkdf2'), change)
        found = proof.prove(opened, HEX)
        self.assertIs(proof.Opens.NOT_CHECKED, found.opens)
        self.assertIn('an offset is impossible', found.reason)
        self.assertEqual({0}, {*offsets})

    def test_each_part_is_read_once(self):
        """Whatever is tried: a store may be far away."""
        offsets = []

        def opened(offset):
            offsets.append(offset)
            return vectors.opened(vectors.image('luks2-pbkdf2'))(offset)

        candidates = (b'a', b'b', b'c')
        self.assertIs(proof.Opens.NO, proof.prove(opened, candidates).opens)
        self.assertEqual(1, len([each for each in offsets if each]))


class TestLuks1(ProofCase):
    """LUKS1 headers that are not as usual."""

    def setUp(self):
        super().setUp()
        self.image = vectors.image('luks1')

    def test_last_slot(self):
        content = vectors.slot1(self.image, 7)
        self.assert_opens(vectors.slot1(content, 0, state=INACTIVE))

    def test_second_slot_after_a_wrong_one(self):
        content = vectors.slot1(self.image, 1)
        self.assert_opens(vectors.slot1(content, 0, iterations=1001))

    def test_second_slot_after_a_damaged_one(self):
        content = vectors.slot1(self.image, 1)
        for change in ({'sector': 2**32 - 1}, {'iterations': 2**32 - 1}):
            with self.subTest(change=change):
                self.assert_opens(vectors.slot1(content, 0, **change))

    def test_wrong_after_a_damaged_one(self):
        content = vectors.slot1(self.image, 1, iterations=1001)
        content = vectors.slot1(content, 0, sector=2**32 - 1)
        self.assert_not_checked(content, 'an offset is impossible')

    def test_no_slot(self):
        self.assert_closed(vectors.slot1(self.image, 0, state=INACTIVE))

    def test_wrong_digest(self):
        self.assert_closed(vectors.patch(self.image, 112, bytes(20)))

    def test_wrong_salt(self):
        self.assert_closed(vectors.patch(self.image, 132, bytes(32)))

    def test_wrong_stripes(self):
        self.assert_closed(vectors.patch(self.image, 9999, bytes(1)))

    def test_damaged(self):
        for change in (
            {'state': 0},
            {'stripes': 1},
            {'stripes': 2**32 - 1},
            {'iterations': 0},
        ):
            with self.subTest(change=change):
                self.assert_not_checked(
                    vectors.slot1(self.image, 0, **change), 'is damaged'
                )

    def test_key_size(self):
        for size in (0, 2**32 - 1):
            with self.subTest(size=size):
                content = vectors.patch(
                    self.image, 108, size.to_bytes(4, 'big')
                )
                self.assert_not_checked(content, 'is damaged: a key size')

    def test_too_slow(self):
        content = vectors.slot1(self.image, 0, iterations=2**32 - 1)
        self.assert_not_checked(content, 'cryptsetup open --test-passphrase')

    def test_too_slow_digest(self):
        content = vectors.patch(self.image, 164, b'\xff' * 4)
        self.assert_not_checked(content, 'more computing')

    def test_too_slow_together(self):
        content = self.image
        for number in range(8):
            content = vectors.slot1(content, number, iterations=900)
        self.assert_closed(content)
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.keys.luks.proof._MOST_SECONDS', 0.2
            )
        )
        self.assert_not_checked(content, 'more computing')

    def test_unknown_cipher(self):
        content = vectors.patch(self.image, 8, b'serpent\0')
        self.assert_not_checked(content, "'serpent-xts-plain64'")

    def test_key_size_that_the_cipher_has_not(self):
        content = vectors.patch(self.image, 108, (24).to_bytes(4, 'big'))
        self.assert_not_checked(content, 'a key of 192 bits')

    def test_hash_that_was_switched_off(self):
        off = mock.create_autospec(hashlib.new, side_effect=ValueError)
        self.useFixture(fixtures.MonkeyPatch('hashlib.new', off))
        self.assert_not_checked(self.image, "the hash 'sha256'")

    def test_unknown_hash(self):
        content = vectors.patch(self.image, 72, b'\x1b[31mred')
        self.assert_not_checked(content, r"'\x1b[31mred'")


class TestLuks2(ProofCase):
    """LUKS2 headers that are not as usual."""

    def setUp(self):
        super().setUp()
        self.image = vectors.image('luks2-argon2id')

    def changed(self, change):
        return vectors.changed(self.image, change)

    def test_same_again(self):
        self.assert_opens(self.changed(lambda header: None))

    def test_checksum(self):
        content = vectors.patch(self.image, 5000, b'\1')
        self.assert_not_checked(content, 'its checksum does not fit')

    def test_checksum_of_nothing(self):
        self.assert_not_checked(
            vectors.patch(self.image, 72, bytes(32)), "the hash ''"
        )

    def test_no_json(self):
        for text in (b'', b'{', b'\xff', b'[' * 8000, b'1' * 8000):
            with self.subTest(text=text[:2]):
                content = vectors.with_text(self.image, text)
                self.assert_not_checked(content, 'is no JSON text')

    def test_wrong_digest(self):
        def change(header):
            header['digests']['0']['digest'] = 'A' * 43 + '='

        self.assert_closed(self.changed(change))

    def test_digest_that_fits_all(self):
        def change(header):
            header['digests']['0']['digest'] = ''

        self.assert_not_checked(self.changed(change), 'a digest is impossible')

    def test_slot_for_something_else(self):
        def change(header):
            header['digests']['0']['segments'] = []

        self.assert_closed(self.changed(change))

    def test_slot_of_another_type(self):
        def change(header):
            header['keyslots']['1'] = {'type': 'reencrypt', 'key_size': 1}

        self.assert_opens(self.changed(change))

    def test_many_slots(self):
        def change(header):
            header['keyslots'] |= {str(n): {} for n in range(1, 40)}

        self.assert_not_checked(self.changed(change), 'number of key slots')

    def test_unknown_kdf(self):
        def change(header):
            header['keyslots']['0']['kdf']['type'] = 'scrypt' * 999

        content = self.changed(change)
        self.assert_not_checked(content, "'scryptscrypt")
        self.assertLess(len(self.prove(content).reason), 200)

    def test_slot_beyond_all_files(self):
        def change(header):
            header['keyslots']['0']['area']['offset'] = str(2**63)

        self.assert_not_checked(
            self.changed(change), 'an offset is impossible'
        )

    def test_damaged(self):
        for path, value in (
            (('area', 'offset'), 'x'),
            (('area', 'offset'), '-1'),
            (('area', 'offset'), str(2**64)),
            (('area', 'offset'), 32768),
            (('af', 'stripes'), 3999),
            (('kdf', 'salt'), '?'),
            (('kdf', 'salt'), ''),
            (('kdf', 'time'), 0),
            (('kdf', 'cpus'), 2**20),
            (('kdf', 'memory'), 2**40),
            (('key_size',), -16),
        ):
            with self.subTest('.'.join(path), value=value):

                def change(header, path=path, value=value):
                    node = header['keyslots']['0']
                    for name in path[:-1]:
                        node = node[name]
                    node[path[-1]] = value

                self.assert_not_checked(self.changed(change), 'is damaged')


class TestArgon2(ProofCase):
    """What Argon2 needs of the machine."""

    def asks_for(self, mib: int) -> bytes:
        def change(header):
            header['keyslots']['0']['kdf']['memory'] = mib << 10

        return vectors.changed(vectors.image('luks2-argon2id'), change)

    def free(self, amount: int | None) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.keys.luks.memory.available', lambda: amount
            )
        )

    def test_little_memory(self):
        self.free(GIB)
        content = self.asks_for(1024)
        self.assert_not_checked(content, 'asks for 1024 MiB of memory')

    def test_unknown_memory(self):
        self.free(None)
        self.assert_opens(vectors.image('luks2-argon2id'))

    def test_memory_ends_on_the_way(self):
        script = f"""
            import pathlib, resource
            from backupclient.keys.luks import proof
            resource.setrlimit(resource.RLIMIT_AS, ({GIB}, {GIB}))
            image = pathlib.Path("image.raw")
            found = proof.prove(lambda _: image.open("rb"), [b"x"])
            print(found.reason)
        """
        folder = self.useFixture(fixtures.TempDir()).path
        image = pathlib.Path(folder, 'image.raw')
        image.write_bytes(self.asks_for(1024))
        done = subprocess.run(
            [sys.executable, '-c', textwrap.dedent(script)],
            cwd=folder,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertIn('1024 MiB of memory, which are not free', done.stdout)

    def test_too_slow(self):
        self.free(8 * GIB)

        def change(header):
            header['keyslots']['0']['kdf'] |= {'memory': 4 << 20, 'time': 99}

        content = vectors.changed(vectors.image('luks2-argon2id'), change)
        self.assert_not_checked(content, 'more computing')

    def test_old_library(self):
        name = 'cryptography.hazmat.primitives.kdf.argon2'
        with mock.patch.dict(sys.modules, {name: None}):
            self.assert_not_checked(
                vectors.image('luks2-argon2id'), 'install a newer one'
            )
            self.assert_opens(vectors.image('luks2-pbkdf2'))

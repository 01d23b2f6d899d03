# SPDX-License-Identifier: Apache-2.0
"""Sets that somebody has edited are verified: nothing else happens."""

import hashlib
import json

import fixtures
import hypothesis
from hypothesis import strategies as st

from backupclient import documents
from backupclient import errors
from backupclient.model import verification
from backupclient.osc import display
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.unit import examples
from backupclient.tests.unit.hostile import values
from backupclient.tests.unit.hostile import watch
from backupclient.tests.unit.operations import verify_case

RESULT = documents.encode(
    verification.Verification(
        verify_case.RUN,
        '2026-02-01T00:00:00+00:00',
        verification.Depth.DATA,
        (
            verification.Row(
                verify_case.RUN,
                'volume',
                'archive',
                verify_case.PLAIN.id,
                verification.Depth.DATA,
                verification.Result.GOOD,
            ),
        ),
    )
).decode()


class VerifyTestCase(verify_case.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch('os.fsync', lambda _: None))
        self.program('exit 0')
        self.make()
        self.whole = {
            path: path.read_bytes()
            for path in self.set.rglob('*')
            if path.is_file()
        }
        self.manifest = self.set / 'manifest.json'
        self.sums = self.set / 'SHA512SUMS'
        self.watch = self.useFixture(watch.Watch(self.target, '/tmp', '/dev'))

    def again(self, path):
        """Verify a set in which one file was changed; mend it then."""
        try:
            found = self.verify('keys')
        except errors.BackupError as error:
            self.check_text(str(error))
            return error.exit_code
        finally:
            path.write_bytes(self.whole[path])
            self.sums.write_bytes(self.whole[self.sums])
        for row in found.rows:
            self.check_text(*row.notes)
        self.check_text(*found.notices)
        self.assertEqual([], self.watch.elsewhere)
        return found.exit_code

    def check_text(self, *texts):
        """It is for people, who see it without what terminals obey."""
        for text in texts:
            self.assertFalse(values.obeys(display.sentence(text)))
            self.assertLess(len(text), 2000)

    @examples.examples(60)
    @hypothesis.given(st.data())
    def test_manifest(self, data):
        """No change of it is overlooked."""
        text = self.whole[self.manifest].decode()
        content = data.draw(values.files(text))
        self.manifest.write_bytes(content)
        same = content == self.whole[self.manifest]
        self.assertEqual(0 if same else 3, self.again(self.manifest))

    @examples.examples(60)
    @hypothesis.given(st.data())
    def test_forged_manifest(self, data):
        """Its hash is right: so it is only asked for what cannot be."""
        value = json.loads(self.whole[self.manifest])
        content = json.dumps(data.draw(values.changed(value))).encode()
        self.manifest.write_bytes(content)
        old = hashlib.sha512(self.whole[self.manifest]).hexdigest()
        new = hashlib.sha512(content).hexdigest()
        text = self.whole[self.sums].decode()
        self.sums.write_text(text.replace(old, new))
        self.assertIn(self.again(self.manifest), (0, 1, 2, 3))

    @examples.examples(40)
    @hypothesis.given(st.data())
    def test_checksums(self, data):
        content = data.draw(values.damaged(self.whole[self.sums]))
        self.sums.write_bytes(content)
        files = localfolder.Folder(self.set)
        try:
            same = check.sums(files) == self.listed()
        except errors.DocumentError:
            same = False
        self.assertEqual(0 if same else 3, self.again(self.sums))

    def listed(self):
        lines = self.whole[self.sums].decode().splitlines()
        return {line[130:]: line[:128] for line in lines}

    @examples.examples(40)
    @hypothesis.given(st.data())
    def test_earlier_results(self, data):
        """They are read by --sample, and by who asks for other backups."""
        content = data.draw(values.files(RESULT))
        folder_ = self.set / 'verified'
        folder_.mkdir(exist_ok=True)
        (folder_ / '20260201T000000Z.json').write_bytes(content)
        try:
            found = self.verify('data', sample=50)
        finally:
            for each in folder_.iterdir():
                each.unlink()
        self.assertEqual(0, found.exit_code)
        self.assertEqual([], self.watch.elsewhere)

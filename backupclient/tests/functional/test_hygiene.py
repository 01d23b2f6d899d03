# SPDX-License-Identifier: Apache-2.0
"""Key bytes are in the file that was asked for, and nowhere else."""

import base64
import os
import pathlib
import subprocess
import threading

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class Watcher:
    """Collects the arguments of all processes while a command runs."""

    def __init__(self):
        self.seen = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        while not self._ended.wait(0.02):
            for file in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
                try:
                    self.seen.add(file.read_bytes())
                except OSError:
                    continue


class Hygiene(base.TestCase):
    shared = True
    # The arguments of its process are looked at.
    forked = False

    def make(self):
        self.tenant.encrypted_volume('luks', cloud.content(1))
        self.tenant.secret('secret', 'opaque', os.urandom(24))
        self.tenant.secret('words', 'passphrase', b'an unlikely sentence 47')
        self.payloads = [
            self.payload(each['secret_ref'])
            for each in self.tenant.conn.key_manager.get('/secrets').json()[
                'secrets'
            ]
        ]
        self.assertEqual(3, len(self.payloads))

    def payload(self, href):
        secret_id = href.rsplit('/', 1)[1]
        return self.tenant.conn.key_manager.get(
            f'/secrets/{secret_id}/payload',
            headers={'Accept': 'application/octet-stream'},
        ).content

    def needles(self):
        for payload in self.payloads:
            yield payload
            yield payload.hex().encode()
            yield payload.hex().upper().encode()
            yield base64.b64encode(payload).rstrip(b'=')
            yield repr(payload)[2:-1].encode()

    def assertNowhere(self, texts):
        needles = list(self.needles())
        for name, text in texts:
            for needle in needles:
                self.assertNotIn(needle, text, name)

    def texts(self, result, watcher):
        yield 'stdout', result.out.encode()
        yield 'stderr', result.err.encode()
        yield 'arguments', b'\0'.join(watcher.seen)
        for root in (self.tenant.environment()['XDG_STATE_HOME'],):
            for file in pathlib.Path(root).rglob('*'):
                if file.is_file():
                    yield str(file), file.read_bytes()

    def test_run_with_debug(self):
        with Watcher() as watcher:
            result = self.openstack(
                '--debug', 'backup', 'run', '--all', '--to', self.target,
                '--plaintext-keys', '-f', 'json',
            )  # fmt: skip
        self.assertEqual(0, result.code, result)
        self.assertIn('REQ: curl', result.err)
        self.assertNowhere(self.texts(result, watcher))
        allowed = set()
        for file in self.backup_set(result).rglob('*'):
            if not file.is_file():
                continue
            if file.parent.name in ('keys', 'secrets'):
                allowed.add(file.read_bytes())
                self.assertEqual(0o600, file.stat().st_mode & 0o777)
            elif file.parent.name != 'volumes':
                self.assertNowhere([(str(file), file.read_bytes())])
        self.assertEqual(3, len(allowed))

    def test_run_that_fails_with_debug(self):
        """The folder for keys is there already, and anyone's."""
        with Watcher() as watcher:
            result = self.openstack(
                '--debug', 'backup', 'export-key', 'luks',
                '--file', '/proc/nowhere/key',
            )  # fmt: skip
        self.assertEqual(1, result.code, result)
        self.assertNowhere(self.texts(result, watcher))

    def test_core_files_are_off(self):
        """A process that has read a key leaves no core file."""
        code = (
            'import resource, sys\n'
            'from backupclient.keys import material\n'
            'material.forbid_core_dumps()\n'
            'print(resource.getrlimit(resource.RLIMIT_CORE))\n'
        )
        done = subprocess.run(
            [base.OPENSTACK.replace('openstack', 'python'), '-c', code],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual('(0, 0)', done.stdout.strip())

    def test_export_key_with_debug(self):
        file = self.target / 'luks.key'
        with Watcher() as watcher:
            result = self.openstack(
                '--debug', 'backup', 'export-key', 'luks', '--file', file,
            )  # fmt: skip
        self.assertEqual(0, result.code, result)
        self.assertNowhere(self.texts(result, watcher))
        self.assertIn(
            file.read_bytes(), [each.hex().encode() for each in self.payloads]
        )

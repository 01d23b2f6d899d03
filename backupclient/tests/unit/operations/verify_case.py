# SPDX-License-Identifier: Apache-2.0
"""A backup set with one of everything, whose keys really open its disks."""

import base64
import dataclasses
import hashlib
import json
import os
import pathlib
import zlib

import fixtures
import pyrage
import testtools

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import verification
from backupclient.operations import verify
from backupclient.sets import backup_set
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.keys.luks import vectors
from backupclient.tests.unit.sets import samples

OLD = '20260101T000000Z-aaaa'
RUN = samples.RUN
ENCRYPTED = dataclasses.replace(samples.DATA, description='')
PLAIN = samples.ARCHIVE
IMAGE = samples.IMAGE
SECRET = samples.SECRET
SERVER = dataclasses.replace(samples.SERVER, volume_ids=(ENCRYPTED.id,))

DISK = f'volumes/{ENCRYPTED.id}.raw'
KEY = f'keys/volume-{ENCRYPTED.id}.key'
SPARSE = f'volumes/{PLAIN.id}.raw'
QCOW2 = f'images/{IMAGE.id}.qcow2'
PAYLOAD = f'secrets/{SECRET.id}.bin'

MIB = 1 << 20
SMALLEST = zlib.decompress(
    # qemu-img create -f qcow2 -o cluster_size=512 smallest.qcow2 64k
    base64.b64decode(
        'eNoLdPP8zcDAwMyACjjBJCOczwSh2JC5jAzEARYgLmAYBYMYsIwGwUgFjFA4CkYBEA'
        'AAejsCcA=='
    )
)
IDENTITY = pyrage.x25519.Identity.generate()


@dataclasses.dataclass
class Contents:
    """What the files of a set have, before they are encrypted.

    :param recipient: to whom keys and secrets are encrypted, if to anyone.
    """

    run: str = RUN
    disk: bytes = vectors.image('luks1')
    key: bytes = vectors.RIGHT[0]
    fingerprint: str = vectors.KEY.fingerprint
    sparse: bytes = b'data'
    image: bytes = SMALLEST
    payload: bytes = b'a secret'
    recipient: pyrage.x25519.Recipient | None = None
    changes: dict = dataclasses.field(default_factory=dict)


def write(files: base.Files, path: str, data: bytes, hole: int = 0):
    """Write a file that ends with a hole, and a byte behind it."""
    end = b'end' if hole else b''
    size = len(data) + hole + len(end)
    with files.write(path, size) as writer:
        writer.data(0, data)
        if hole:
            writer.hole(len(data), hole)
            writer.data(len(data) + hole, end)
        writer.commit()
    digest = hashlib.sha512(data + bytes(hole) + end).hexdigest()
    return copies.FileRecord(path, size, {'sha512': digest}, 'sha512')


def make(store: base.Store, contents: Contents | None = None):
    """Make a set; return its manifest."""
    these = contents or Contents()
    made = backup_set.BackupSet.create(store, these.run)
    end = '.age' if these.recipient else ''

    def sealed(data):
        if not these.recipient:
            return data
        return pyrage.encrypt(data, [these.recipient])

    made.files.put(KEY + end, sealed(these.key))
    key = dataclasses.replace(
        samples.key_record(KEY + end), fingerprint=these.fingerprint
    )
    secret = write(made.files, PAYLOAD + end, sealed(these.payload))
    payload_key = dataclasses.replace(
        samples.key_record(PAYLOAD + end, opens='not checked'),
        fingerprint=hashlib.sha256(these.payload).hexdigest(),
    )
    items = (
        samples.server_entry(
            SERVER,
            procedure=plans.Procedure.NONE,
            covered_by='its volumes',
            file=None,
        ),
        samples.volume_entry(
            ENCRYPTED, file=write(made.files, DISK, these.disk), key=key
        ),
        samples.volume_entry(
            PLAIN, file=write(made.files, SPARSE, these.sparse, 3 * MIB)
        ),
        samples.image_entry(IMAGE, file=write(made.files, QCOW2, these.image)),
        samples.secret_entry(SECRET, file=secret, key=payload_key),
    )
    manifest = samples.manifest(
        *items,
        run=these.run,
        request=requests.Request(everything=True, plaintext_keys=True),
        **these.changes,
    )
    made.close(manifest, samples.PAGE)
    return manifest


class TestCase(testtools.TestCase):
    """Sets in a folder of this machine."""

    def setUp(self):
        super().setUp()
        self.target = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.store = localfolder.Folder(self.target)
        self.set = self.target / RUN
        self.reporter = quiet_reporter.Quiet()

    def make(self, **contents):
        return make(self.store, Contents(**contents))

    def verify(self, depth='data', runs=(), request=None, **settings):
        return verify.verify(
            str(self.target),
            runs,
            request,
            self.reporter,
            verify.Settings(verification.Depth(depth), **settings),
        )

    def rows(self, *arguments, **options):
        """The rows by the kind and the name of the resources."""
        found = self.verify(*arguments, **options)
        return {(row.kind, row.name): row for row in found.rows}

    def results(self, *arguments, **options):
        """The depths and results by the names of the resources."""
        return {
            name: (row.depth.value, row.result.value)
            for (_, name), row in self.rows(*arguments, **options).items()
        }

    def kept(self, run=RUN):
        """What verifications have left beside a set."""
        return [
            json.loads(path.read_text())
            for path in sorted((self.target / run / 'verified').iterdir())
        ]

    def identity_file(self, identity=IDENTITY):
        path = self.target.parent / f'{self.id()}.identity'
        path.write_text(str(identity))
        self.addCleanup(path.unlink)
        return str(path)

    def flip(self, path, offset=0):
        """Change one bit of a file."""
        with (self.set / path).open('r+b') as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))

    def program(self, text):
        """Put a program called qemu-img before all others."""
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = place / 'qemu-img'
        path.write_text(f'#!/bin/sh\n{text}\n')
        path.chmod(0o755)
        self.useFixture(
            fixtures.EnvironmentVariable(
                'PATH', f'{place}{os.pathsep}{os.environ["PATH"]}'
            )
        )
        return place

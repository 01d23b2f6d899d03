# SPDX-License-Identifier: Apache-2.0

import hashlib
import http.server
import threading

import requests
import testtools

from backupclient import errors
from backupclient.model import copies
from backupclient.store import memory
from backupclient.tests.unit import fake_clock
from backupclient.transfer import upload

DATA = b'0123456789' * 200_000


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what arrives."""

    def do_PUT(self):
        """Read as much as was announced, or as came."""
        length = int(self.headers['Content-Length'])
        self.server.length = length
        self.server.received = self.rfile.read(length)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


class BodyTestCase(testtools.TestCase):
    """Over a real connection."""

    def setUp(self):
        super().setUp()
        self.server = http.server.HTTPServer(('127.0.0.1', 0), Receiver)
        self.server.length, self.server.received = None, None
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def body(self, data, **more):
        files = memory.Memory()
        files.instead = 'Use another.'
        files.begin('volumes')
        files.put('volumes/a.raw', data)
        record = copies.FileRecord(
            'volumes/a.raw',
            len(DATA),
            {'sha512': hashlib.sha512(DATA).hexdigest()},
        )
        return upload.Body(
            files,
            record,
            **{
                'size': len(DATA),
                'clock': fake_clock.FakeClock(),
                'progress': lambda *_: None,
                **more,
            },
        )

    def put(self, body):
        url = f'http://127.0.0.1:{self.server.server_port}/'
        return requests.put(url, data=body, timeout=30)

    def test_whole(self):
        self.assertEqual(204, self.put(self.body(DATA)).status_code)
        self.assertEqual(len(DATA), self.server.length)
        self.assertEqual(DATA, self.server.received)

    def test_read_again(self):
        """As after a token that had to be renewed."""
        body = self.body(DATA)
        self.put(body)
        self.put(body)
        self.assertEqual(DATA, self.server.received)

    def test_damaged(self):
        """The last block is held back: the whole never arrives."""
        damaged = DATA[:-1] + b'x'
        self.assert_damaged(damaged)
        self.server.shutdown()
        self.assertLess(len(self.server.received or b''), len(DATA))

    def test_too_long(self):
        self.assert_damaged(DATA + b'x')

    def assert_damaged(self, data):
        error = self.assertRaises(
            errors.TransferError, self.put, self.body(data)
        )
        self.assertRegex(
            str(error), r'^volumes/a.raw is damaged: .*[.] Use another[.]$'
        )

    def test_something_else_is_sent(self):
        """The file is hashed, and not what is made of it."""

        def upper(stream):
            while block := stream.read(1000):
                yield block.replace(b'9', b'!')

        self.put(self.body(DATA, sent_as=upper))
        self.assertEqual(DATA.replace(b'9', b'!'), self.server.received)

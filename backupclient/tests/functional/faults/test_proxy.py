# SPDX-License-Identifier: Apache-2.0
"""The proxy itself, before a small server of its own."""

import gzip
import http.server
import signal
import socketserver
import subprocess
import sys
import threading

import requests
import testtools
from urllib3 import exceptions

from backupclient.tests.functional.faults import fault
from backupclient.tests.functional.faults import proxy
from backupclient.tests.functional.faults import traffic

DATA = bytes(range(256)) * 4096
PATH = '/v2/images/0b9f1f9e-6a4f-4d55-8f3a-0f6f3f0b1c2d/file'
AT = traffic.Request('image', 'GET', '/v2/images/{id}/file', 1)


class Service(http.server.BaseHTTPRequestHandler):
    """Answers any request, and remembers it."""

    def do_GET(self):
        self.server.asked.append((self.command, self.path, self.headers))
        self.send_response(self.server.status)
        self.send_header('Content-Length', str(len(DATA)))
        self.send_header('X-Host', self.headers['Host'])
        self.send_header('Location', 'http://elsewhere/')
        self.end_headers()
        try:
            self.wfile.write(DATA)
        except OSError:
            # The client wanted no more.
            return

    def do_POST(self):
        length = int(self.headers['Content-Length'])
        self.server.body = self.rfile.read(length)
        self.do_GET()

    def log_message(self, *arguments):
        """Say nothing."""


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Service)
        self.asked = []
        self.body = None
        self.status = 200


def named(name):
    [found] = [each for each in fault.ALL if each.name == name]
    return found


class ProxyTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.server = Server()
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        host, port = self.server.server_address
        self.proxy = self.useFixture(
            proxy.Proxy(
                {
                    'image': f'http://{host}:{port}/v2',
                    'identity': f'http://{host}:{port}/v3',
                }
            )
        )
        self.root = self.proxy.urls['image'].removesuffix('/v2')

    def get(self, **options):
        return requests.get(self.root + PATH, timeout=0.5, **options)

    def arm(self, name, at=AT):
        return self.proxy.begin((at, named(name)))

    def test_passes_all_on(self):
        session = self.proxy.begin()
        answer = self.get(
            headers={'X-Auth-Token': 'secret'}, allow_redirects=False
        )
        self.assertEqual(200, answer.status_code)
        self.assertEqual(DATA, answer.content)
        self.assertEqual('http://elsewhere/', answer.headers['Location'])
        self.assertEqual(
            self.root, 'http://' + answer.headers['X-Host'], 'for its links'
        )
        [(method, path, headers)] = self.server.asked
        self.assertEqual(('GET', PATH), (method, path))
        self.assertEqual('secret', headers['X-Auth-Token'])
        [seen] = session.record.seen
        self.assertEqual((200, len(DATA)), (seen.status, seen.length))
        self.assertEqual(AT, seen.request)

    def test_follows_no_redirect(self):
        self.server.status = 302
        answer = self.get(allow_redirects=False)
        self.assertEqual(302, answer.status_code)
        self.assertEqual(1, len(self.server.asked))

    def test_passes_a_body_on_as_it_is(self):
        body = gzip.compress(DATA)
        path = self.root + '/v2/images?name=a%2Fb%20c'
        requests.post(
            path, data=body, headers={'Content-Encoding': 'gzip'}, timeout=5
        )
        self.assertEqual(body, self.server.body)
        self.assertEqual('/v2/images?name=a%2Fb%20c', self.server.asked[0][1])

    def test_answers_in_place_of_the_cloud_once(self):
        session = self.arm('503 Retry-After')
        answer = self.get()
        self.assertEqual(503, answer.status_code)
        self.assertEqual('1', answer.headers['Retry-After'])
        self.assertEqual([], self.server.asked)
        self.assertEqual({}, session.pending)
        self.assertEqual(DATA, self.get().content)

    def test_another_request_is_not_touched(self):
        other = traffic.Request('image', 'GET', '/v2/', 1)
        session = self.arm('500', other)
        self.assertEqual(DATA, self.get().content)
        self.assertEqual({other: named('500')}, session.pending)

    def test_each_of_several_requests(self):
        other = traffic.Request('image', 'GET', '/v2/', 1)
        session = self.proxy.begin((AT, named('500')), (other, named('503')))
        for path, status in (
            (PATH, 500),
            (PATH, 200),
            ('/v2/', 503),
            ('/v2/', 200),
        ):
            answer = requests.get(self.root + path, timeout=5)
            self.assertEqual(status, answer.status_code, path)
        self.assertEqual({}, session.pending)

    def test_a_second_fault_befalls_keystone(self):
        self.arm('401, Keystone 503')
        keystone = self.proxy.urls['identity']
        for url, status in (
            (self.root + PATH, 401),
            (self.root + PATH, 200),
            (keystone, 503),
            (keystone, 200),
        ):
            answer = requests.get(url, timeout=5)
            self.assertEqual(status, answer.status_code, url)

    def test_silent(self):
        self.arm('silent')
        self.assertRaises(requests.ReadTimeout, self.get)
        self.assertEqual(1, len(self.server.asked))

    def test_stalled(self):
        self.arm('stalled')
        answer = self.get(stream=True)
        self.assertEqual(str(len(DATA)), answer.headers['Content-Length'])
        half = len(DATA) // 2
        self.assertEqual(DATA[:half], answer.raw.read(half))
        self.assertRaises(exceptions.ReadTimeoutError, answer.raw.read, 1)

    def test_cut(self):
        self.arm('cut')
        error = self.assertRaises(
            requests.exceptions.ChunkedEncodingError, self.get
        )
        self.assertIn(f'{len(DATA) // 2} bytes read', str(error))

    def test_flipped(self):
        self.arm('flipped')
        got = self.get().content
        wrong = [at for at in range(len(DATA)) if got[at] != DATA[at]]
        self.assertEqual([len(DATA) // 2], wrong)
        self.assertEqual(len(DATA), len(got))
        self.assertEqual(1, (got[wrong[0]] ^ DATA[wrong[0]]).bit_count())

    def test_reset(self):
        for name, asked in ('reset before', 0), ('reset after', 1):
            self.server.asked.clear()
            self.arm(name)
            error = self.assertRaises(requests.ConnectionError, self.get)
            self.assertIn('reset by peer', str(error), name)
            self.assertEqual(asked, len(self.server.asked), name)

    def test_kill(self):
        for name, asked in ('killed before', 0), ('killed after', 1):
            self.server.asked.clear()
            session = self.arm(name)
            code = f'import requests; requests.get({self.root + PATH!r})'
            child = subprocess.Popen([sys.executable, '-c', code])
            session.client = child.pid
            self.assertEqual(-signal.SIGKILL, child.wait(30), name)
            self.assertEqual(asked, len(self.server.asked), name)

    def test_every_fault_is_told_apart(self):
        names = [each.name for each in fault.ALL]
        self.assertEqual(sorted(set(names)), sorted(names))


class RecordTestCase(testtools.TestCase):
    def requests(self, *paths):
        record = traffic.Record()
        for path in paths:
            record.add('image', 'GET', path)
        return [str(seen.request) for seen in record.seen]

    def test_ids_do_not_matter(self):
        [one] = self.requests(
            '/v2/images/0b9f1f9e-6a4f-4d55-8f3a-0f6f3f0b1c2d?name='
            'backupclient-20260131T235959Z-abcd-lease&owner='
            '0b9f1f9e6a4f4d558f3a0f6f3f0b1c2d'
        )
        self.assertEqual(
            'GET image /v2/images/{id}?name=backupclient-{run}-lease&'
            'owner={id} #1',
            one,
        )

    def test_lists_come_in_any_order(self):
        """They are read side by side, until something is changed."""
        record = traffic.Record()
        lists = [('GET', '/a?limit=1'), ('GET', '/b?limit=1')]
        lists += lists[:1]
        occurrences = [
            record.add('image', *each).request.occurrence
            for each in (*lists, ('POST', '/c'), *lists)
        ]
        self.assertEqual([1, 1, 1, 1, 2, 2, 3], occurrences)

    def test_polls_are_one(self):
        one, other = (
            f'/v2/{noun}/0b9f1f9e-6a4f-4d55-8f3a-0f6f3f0b1c2d'
            for noun in ('images', 'secrets')
        )
        self.assertEqual(
            [
                'GET image /v2/images/{id} #1',
                'GET image /v2/images/{id} #1',
                'GET image /v2/secrets/{id} #1',
                'GET image /v2/images/{id} #2',
            ],
            self.requests(one, one, other, one),
        )

    def test_the_first_of_each(self):
        record = traffic.Record()
        for path in '/a', '/a', '/b':
            record.add('image', 'GET', path)
        self.assertEqual(
            [0, 2], [seen.number for seen in record.first_of_each()]
        )

# SPDX-License-Identifier: Apache-2.0

import threading

import openstack.exceptions
import testtools

from backupclient.cloud import proxies


class _Adapter:
    """:param without_token: so often another thread has taken it away."""

    without_token = 0
    failure: Exception = AssertionError()
    endpoint_override = None
    looked_up = 0

    def get_endpoint(self):
        self.looked_up += 1
        return 'http://cinder.test/v3/100%'

    def request(self, path, method, **options):
        if self.without_token:
            self.without_token -= 1
            raise self.failure
        return (path, method, options)


URL = {'endpoint_override': 'http://cinder.test/v3/100%%'}


class ProxyTestCase(testtools.TestCase):
    def make(self):
        self.made += 1
        if self.failures:
            self.failures -= 1
            raise openstack.exceptions.NotSupported('no version')
        return _Adapter()

    def setUp(self):
        super().setUp()
        self.made = self.failures = 0
        self.proxy = proxies.Proxy(self.make)

    def test_made_when_it_is_used_and_once(self):
        self.assertEqual(0, self.made)
        for _ in range(3):
            answer = self.proxy.request('/a', 'GET', b=1)
            self.assertEqual(('/a', 'GET', {'b': 1, **URL}), answer)
        self.assertEqual(1, self.made)

    def test_the_catalog_is_read_once(self):
        for _ in range(3):
            _, _, options = self.proxy.request('/a', 'GET')
            self.assertEqual(URL, options)
        self.assertEqual(1, self.proxy._found.looked_up)

    def test_a_url_of_the_settings(self):
        """keystoneauth fills in its names, such as that of the project."""
        adapter = _Adapter()
        adapter.endpoint_override = 'http://there/v3/%(project_id)s'
        proxy = proxies.Proxy(lambda: adapter)
        self.assertEqual(('/a', 'GET', {}), proxy.request('/a', 'GET'))

    def test_token_that_another_thread_renews(self):
        """keystoneauth asserts that there is one: it is asked again."""
        self.proxy.request('/a', 'GET')
        adapter = self.proxy._found
        adapter.without_token = 3
        answer = self.proxy.request('/a', 'GET', b=1)
        self.assertEqual(('/a', 'GET', {'b': 1, **URL}), answer)
        adapter.without_token = 99
        self.assertRaises(AssertionError, self.proxy.request, '/a', 'GET')

    def test_token_that_is_gone_again(self):
        """Between its look and its use another thread took it away."""
        self.proxy.request('/a', 'GET')
        adapter = self.proxy._found
        for name in 'auth_token', 'service_catalog':
            adapter.failure = AttributeError(name=name, obj=None)
            adapter.without_token = 3
            answer = self.proxy.request('/a', 'GET', b=1)
            self.assertEqual(('/a', 'GET', {'b': 1, **URL}), answer)

    def test_fault_of_the_program(self):
        """It is not hidden: other attributes are of no token."""
        self.proxy.request('/a', 'GET')
        adapter = self.proxy._found
        for more in (
            {'name': 'size', 'obj': None},
            {'name': 'auth_token', 'obj': 1},
        ):
            adapter.failure = AttributeError(**more)
            adapter.without_token = 1
            self.assertRaises(AttributeError, self.proxy.request, '/a', 'GET')

    def test_failures_are_tried_again(self):
        self.failures = 2
        for _ in range(2):
            failure = self.assertRaises(
                proxies.Unreachable, self.proxy.request, '/a', 'GET'
            )
            self.assertIn('no version', str(failure))
        self.proxy.request('/a', 'GET')
        self.assertEqual(3, self.made)

    def test_those_who_wait_share_a_failure(self):
        """Of a silent service, not each waits for its own timeout."""
        failing, waiting = threading.Event(), threading.Event()
        told = []

        def make():
            self.made += 1
            failing.set()
            waiting.wait(60)
            raise openstack.exceptions.NotSupported('no version')

        def ask():
            try:
                proxy.request('/a', 'GET')
            except proxies.Unreachable as exc:
                told.append(exc)

        proxy = proxies.Proxy(make)
        first, second = (threading.Thread(target=ask) for _ in range(2))
        first.start()
        self.assertTrue(failing.wait(60))
        proxy._lock = _Lock(proxy._lock, waiting)
        second.start()
        first.join(60)
        second.join(60)
        self.assertEqual((1, 2), (self.made, len(told)))


class _Lock:
    """Tells when somebody is about to wait for it."""

    def __init__(self, real, waiting):
        self._real = real
        self._waiting = waiting

    def __enter__(self):
        self._waiting.set()
        return self._real.__enter__()

    def __exit__(self, *error):
        return self._real.__exit__(*error)

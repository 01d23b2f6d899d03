# SPDX-License-Identifier: Apache-2.0
"""A reverse proxy before the services, in which one request goes wrong.

Each service has a port of its own, not a path: so the links that it makes of
the ``Host`` header lead to the proxy too, and nothing has to be rewritten.
"""

import asyncio
import functools
import logging
import threading
from urllib import parse

import aiohttp
from aiohttp import web
import fixtures
import yarl

from backupclient.tests.functional.faults import exchange
from backupclient.tests.functional.faults import traffic

LOG = logging.getLogger(__name__)


class Session:
    """What the proxy knows of one process of the client.

    :param at: the request that goes wrong; None: none does.
    """

    def __init__(self, fault=None, at=None):
        self.record = traffic.Record()
        self.client = None
        self.reached = False
        self._fault = fault
        self._at = at
        self._then = None

    def fault_for(self, request):
        """The fault that befalls a request, if one does. It does so once."""
        if not self.reached and request == self._at:
            self.reached = True
            self._then = self._fault.then
            return self._fault
        if self._then is not None and request.service == 'identity':
            then, self._then = self._then, None
            return then
        return None


class Proxy(fixtures.Fixture):
    """The proxy, in a thread of its own.

    :param upstreams: URLs of the services, by their types.
    """

    def __init__(self, upstreams):
        self._upstreams = upstreams
        self._session = Session()

    def _setUp(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, daemon=True
        )
        self._thread.start()
        self.addCleanup(self._end)
        self._runners = []
        self._http = self._call(self._open())
        self.urls = {
            service: self._call(self._listen(service, url))
            for service, url in self._upstreams.items()
        }

    def begin(self, fault=None, at=None):
        """Begin a new record, with a fault or without.

        :returns: the session; tell it the process ID of the client.
        """
        self._session = Session(fault, at)
        return self._session

    def _call(self, task):
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(30)

    async def _open(self):
        return exchange.client_session()

    async def _listen(self, service, url):
        """Give the URL by which a service is reached through the proxy."""
        runner = web.ServerRunner(
            web.Server(
                functools.partial(self._answer, service),
                access_log=None,
                auto_decompress=False,
            )
        )
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, '127.0.0.1', 0, shutdown_timeout=1).start()
        host, port = runner.addresses[0][:2]
        return parse.urlsplit(url)._replace(netloc=f'{host}:{port}').geturl()

    async def _answer(self, service, request):
        session = self._session
        seen = session.record.add(service, request.method, request.raw_path)
        root = parse.urlsplit(self._upstreams[service])
        its = exchange.Exchange(
            request,
            seen,
            lambda: session.client,
            self._http,
            yarl.URL(
                f'{root.scheme}://{root.netloc}{request.raw_path}',
                encoded=True,
            ),
        )
        fault = session.fault_for(seen.request)
        try:
            if fault is None:
                await its.forward()
                return await its.relay()
            # The server wants an answer even where nobody gets it any more.
            return await fault.act(its) or web.Response()
        except (aiohttp.ClientError, ConnectionError):
            LOG.debug('%s broke off', seen.request, exc_info=True)
            its.close()
            return web.Response()
        finally:
            its.release()

    def _end(self):
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self):
        for runner in self._runners:
            await runner.cleanup()
        await self._http.close()

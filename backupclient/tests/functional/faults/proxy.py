# SPDX-License-Identifier: Apache-2.0
"""A reverse proxy before the services, in which some requests go wrong.

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

    :param pairs: requests that go wrong, once each, and how.
    :param pending: those of them that did not come yet.
    """

    def __init__(self, *pairs):
        self.record = traffic.Record()
        self.client = None
        self.pending = dict(pairs)
        self._then = None

    def fault_for(self, request):
        """Return the fault that befalls a request, None if none does."""
        if (found := self.pending.pop(request, None)) is not None:
            self._then = found.then
            return found
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

    def begin(self, *pairs):
        """Begin a new record.

        :param pairs: requests that go wrong, and how.
        :returns: the session; tell it the process ID of the client.
        """
        self._session = Session(*pairs)
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

# SPDX-License-Identifier: Apache-2.0
"""One request and its answer, in the hands of the proxy."""

import asyncio
import contextlib
import os
import signal
import socket
import struct

import aiohttp
from aiohttp import web

# These are between two neighbours; the proxy has its own.
_HOP_BY_HOP = frozenset(
    {
        'connection',
        'keep-alive',
        'proxy-authenticate',
        'proxy-authorization',
        'te',
        'trailer',
        'transfer-encoding',
        'upgrade',
    }
)
_LONGEST_SILENCE = 600.0


class Exchange:
    """What a fault can do with a request.

    :param request: of the client.
    :param seen: its record.
    :param client: gives the process ID of the client, None before its start.
    :param url: of the same thing in the cloud.
    """

    def __init__(self, request, seen, client, http, url):
        self._request = request
        self._seen = seen
        self._client = client
        self._http = http
        self._url = url
        self._answer = None

    async def forward(self):
        """Have the cloud do it, and wait for the head of its answer."""
        await self._forward(
            self._request.content if self._request.body_exists else None
        )

    async def forward_half(self):
        """Give the cloud half of what the client sends, and break off."""
        with contextlib.suppress(aiohttp.ClientError):
            await self._forward(self._sent_half())

    async def forward_flipped(self):
        """Give the cloud what the client sends, with one bit flipped."""
        await self._forward(self._sent_flipped())

    async def relay(self):
        """Give the answer on as it comes."""
        response = await self._begin(self._answer.content_length)
        async for block in self._answer.content.iter_any():
            await response.write(block)
        return response

    async def relay_half(self):
        """Give on the head, which promises all, and half of the body."""
        response, left = await self._begin_whole()
        left //= 2
        async for block in self._blocks():
            await response.write(block[:left])
            left -= len(block)
            if left <= 0:
                break
        return response

    async def relay_flipped(self):
        """Give the answer on with one bit flipped, half-way."""
        response, left = await self._begin_whole()
        left //= 2
        async for block in self._blocks():
            await response.write(_flipped(block, left))
            left -= len(block)
        return response

    async def answer(self, status, headers, body):
        """Answer in place of the cloud."""
        response = web.Response(status=status, headers=headers, body=body)
        await response.prepare(self._request)
        return response

    async def say_nothing(self):
        """Keep the connection open, without a word, until the client goes."""
        end = asyncio.get_running_loop().time() + _LONGEST_SILENCE
        while asyncio.get_running_loop().time() < end:
            if self._transport is None or self._transport.is_closing():
                return
            await asyncio.sleep(0.05)

    def close(self):
        """End the connection after what was sent."""
        if self._transport is not None:
            self._transport.close()

    def reset(self):
        """Tear the connection down: the client gets a TCP reset."""
        if self._transport is not None:
            self._transport.get_extra_info('socket').setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)
            )
            self._transport.abort()

    async def kill(self):
        """Kill the client."""
        while (pid := self._client()) is None:
            await asyncio.sleep(0.01)
        os.kill(pid, signal.SIGKILL)

    def release(self):
        """Let go of the cloud's answer."""
        if self._answer is not None:
            self._answer.close()

    @property
    def brings_data(self):
        """The answer is the data of an image."""
        return self._seen.request.brings_data

    @property
    def _transport(self):
        return self._request.transport

    async def _forward(self, body):
        self._answer = await self._http.request(
            self._request.method,
            self._url,
            headers=_end_to_end(self._request.headers),
            data=body,
            allow_redirects=False,
        )
        self._seen.status = self._answer.status
        self._seen.length = self._answer.content_length or 0

    async def _sent_half(self):
        left = self._request.content_length // 2
        async for block in self._request.content.iter_any():
            yield block[:left]
            left -= len(block)
            if left <= 0:
                break
        # The length of all was promised: so this is an error, not an end.
        raise ConnectionError('that is enough')

    async def _sent_flipped(self):
        left = self._request.content_length // 2
        async for block in self._request.content.iter_any():
            yield _flipped(block, left)
            left -= len(block)

    async def _begin_whole(self):
        """Begin an answer whose length is known.

        :returns: it, and the length.
        """
        length = self._answer.content_length
        if length is None:
            length = len(await self._answer.read())
        return await self._begin(length), length

    async def _begin(self, length):
        headers = _end_to_end(self._answer.headers)
        response = web.StreamResponse(
            status=self._answer.status,
            reason=self._answer.reason,
            headers=headers,
        )
        response.content_length = length
        await response.prepare(self._request)
        return response

    async def _blocks(self):
        """The body, whether it was read before or not."""
        if self._answer.content.at_eof():
            yield await self._answer.read()
            return
        async for block in self._answer.content.iter_any():
            yield block


def _flipped(block, at):
    """Flip a bit of a block, if there is one at that place."""
    if not 0 <= at < len(block):
        return block
    changed = bytearray(block)
    changed[at] ^= 0x10
    return bytes(changed)


def _end_to_end(headers):
    """The headers that are for the other end."""
    return [
        (name, value)
        for name, value in headers.items()
        if name.lower() not in _HOP_BY_HOP
    ]


def client_session():
    """The proxy's own connections: nothing is added, followed or unpacked."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=(
            'Accept',
            'Accept-Encoding',
            'Content-Type',
            'User-Agent',
        ),
        read_bufsize=1 << 20,
        timeout=aiohttp.ClientTimeout(total=None),
    )

# SPDX-License-Identifier: Apache-2.0
"""Download an image's data from Glance."""

from collections.abc import Iterator
import contextlib
import dataclasses
import re

import requests

from backupclient import errors
from backupclient.cloud import logins
from backupclient.cloud import services


@dataclasses.dataclass(frozen=True, slots=True)
class ImageData:
    """An image's data, as a source for a download."""

    service: services.Service
    image_id: str

    @contextlib.contextmanager
    def open(self, offset: int = 0) -> 'Iterator[Opened]':
        """Request the bytes from an offset on.

        Some stores refuse every range with 400, and some ignore it and send
        the data from the start (``glance_store/capabilities.py``): check
        :attr:`Opened.start`.

        :raises CloudError: if Glance refuses, with the HTTP status.
        :raises AnswerLost: if there was no response.
        """
        # "identity": compressed bytes would not match the image's hash.
        headers = {
            'Accept': 'application/octet-stream',
            'Accept-Encoding': 'identity',
        }
        if offset:
            headers['Range'] = f'bytes={offset}-'
        answer = self.service.repeat(
            'GET',
            f'/images/{self.image_id}/file',
            f'download image {self.image_id}',
            headers=headers,
            stream=True,
        )
        with answer:
            if answer.status_code == 204:
                raise errors.CloudError(
                    f'Image {self.image_id} has no data (HTTP 204). Upload '
                    'its data, or delete it.',
                    204,
                )
            yield Opened(answer, _start(answer), self.service.login)


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A response whose body is read block by block.

    :param start: the offset in the image of the body's first byte.
    :param login: reading stops when the login has ended, because the run
        can then do nothing with the data.
    """

    answer: requests.Response
    start: int
    login: logins.Login

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, ``b''`` at the end.

        :raises AnswerLost: if the connection broke before the end.
        :raises LoginEnded: if Keystone refused to renew the login meanwhile.
        """
        self.login.check()
        try:
            block: bytes = self.answer.raw.read(size, decode_content=False)
        except Exception as exc:
            raise errors.AnswerLost(f'The download broke off: {exc}') from exc
        return block


def _start(answer: requests.Response) -> int:
    if answer.status_code != 206:
        return 0
    span = answer.headers.get('Content-Range', '')
    first = re.match(r'bytes (\d{1,18})-', span, re.ASCII)
    return int(first[1]) if first else 0

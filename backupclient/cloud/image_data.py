# SPDX-License-Identifier: Apache-2.0
"""The bytes of an image, as they come from Glance."""

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
    """The bytes of an image."""

    service: services.Service
    image_id: str

    @contextlib.contextmanager
    def open(self, offset: int = 0) -> 'Iterator[Opened]':
        """Ask for the bytes from an offset on.

        Some stores refuse every range with 400, and some answer from the
        start (``glance_store/capabilities.py``).

        :raises CloudError: with the status of the refusal.
        :raises AnswerLost: when there was no answer.
        """
        # Compressed on the way, the bytes would not be those that were hashed.
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
    """An answer whose body is read as it comes.

    :param start: the offset of its first byte in the image.
    :param login: when it has ended nothing can be made of the data.
    """

    answer: requests.Response
    start: int
    login: logins.Login

    def read(self, size: int) -> bytes:
        """Read up to so many bytes; nothing at the end.

        :raises AnswerLost: when the connection broke before the end.
        :raises LoginEnded: another request was refused meanwhile.
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

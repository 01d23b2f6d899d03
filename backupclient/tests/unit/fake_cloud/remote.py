# SPDX-License-Identifier: Apache-2.0
"""The fake cloud of one process, used by others.

The requests of another process go through a socket to the process that has
the cloud. That one answers them like its own.
"""

import contextlib
from multiprocessing import connection
import os
import threading

import fixtures
import requests
import requests_mock


class Died(BaseException):
    """The process that asks ends here, and no other."""


class Served(fixtures.Fixture):
    """A fake cloud that other processes can use.

    :param address: of the socket, for :func:`used`.
    :param asked: the requests of others: by whom, method, URL, body.
    """

    def __init__(self, cloud):
        super().__init__()
        self._cloud = cloud
        self.asked = []

    def _setUp(self):
        folder = self.useFixture(fixtures.TempDir()).path
        self.address = os.path.join(folder, 'cloud')
        self._listener = connection.Listener(self.address, 'AF_UNIX')
        threading.Thread(target=self._accept, daemon=True).start()
        self.addCleanup(self._listener.close)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                other = self._listener.accept()
                threading.Thread(
                    target=self._serve, args=(other,), daemon=True
                ).start()

    def _serve(self, other):
        with contextlib.suppress(EOFError, OSError), other:
            while True:
                who, method, url, headers, body = other.recv()
                self.asked.append((who, method, url, body))
                other.send(self._answer(method, url, headers, body))

    def _answer(self, method, url, headers, body):
        prepared = requests.Request(
            method, url, headers=headers, data=body
        ).prepare()
        raw = requests_mock.request._RequestObjectProxy(prepared)
        try:
            answer = self._cloud._answer(raw)
        except BaseException as exc:
            return exc
        return answer.status_code, dict(answer.headers), answer.content


@contextlib.contextmanager
def used(address):
    """Let all requests of this process go to a cloud that is served."""
    lock = threading.Lock()
    with connection.Client(address, 'AF_UNIX') as there:

        def ask(raw):
            body = raw.body or b''
            if isinstance(body, str):
                body = body.encode()
            with lock:
                there.send(
                    (os.getpid(), raw.method, raw.url, dict(raw.headers), body)
                )
                answer = there.recv()
            if isinstance(answer, Died):
                os._exit(1)
            if isinstance(answer, BaseException):
                raise answer
            status, headers, content = answer
            return requests_mock.create_response(
                raw, status_code=status, headers=headers, content=content
            )

        with requests_mock.Mocker(case_sensitive=True) as mocker:
            mocker.add_matcher(ask)
            yield

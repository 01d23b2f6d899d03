# SPDX-License-Identifier: Apache-2.0
"""Call several functions in parallel, each in a thread of its own."""

from collections.abc import Callable, Mapping
from concurrent import futures
import queue
import threading
from typing import TypeVar

from backupclient import errors

T = TypeVar('T')


def read(readers: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Call functions in parallel.

    The threads are daemons, so that Ctrl-C does not wait for a service that
    does not answer.

    :param readers: the functions by name.
    :returns: their results, by the same names in the same order.
    :raises BaseException: the first exception that one of them raises.
    """
    done: queue.SimpleQueue[futures.Future[T]] = queue.SimpleQueue()
    answers = {name: futures.Future[T]() for name in readers}
    for name, reader in readers.items():
        answers[name].add_done_callback(done.put)
        threading.Thread(
            target=_answer,
            args=(answers[name], reader),
            name=f'read {name}',
            daemon=True,
        ).start()
    for _ in readers:
        # In the order of completion: the first failure is raised at once.
        done.get().result()
    return {name: answer.result() for name, answer in answers.items()}


def whole(reader: Callable[[], T]) -> Callable[[], T | errors.CloudError]:
    """Return a function that returns the reader's CloudError, not raises it.

    Rows read before the error are dropped: half a list is useless.
    """

    def read_whole() -> T | errors.CloudError:
        try:
            return reader()
        except errors.CloudError as exc:
            return exc

    return read_whole


def _answer(answer: futures.Future[T], reader: Callable[[], T]) -> None:
    try:
        answer.set_result(reader())
    except BaseException as exc:
        answer.set_exception(exc)

# SPDX-License-Identifier: Apache-2.0
"""Several reads at the same time, each in a thread of its own."""

from collections.abc import Callable, Mapping
from concurrent import futures
import queue
import threading
from typing import TypeVar

from backupclient import errors

T = TypeVar('T')


def read(readers: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Call some functions side by side.

    The threads are daemons: whoever presses Ctrl-C does not wait for a
    service that is silent.

    :param readers: by a name.
    :returns: what each gave, by the same names in the same order.
    :raises BaseException: what one of them has raised.
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
        # The first that fails ends it all.
        done.get().result()
    return {name: answer.result() for name, answer in answers.items()}


def whole(reader: Callable[[], T]) -> Callable[[], T | errors.CloudError]:
    """Make of a reader one that returns the refusal of a service.

    What it had read by then is dropped: half a list is none.
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

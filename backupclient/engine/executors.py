# SPDX-License-Identifier: Apache-2.0
"""Executors: pools of workers that perform flows. The default is threads."""

from concurrent import futures
from typing import Protocol

from backupclient.engine import runner

_WITHOUT_SLOT = 16
"""Threads for flows that need no slot, such as the start of a server."""


class Executor(Protocol):
    """A pool of workers that perform flows.

    Orders and results are plain values, and a worker can build its context
    from the ID of the run. So workers may be other processes. A worker never
    writes to the lease.
    """

    def submit(self, order: runner.Order) -> futures.Future[runner.Result]:
        """Let a worker perform an order, and return its future result."""

    def shutdown(self) -> None:
        """Wait until all workers are done."""


class Threads:
    """Workers that share this process, and one context.

    :param parallel: the number of slots: flows that run at a time.
    """

    def __init__(self, context: runner.Context, parallel: int) -> None:
        self._context = context
        self._pool = futures.ThreadPoolExecutor(
            parallel + _WITHOUT_SLOT, 'flow'
        )

    def submit(self, order: runner.Order) -> futures.Future[runner.Result]:
        """Let a thread perform an order, and return its future result."""
        return self._pool.submit(runner.perform, self._context, order)

    def shutdown(self) -> None:
        """Wait until all threads are done."""
        self._pool.shutdown()

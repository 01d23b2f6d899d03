# SPDX-License-Identifier: Apache-2.0
"""Executors have workers that perform flows. The default is threads."""

from concurrent import futures
from typing import Protocol

from backupclient.engine import runner

_WITHOUT_SLOT = 16
"""Threads for flows that need no slot, such as the start of a server."""


class Executor(Protocol):
    """Has workers that perform flows.

    Orders and results are values. A worker builds its own context from the
    ID of the run. A worker never writes to the lease.
    """

    def submit(self, order: runner.Order) -> futures.Future[runner.Result]:
        """Let a worker perform an order."""

    def shutdown(self) -> None:
        """Wait until all workers are done."""


class Threads:
    """Workers that share this process, and one context.

    :param parallel: so many flows have a slot at a time.
    """

    def __init__(self, context: runner.Context, parallel: int) -> None:
        self._context = context
        self._pool = futures.ThreadPoolExecutor(
            parallel + _WITHOUT_SLOT, 'flow'
        )

    def submit(self, order: runner.Order) -> futures.Future[runner.Result]:
        """Let a thread perform an order."""
        return self._pool.submit(runner.perform, self._context, order)

    def shutdown(self) -> None:
        """Wait until all threads are done."""
        self._pool.shutdown()

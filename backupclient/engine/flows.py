# SPDX-License-Identifier: Apache-2.0
"""From the steps of a procedure to a TaskFlow flow that can be resumed.

Only this module and :mod:`backupclient.engine.flow_store` know TaskFlow: a
step is a plain class that takes what was made before and gives it back with
its own. TaskFlow keeps what each step gave, runs again the one that was
running when the process was killed, and undoes them all in reverse order
when one fails.
"""

from collections.abc import Callable, Sequence
import dataclasses
import logging
import pathlib
import shutil
from typing import Any
import uuid

import msgspec
from taskflow import engines
from taskflow import exceptions as tf_exceptions
from taskflow import states
from taskflow import task
from taskflow.patterns import linear_flow
from taskflow.persistence import models

from backupclient import errors
from backupclient.engine import flow_records
from backupclient.engine import flow_store
from backupclient.procedures import step as step_

LOG = logging.getLogger(__name__)
# It logs each failure of a flow that is raised too, with a traceback.
logging.getLogger('taskflow').setLevel(logging.CRITICAL)

_NAMESPACE = uuid.UUID('5c5a9d0e-8f5b-4d0c-9a53-0f2a6c3f6b11')


@dataclasses.dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of a flow, in the thread that runs it.

    :param starts: before any step, unless the source is captured already.
    :param begins: with the title of each step, and of each undoing.
    :param done: with each step that is done, by an earlier process too.
    :param left_over: with what could not be undone.
    """

    starts: Callable[[], None]
    begins: Callable[[str], None]
    done: Callable[[step_.Step], None]
    left_over: Callable[[str], None]


class _Task(task.Task):  # type: ignore[misc] # TaskFlow has no types
    """A step as TaskFlow sees it."""

    def __init__(
        self,
        step: step_.Step,
        before: str | None,
        listener: Listener,
        store: flow_store.Store,
    ) -> None:
        name = type(step).__name__
        super().__init__(
            name=name, provides=name, requires=[before] if before else []
        )
        self._step = step
        self._before = before
        self._listener = listener
        self._store = store

    def execute(self, **made: object) -> object:
        self._store.check()
        self._listener.begins(self._step.title)
        done = self._step.do(self._made(made))
        self._listener.done(self._step)
        return msgspec.to_builtins(done)

    def revert(
        self, result: object, flow_failures: object, **made: object
    ) -> None:
        """Undo; what cannot be undone is told, and the others go on."""
        self._listener.begins(f'undo: {self._step.title}')
        done = _read(result) if isinstance(result, dict) else self._made(made)
        with self._step.work.clock.shielded():
            try:
                self._step.undo(done)
            except errors.BackupError as exc:
                self._listener.left_over(str(exc))
            except Exception as exc:
                LOG.debug('Not undone', exc_info=True)
                self._listener.left_over(f'{type(exc).__name__}: {exc}')

    def _made(self, made: dict[str, object]) -> step_.Made:
        return _read(made[self._before]) if self._before else step_.Made()


def _read(value: object) -> step_.Made:
    return msgspec.convert(value, step_.Made)


def run(
    steps: Sequence[step_.Step],
    folder: pathlib.Path,
    listener: Listener,
) -> step_.Made:
    """Run steps to their end, from where an earlier process left them.

    :param folder: of the journal, for these steps alone.
    :returns: what they made.
    :raises BackupError: a step failed and what was made is undone.
    """
    try:
        return _run_once(steps, folder, listener)
    except tf_exceptions.WrappedFailure:
        # The failure is an earlier process's, which was killed while it was
        # undoing. That is done now; begin again.
        return _run_once(steps, folder, listener)


def _run_once(
    steps: Sequence[step_.Step],
    folder: pathlib.Path,
    listener: Listener,
) -> step_.Made:
    flow = linear_flow.Flow(folder.name)
    store = flow_store.Store(folder)
    before = None
    for step in steps:
        flow.add(_Task(step, before, listener, store))
        before = type(step).__name__
    engine = engines.load(
        flow,
        engine='serial',
        backend=store,
        flow_detail=_detail(store, flow),
    )
    engine.compile()
    engine.prepare()
    done = [step for step in steps if _is_done(engine, step)]
    for step in done:
        listener.done(step)
    if not any(step.captures for step in done):
        listener.starts()
    try:
        engine.run()
    except (errors.NotFound, errors.WaitFailed) as exc:
        if not done or isinstance(exc, errors.WaitTimeout):
            raise
        # What an earlier process made may be gone, as by a cleanup. All is
        # undone now; begin again.
        LOG.debug('Begun again', exc_info=True)
        return _run_once(steps, folder, listener)
    return _read(engine.storage.get(before))


def _is_done(engine: Any, step: step_.Step) -> bool:
    state = engine.storage.get_atom_state(type(step).__name__)
    return bool(state == states.SUCCESS)


def _detail(store: flow_store.Store, flow: Any) -> Any:
    """Find the records of a flow, or begin them."""
    book_id = str(uuid.uuid5(_NAMESPACE, store.folder.name))
    connection = store.get_connection()
    try:
        names = [step.name for step, _ in flow.iter_nodes()]
        flow_records.check(store.folder, names)
        connection.upgrade()
        return next(iter(connection.get_logbook(book_id)))
    except (tf_exceptions.NotFound, StopIteration):
        pass
    except Exception as exc:
        # Each step looks for what is there already, so that nothing is made
        # twice without the records either.
        LOG.warning(
            'The journal in %s cannot be read: %.300r',
            store.folder,
            errors.root(exc),
        )
        shutil.rmtree(store.folder, ignore_errors=True)
        connection.upgrade()
    book = models.LogBook(flow.name, uuid=book_id)
    detail = models.FlowDetail(flow.name, uuid=book_id)
    book.add(detail)
    connection.save_logbook(book)
    return detail

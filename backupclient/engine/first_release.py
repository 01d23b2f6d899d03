# SPDX-License-Identifier: Apache-2.0
"""Convert the journals of the first release.

The first release kept one file for all steps of an item, with the class names
of these steps, and an empty file for each stopped server::

    <run>/flows/<n>-<procedure>.json
    <run>/stopped/<server>

Items whose file cannot be converted start again: each step first looks for
the result of an earlier try.
"""

from collections.abc import Iterator, Sequence
import contextlib
import dataclasses
import errno
import logging
import os
import pathlib
from typing import Protocol

from backupclient import documents
from backupclient import errors
from backupclient.engine import journal_base
from backupclient.engine import saved_progress
from backupclient.model import graphs
from backupclient.model import plans
from backupclient.procedures import compiler
from backupclient.procedures import interim
from backupclient.procedures.backup import server_power

LOG = logging.getLogger(__name__)

VERSION = 1
_NAMES = {
    'Backup': 'backup',
    'DeleteImage': 'delete-image',
    'DeleteSnapshot': 'delete-snapshot',
    'DeleteVolume': 'delete-volume',
    'DescribeSecret': 'describe-secret',
    'Download': 'download',
    'DownloadSecret': 'download-secret',
    'ExportKey': 'export-key',
    'ImageServer': 'image-server',
    'RecordImage': 'record-image',
    'Snapshot': 'snapshot',
    'TemporaryVolume': 'temporary-volume',
    'UploadTemporary': 'upload-temporary',
    'UploadVolume': 'upload-volume',
}
"""The stable names of steps by their class names in the first release."""


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an item, as in a file of the first release.

    :param done: the steps that are done, in their order. The next step may
        have begun.
    :param undoing: True if the steps are being undone.
    """

    done: tuple[saved_progress.Done, ...] = ()
    undoing: bool = False
    version: int = VERSION


class Journal(journal_base.Journal, Protocol):
    """The journal of a run, in a folder."""

    folder: pathlib.Path

    def adopt(
        self,
        run: journal_base.Run,
        records: Sequence[journal_base.Progress],
    ) -> None:
        """Store the converted contents of a journal of the first release."""


def upgrade(journal: Journal) -> None:
    """Convert the journal of a run that the first release began.

    :raises DocumentError: if the journal is damaged.
    """
    run = journal.run()
    if run.version == journal_base.RUN_VERSION:
        return
    graph = compiler.compile(run.plan)
    replaced = journal.replaced()
    items = [
        replaced.get(number, item)
        for number, item in enumerate(run.plan.items)
    ]
    try:
        records = [*convert(journal.folder, graph, items, frozenset(replaced))]
    except OSError as exc:
        raise errors.DocumentError(
            f'The journal {journal.folder} cannot be read: {exc.strerror}.'
        ) from exc
    run = dataclasses.replace(run, version=journal_base.RUN_VERSION)
    with contextlib.suppress(errors.JournalError):
        journal.adopt(run, records)
        remove(journal.folder)


def stopped(folder: pathlib.Path) -> Sequence[str]:
    """Return the IDs of stopped servers, from the names of their files.

    :raises OSError: if the folder cannot be read.
    """
    files = folder / 'stopped'
    if files.is_symlink():
        raise OSError(errno.ENOTDIR, f'{files} is a link', str(files))
    try:
        return os.listdir(files)
    except FileNotFoundError:
        return ()


def convert(
    folder: pathlib.Path,
    graph: graphs.Graph,
    items: Sequence[plans.Item],
    replaced: frozenset[int],
) -> Iterator[journal_base.Progress]:
    """Yield the records of the flows of a run.

    :param items: the items of its plan, or the fallbacks they use.
    :param replaced: the numbers of the items that use their fallback.
    :raises OSError: if a folder cannot be read.
    """
    servers = stopped(folder)
    for group in graph.groups:
        if group.item is None:
            if group.resource.id in servers:
                yield _stopped(group)
        else:
            other = group.item in replaced
            flows = group.instead if other else group.flows
            procedure = items[group.item].procedure
            file = folder / 'flows' / f'{group.item}-{procedure}.json'
            yield from _in_flows(_read(file, flows), flows)


def remove(folder: pathlib.Path) -> None:
    """Delete the files of the first release after the conversion."""
    for file in (*folder.glob('flows/*-*.json'), *folder.glob('stopped/*')):
        if file.parent.name == 'stopped' or file.name[0].isdigit():
            with contextlib.suppress(OSError):
                file.unlink()


def _stopped(group: graphs.Group) -> journal_base.Progress:
    """Return the record of a server that ran and may have been stopped."""
    look = server_power.LookAtServer.stable_name
    made = interim.Downtime(server_power.RUNS)
    return journal_base.Progress(
        group.flows[0].id, (journal_base.Done(look, made),)
    )


def _read(
    file: pathlib.Path, flows: Sequence[graphs.Flow]
) -> journal_base.Progress | None:
    """Return the progress of an item, as if it had only its first flow."""
    first = flows[0]
    if not os.path.lexists(file):
        return None
    try:
        found = documents.read(file, Progress, 'record of steps')
        names = [_NAMES.get(each.step, '') for each in found.done]
        steps = [name for flow in flows for name in flow.steps]
        if names != steps[: len(names)]:
            raise errors.DocumentError(f'The record {file} is of other steps.')
    except errors.DocumentError as exc:
        LOG.warning('%s', exc)
        return journal_base.Progress(first.id)
    done = (
        journal_base.Done(name, saved_progress.made(each.made, first.part))
        for name, each in zip(names, found.done, strict=True)
    )
    return journal_base.Progress(first.id, tuple(done), found.undoing)


def _in_flows(
    found: journal_base.Progress | None, flows: Sequence[graphs.Flow]
) -> Iterator[journal_base.Progress]:
    """Split the progress of an item into records of its flows.

    The last record is of the flow with the next step, which may have begun.
    """
    if found is None:
        return
    rest = list(found.done)
    for flow in flows:
        done, rest = rest[: len(flow.steps)], rest[len(flow.steps) :]
        is_last = len(done) < len(flow.steps) or flow is flows[-1]
        yield journal_base.Progress(
            flow.id, tuple(done), undoing=found.undoing and is_last
        )
        if is_last:
            return

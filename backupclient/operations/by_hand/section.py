# SPDX-License-Identifier: Apache-2.0
"""The section of a resource: facts about its copy, and the commands."""

from collections.abc import Collection, Iterable, Iterator
import logging

from backupclient.model import copies
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import restores
from backupclient.model import results
from backupclient.operations.by_hand import comments
from backupclient.operations.by_hand import flavors
from backupclient.procedures import registry
from backupclient.procedures.restore import shell

LOG = logging.getLogger(__name__)

UNWRITTEN = (
    'The commands could not be written: this is a fault of the program that '
    'made the set. The data are not affected: "openstack backup restore" '
    'brings them back, and manifest.json says all that was known of them.'
)

_WORTH = {
    plans.Consistency.CRASH: 'as after a power failure: check its file system',
    plans.Consistency.DETACHED: 'nothing was using it',
    plans.Consistency.IMMUTABLE: 'it could not change',
    plans.Consistency.STOPPED: 'its server was stopped',
}

_NEW_KEYS = {
    restores.Way.WITH_KEY: (
        'Cinder makes a copy of the key for the new volume, with the same '
        'name. This copy'
    ),
    restores.Way.BACKUP: (
        "Cinder makes a copy of the backup's key for the new volume. This copy"
    ),
    restores.Way.OPENED: (
        'Cinder makes a key for the new volume. This secret'
    ),
}


def render(
    entry: manifests.Entry,
    item: plans.Item | None,
    others: Collection[plans.Item] = (),
) -> str:
    """Return the section of a resource.

    :param item: the plan of its restore; None if it has no copy, or if the
        plan failed.
    :param others: the items of the plan.
    """
    head = comments.title(
        3,
        entry.resource.kind.capitalize(),
        entry.resource.name or 'without a name',
    )
    commands = _commands(item, others)
    parts = comments.block(
        *comments.facts(_facts(entry)),
        *comments.items(_notes(entry, item)),
        *(comments.items((UNWRITTEN,)) if commands is None else commands),
    )
    return f'{head}\n\n{parts}'


def _facts(entry: manifests.Entry) -> Iterator[tuple[str, str]]:
    yield 'ID', entry.resource.id
    yield 'captured', entry.captured_at
    yield 'consistency', _consistency(entry.consistency)
    if entry.server and entry.server.vcpus:
        yield (
            'size',
            f'{entry.server.vcpus} VCPUs, {entry.server.ram_mib} MiB of '
            f'memory, {entry.server.disk_gib} GiB of disk',
        )
    yield 'in the cloud', _artifact(entry.artifact)
    if entry.state is not results.State.COMPLETE:
        yield str(entry.state), entry.reason


def _consistency(found: plans.Consistency) -> str:
    return f'{found} ({_WORTH[found]})' if found in _WORTH else ''


def _artifact(found: copies.Artifact | None) -> str:
    return f'{found.kind} {found.id} ({found.name})' if found else ''


def _notes(entry: manifests.Entry, item: plans.Item | None) -> Iterable[str]:
    notes = [*entry.notes]
    if item is not None:
        notes += [*item.notes, *_cautions(item), *_lost(item)]
    if item is None:
        notes.append('There are no commands for it.')
    elif item.restore is None:
        notes.append(f'There are no commands for it: {item.reason}')
    return dict.fromkeys(notes)


def _cautions(item: plans.Item) -> Iterator[str]:
    """Yield warnings about keys and Cinder backups."""
    task = item.restore
    if task is None:
        return
    new = task.new
    way = new.way if isinstance(new, restores.NewVolume) else None
    if task.source.key and way and task.source.key.opens != 'yes':
        yield (
            'No check has proved that its key opens its data: a volume that '
            'was never attached may have no LUKS header yet.'
        )
    if way and isinstance(new, restores.NewVolume) and new.encrypted:
        yield (
            f'Its data are encrypted. {_NEW_KEYS[way]} is the key of the new '
            'volume: without it the data are lost. DO NOT DELETE IT. Cinder '
            'deletes it together with the volume. The last command prints '
            'its ID.'
        )
    if way is restores.Way.BACKUP:
        yield from _of_backup(item, task)


def _of_backup(item: plans.Item, task: restores.Task) -> Iterator[str]:
    if task.source.artifact and task.source.artifact.incremental:
        yield (
            'The backup is incremental: Cinder also needs the earlier ones '
            'that it builds on, and finds them by itself. Delete none of '
            'them.'
        )
    if item.encrypted:
        yield (
            'It is encrypted. The new volume must have the very same type, '
            "and the cloud must still have the backup's own key; an exported "
            'key does not replace that. If the restore fails, do not delete '
            'the new volume before an operator has looked: that may delete '
            'the key of the old one.'
        )


def _lost(item: plans.Item) -> Iterator[str]:
    """Yield a note for each property that no command can set."""
    found: dict[str, str] = {}
    if item.image:
        found |= properties.owned(item.image.properties)
    for one in (item.volume, item.server):
        found |= one.metadata if one else {}
    for text in shell.inexpressible(found):
        yield f'No command can set this property as it was: {shell.word(text)}'


def _commands(
    item: plans.Item | None, others: Collection[plans.Item]
) -> list[str] | None:
    """Return the commands of the steps, each with its title.

    The page is written at the end of a successful run, which must not fail
    because of its page.

    :returns: None if the commands cannot be rendered.
    """
    if item is None:
        return []
    try:
        return [*flavors.told(item, others), *_titled(item)]
    except Exception:
        LOG.debug('Its commands: %s', item.resource.label, exc_info=True)
        return None


def _titled(item: plans.Item) -> Iterator[str]:
    for step in registry.steps(item):
        if command := step.command(item):
            yield comments.text(f'{step.title.capitalize()}:')
            yield command

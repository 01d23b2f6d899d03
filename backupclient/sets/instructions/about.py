# SPDX-License-Identifier: Apache-2.0
"""The head of a resource's section: what it was, and what its copy is."""

from collections.abc import Iterable, Iterator, Mapping

from backupclient.model import copies
from backupclient.model import manifests
from backupclient.model import outcome
from backupclient.model import plans
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell

_WORTH = {
    plans.Consistency.CRASH: 'as after a power failure: check its file system',
    plans.Consistency.DETACHED: 'nothing was using it',
    plans.Consistency.IMMUTABLE: 'it could not change',
    plans.Consistency.STOPPED: 'its server was stopped',
}


def head(
    entry: manifests.Entry,
    title: str,
    pairs: Iterable[tuple[str, str]],
    properties: Mapping[str, str],
) -> str:
    """Give a section's title and its facts.

    :param title: without the name.
    :param pairs: what is to be known of this kind of resource.
    :param properties: the metadata that the owner gave it.
    """
    shown = markdown.facts(
        (
            ('ID', entry.resource.id),
            *pairs,
            *(
                ('metadata', f'{k}={properties[k]}')
                for k in sorted(properties)
            ),
            ('captured', entry.captured_at),
            ('consistency', _consistency(entry.consistency)),
            ('file', entry.file.path if entry.file else ''),
            ('bytes', f'{entry.file.size:,}' if entry.file else ''),
            ('key', '' if entry.secret or not entry.key else entry.key.path),
            ('in the cloud', _artifact(entry.artifact)),
            ('with the key', entry.artifact.key_id if entry.artifact else ''),
            *(('note', text) for text in entry.notes),
            ('failed', _failure(entry)),
        )
    )
    name = entry.resource.name or 'without a name'
    return f'### {title}: {markdown.span(name)}\n\n{shown}'


def without_copy(
    entry: manifests.Entry, title: str, pairs: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """Give the section of a resource that has nothing to restore.

    It has one nevertheless, so that no number is missing.
    """
    return (
        head(entry, title, pairs, {}),
        '**There is no copy of it in this set.**',
    )


def lost(properties: Mapping[str, str]) -> Iterator[str]:
    """Give the paragraphs on properties that no command can give."""
    found = shell.lost(properties)
    if found:
        yield (
            'No command can set these properties as they were. A property '
            'whose name is empty or has a `=` in it is left out. A NUL '
            'character is replaced by a space. Set them by other means:'
        )
        yield markdown.sentences(map(shell.word, found))


def _consistency(found: plans.Consistency) -> str:
    return f'{found} ({_WORTH[found]})' if found in _WORTH else ''


def _artifact(found: copies.Artifact | None) -> str:
    return f'{found.kind} {found.id} ({found.name})' if found else ''


def _failure(entry: manifests.Entry) -> str:
    if entry.state is outcome.State.COMPLETE:
        return ''
    return entry.reason or 'something about it is not as it should be'

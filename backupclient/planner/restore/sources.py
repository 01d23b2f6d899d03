# SPDX-License-Identifier: Apache-2.0
"""The copy from which a resource is restored, and its key."""

from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.planner import backups
from backupclient.planner.restore import artifacts
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene


def find(case: scene.Case) -> rule.Answer[restores.Source]:
    """Return the copy of a resource's data.

    A file is preferred to an artifact in the cloud: it has a hash, and does
    not depend on the cloud. Without ``--from``, only an artifact is possible.
    """
    entry = case.entry
    if entry.file and case.request.source:
        source = _source(case, file=entry.file, key=entry.key)
        return rule.Answer(source, _misplaced(case, entry.file))
    if entry.artifact:
        source = _source(case, artifact=entry.artifact)
        return rule.Answer(source, artifacts.obstacle(case, entry.artifact))
    if entry.file:
        why = 'Its copy is a file of a backup set: say where with --from.'
    else:
        why = f'Run {case.choice.run} has no copy of it.'
    return rule.Answer(without_data(case), why)


def without_data(case: scene.Case) -> restores.Source:
    """Return the source of a resource that has no data of its own."""
    return _source(case)


def unusable(
    case: scene.Case,
    record: resources.Server
    | resources.Volume
    | resources.Image
    | resources.Secret
    | None,
) -> str:
    """Return why the run's backup of a resource cannot be used, else ``''``.

    :param record: the description of the resource in the manifest.
    """
    entry, run = case.entry, case.choice.run
    if case.resource.id in case.scene.ambiguous:
        return (
            f'The ID {case.resource.id} occurs more than once in the backup: '
            'somebody has changed the manifest.'
        )
    if entry.reason == backups.NONE_GOOD:
        return entry.reason
    if entry.state is not results.State.COMPLETE:
        why = f': {entry.reason}' if entry.reason else '.'
        return (
            f'There is no complete backup of it. In run {run} it was '
            f'{entry.state}{why}'
        )
    if record is None or record.resource != case.resource:
        return f'The manifest of run {run} does not describe it.'
    return ''


def opened(case: scene.Case) -> str:
    """Return why the exported key cannot decrypt the data, else ``''``."""
    key = case.entry.key
    if key is None:
        return (
            'Its data are encrypted, and their key is not in the backup set. '
            'Choose the backup of another run with --run, or, while the '
            'original exists, back it up again with --encrypt-to or '
            '--plaintext-keys.'
        )
    if key.path not in _key_paths(case.resource):
        return _not_there(key.path)
    if key.opens == 'no':
        return 'The exported key does not open its data.'
    return sealed(case, key.path)


def sealed(case: scene.Case, path: str) -> str:
    """Return why a file cannot be decrypted, ``''`` if it can.

    :param path: the file of a key or a secret; it may be unencrypted.
    """
    if case.scene.identities or not layout.is_sealed(path):
        return case.scene.locked.get((case.choice.run, path), '')
    return (
        f'{path} is encrypted with age: give the private key with '
        '--identity FILE.'
    )


def is_encrypted(entry: manifests.Entry) -> bool:
    """Return whether the data of a volume or an image need a key."""
    return bool(
        entry.key
        or (entry.volume and (entry.volume.encrypted or entry.volume.key_id))
        or (entry.image and entry.image.key_id)
        or (entry.artifact and entry.artifact.key_id)
    )


def _source(
    case: scene.Case,
    file: copies.FileRecord | None = None,
    artifact: copies.Artifact | None = None,
    key: copies.KeyRecord | None = None,
) -> restores.Source:
    return restores.Source(
        run=case.choice.run,
        captured_at=case.entry.captured_at,
        file=file,
        artifact=artifact,
        key=key,
    )


def _misplaced(case: scene.Case, file: copies.FileRecord) -> str:
    """Return why a file with an unexpected path is refused, else ``''``."""
    if layout.is_data_of(case.resource, file.path):
        return ''
    return _not_there(file.path)


def _not_there(path: str) -> str:
    return (
        f'The manifest names {path}, where the data of another resource '
        'belong: somebody has changed it.'
    )


def _key_paths(resource: resources.Resource) -> tuple[str, str]:
    return (
        layout.key_file(resource, protected=False),
        layout.key_file(resource, protected=True),
    )

# SPDX-License-Identifier: Apache-2.0
"""The backups that stay in the cloud: their manifests, left and found there.

:func:`library` gives them as a library of sets, like that of a target: its
store is a :class:`~backupclient.cloud.manifest_shelf.ManifestShelf`.
"""

from collections.abc import Iterable, Sequence
import dataclasses
import functools

from backupclient import documents
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import manifest_images
from backupclient.cloud import manifest_shelf
from backupclient.engine import past_runs
from backupclient.model import events
from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import tags
from backupclient.sets import build
from backupclient.sets import catalogue
from backupclient.sets import libraries
from backupclient.store import base

NAME = manifest_shelf.NAME


def leave(
    cloud: door.Cloud,
    manifest: manifests.Manifest,
    reporter: events.Reporter,
) -> None:
    """Leave the manifest of a run in the cloud, if artifacts stay there.

    Where that is not possible, a person hears why. The journal of this
    machine has the same.

    :raises Interrupted: a resumed run leaves it.
    """
    left = build.for_cloud(manifest)
    if left is None:
        return
    try:
        _write(cloud, left)
    except errors.Interrupted:
        raise
    except errors.BackupError as exc:
        reporter.warn(
            'The manifest of this run could not be left in the cloud, so '
            'other machines do not find its backups; the journal of this '
            f'machine has them. {exc}'
        )


def library(
    cloud: door.Cloud, images: Iterable[resources.Image] | None = None
) -> libraries.Library:
    """Return the sets in the cloud, as those of a target.

    Runs of this machine that could not leave a manifest are there, too. A
    list that cannot be read is not taken for an empty one.

    :param images: of the project, if they have been listed just now.
    :raises CloudError: the manifests cannot be listed.
    """
    access = _access(cloud)
    if images is None:
        images = access.all() if 'image' in cloud.services else ()
    return _library(cloud, access.among(images))


def what_is_known(
    cloud: door.Cloud, *, journals: bool = True
) -> tuple[libraries.Library, tuple[str, ...]]:
    """Return the sets in the cloud, or what this machine knows of them.

    :param journals: look into the journals of this machine, too.
    :returns: and a sentence where the manifests cannot be listed. Then
        nothing may be deleted by what is returned.
    """
    try:
        if 'image' not in cloud.services:
            raise errors.CloudError('The cloud has no image service.')
        access = _access(cloud)
        return _library(cloud, access.all(), journals=journals), ()
    except errors.CloudError as exc:
        return _library(cloud, (), journals=journals), (
            'The manifests in the cloud cannot be listed; only runs of this '
            f'machine are known, by its journals. {exc}',
        )


def read(
    cloud: door.Cloud, store: base.Shelf, found: catalogue.Found
) -> catalogue.Opened:
    """Read the manifest of a run in the cloud.

    It is of the project, for its image is. Another machine may have another
    address of the same Keystone, so it is replaced by that of this login.
    """
    opened = catalogue.read(store, found)
    manifest = opened.manifest
    if manifest is None:
        return opened
    project = manifest.identity.project_id
    if project != cloud.identity.project_id:
        return catalogue.Opened(found, None, foreign(found.run, project))
    return dataclasses.replace(
        opened,
        manifest=dataclasses.replace(
            build.without_files(manifest), identity=cloud.identity
        ),
    )


def foreign(run: str, project: str) -> str:
    """Say that a manifest is of another project."""
    return (
        f'The manifest of run {run} in the cloud is of project '
        f'{project[:80]!r}: it was not written for this one, and is not used.'
    )


def _library(
    cloud: door.Cloud,
    known: Sequence[resources.Image],
    *,
    journals: bool = True,
) -> libraries.Library:
    runs = {one.properties[tags.RUN] for one in known}
    found = past_runs.of_project(cloud.identity, runs) if journals else ()
    others = {one.run: one for one in found}
    return libraries.Library(
        manifest_shelf.ManifestShelf(_access(cloud), known, others),
        functools.partial(read, cloud),
    )


def _access(cloud: door.Cloud) -> manifest_images.Images:
    return manifest_images.Images(
        cloud.glance, cloud.identity.project_id, cloud.clock
    )


def _write(cloud: door.Cloud, left: manifests.Manifest) -> None:
    if 'image' not in cloud.services:
        raise errors.CloudError('The cloud has no image service.')
    content = documents.encode(left)
    if len(content) > documents.LARGEST:
        raise errors.CloudError(
            f'It has {len(content):,} bytes, and at most '
            f'{documents.LARGEST:,} are read.'
        )
    _access(cloud).write(left.run, content)

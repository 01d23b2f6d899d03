# SPDX-License-Identifier: Apache-2.0
"""Write and read the manifests of backups that stay in the cloud.

:func:`library` and :func:`what_is_known` return them as a library of sets,
like that of a target; its store is a
:class:`~backupclient.cloud.manifest_shelf.ManifestShelf`. The first raises
where the list is not complete, as before deletions; the second returns what
there is.
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
    """Write a run's manifest to the cloud, if it left artifacts there.

    If the cloud refuses, the reporter warns: the journal of this machine
    knows the backups then.

    :raises Interrupted: if the run was asked to stop. A resumed run writes
        the manifest.
    """
    published = build.for_cloud(manifest)
    if published is None:
        return
    try:
        _write(cloud, published)
    except errors.Interrupted:
        # It is a BackupError, too.
        raise
    except errors.BackupError as exc:
        reporter.warn(
            f'The manifest of run {manifest.run} could not be left in the '
            'cloud, so other machines do not find its backups; the journal '
            f'of this machine has them. {exc}'
        )


def library(
    cloud: door.Cloud, images: Iterable[resources.Image]
) -> libraries.Library:
    """Return the sets in the cloud, to delete by.

    Runs of this machine that could not leave a manifest are there, too.

    :param images: the project's images, hidden ones too, just listed.
    """
    return _library(cloud, _access(cloud).among(images))


def what_is_known(
    cloud: door.Cloud, *, journals: bool = True
) -> tuple[libraries.Library, tuple[str, ...]]:
    """Return the sets in the cloud, or what this machine knows of them.

    :param journals: read the journals of this machine, too; that takes time.
    :returns: the library, and a sentence on why the manifests cannot be
        listed, none if they are. With a sentence the library is not complete:
        nothing may be deleted by it.
    """
    try:
        if 'image' not in cloud.services:
            raise errors.CloudError('The cloud has no image service.')
        access = _access(cloud)
        return _library(cloud, access.all(), journals=journals), ()
    except errors.CloudError as exc:
        known = 'only runs of this machine are known, by its journals.'
        return _library(cloud, (), journals=journals), (
            'The manifests in the cloud cannot be listed; '
            f'{known if journals else "no run is known."} {exc}',
        )


def read(
    cloud: door.Cloud, store: base.Shelf, found: catalogue.Found
) -> catalogue.Opened:
    """Read the manifest of a run in the cloud, and refuse another project's.

    Its cloud becomes that of this login: another machine may have written
    another address of the same Keystone. It has no files: those are in no
    place that a manifest in the cloud could name.
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
    """Return the message that a manifest is of another project.

    :param project: as somebody wrote it: anything.
    """
    return (
        f'The manifest of run {run} in the cloud is of project '
        f'{project[:80]!r}: it was not written for this one, and is ignored.'
    )


def _library(
    cloud: door.Cloud,
    known: Sequence[resources.Image],
    *,
    journals: bool = True,
) -> libraries.Library:
    runs = {one.properties[tags.RUN] for one in known}
    found = past_runs.of_project(cloud.identity, runs) if journals else ()
    without_manifest = {one.run: one for one in found}
    return libraries.Library(
        manifest_shelf.ManifestShelf(_access(cloud), known, without_manifest),
        functools.partial(read, cloud),
    )


def _access(cloud: door.Cloud) -> manifest_images.Images:
    return manifest_images.Images(
        cloud.glance, cloud.identity.project_id, cloud.clock
    )


def _write(cloud: door.Cloud, manifest: manifests.Manifest) -> None:
    if 'image' not in cloud.services:
        raise errors.CloudError('The cloud has no image service.')
    content = documents.encode(manifest)
    if len(content) > documents.LARGEST:
        raise errors.CloudError(
            f'The manifest has {len(content):,} bytes, and at most '
            f'{documents.LARGEST:,} are read.'
        )
    _access(cloud).write(manifest.run, content)

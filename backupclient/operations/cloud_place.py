# SPDX-License-Identifier: Apache-2.0
"""The backups that stay in the cloud: their manifests, left and found there.

:func:`library` gives them as a library of sets, like that of a target: its
store is a :class:`~backupclient.cloud.manifest_shelf.ManifestShelf`.
"""

from collections.abc import Iterable

from backupclient import documents
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import manifest_images
from backupclient.cloud import manifest_shelf
from backupclient.engine import past_runs
from backupclient.model import events
from backupclient.model import manifests
from backupclient.model import resources
from backupclient.sets import build
from backupclient.sets import libraries

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


def shelf(
    cloud: door.Cloud,
    images: Iterable[resources.Image] | None = None,
    *,
    journals: bool = True,
) -> manifest_shelf.ManifestShelf:
    """Return the manifests of a project as a place with sets.

    :param images: of the project, if they have been listed just now.
    :param journals: runs of this machine that could not leave a manifest are
        there, too.
    :raises CloudError: the list cannot be read.
    """
    access = _access(cloud)
    if 'image' not in cloud.services:
        images = ()
    elif images is None:
        images = access.all()
    known = access.among(images)
    others: dict[str, manifests.Manifest] = {}
    if journals:
        runs = {one.name.removeprefix(_PREFIX) for one in known}
        others = {
            one.run: one for one in past_runs.of_project(cloud.identity, runs)
        }
    return manifest_shelf.ManifestShelf(access, known, others)


def library(cloud: door.Cloud) -> libraries.Library:
    """Return the sets in the cloud, as those of a target.

    A list that cannot be read is not taken for an empty one.

    :raises CloudError: the manifests cannot be listed.
    """
    return libraries.Library(shelf(cloud))


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


_PREFIX = 'backupclient-'

# SPDX-License-Identifier: Apache-2.0
"""Manifests in the cloud: a small private image for each run.

The image has the role ``temporary`` until its data are uploaded and checked;
then it gets the role ``manifest``. So no reader takes half an upload for a
manifest, and "backup cleanup" deletes it. The image is hidden: only lists
that ask for hidden images contain it.
"""

from collections.abc import Iterable, Iterator
import contextlib
import dataclasses
import hashlib

from backupclient import clocks
from backupclient import documents
from backupclient import errors
from backupclient.cloud import glance_api
from backupclient.cloud import new_images
from backupclient.cloud import once
from backupclient.cloud import records
from backupclient.model import resources
from backupclient.model import tags

_SHA512 = 'sha512'
_ACTIVE = 'active'


@dataclasses.dataclass(frozen=True, slots=True)
class Images:
    """The manifests of a project as images."""

    glance: glance_api.Glance
    project_id: str
    clock: clocks.Clock

    def all(self) -> tuple[resources.Image, ...]:
        """Return the manifests of the project.

        :raises CloudError: if the list cannot be read.
        """
        found = self.glance.of_role(self.project_id, tags.Role.MANIFEST)
        return self.among(found)

    def among(
        self, images: Iterable[resources.Image]
    ) -> tuple[resources.Image, ...]:
        """Return the images that are manifests."""
        return tuple(one for one in images if self.is_manifest(one))

    def is_manifest(self, image: resources.Image) -> bool:
        """Return whether an image counts as a manifest.

        It has to be a private image of the project, with the role and the
        name. So nobody can forge a manifest by sharing an image with the
        project.
        """
        own = tags.own(image.id, image.name, image.properties)
        run = own.get(tags.RUN, '')
        return (
            own.get(tags.ROLE) == tags.Role.MANIFEST
            and tags.is_run_id(run)
            and image.name == tags.manifest_name(run)
            and image.owner == self.project_id
            and image.visibility == 'private'
            and image.status == _ACTIVE
        )

    def of(self, run: str) -> tuple[resources.Image, ...]:
        """Read the manifests of a run; usually there is one.

        :raises CloudError: if the list cannot be read.
        """
        role = tags.Role.MANIFEST
        return self.among(self.glance.of_role(self.project_id, role, run))

    def read(self, image: resources.Image) -> bytes:
        """Return the content of a manifest.

        :raises CloudError: if it cannot be read.
        :raises DocumentError: if it is too large, or does not match the size
            or the hash that Glance has for it.
        """
        what = f'manifest {image.name} (image {image.id})'
        if image.size is None or image.size > documents.LARGEST:
            raise errors.DocumentError(
                f'The {what} has over {documents.LARGEST:,} bytes: it was '
                'not written by this program.'
            )
        found = b''
        with self.glance.data(image.id).open() as opened:
            while block := opened.read(image.size + 1 - len(found)):
                found += block
        if not _is(image, found):
            raise errors.DocumentError(
                f'The {what} is damaged: its bytes are not those that were '
                'uploaded. Try again; if it fails again, ask the operator of '
                'the cloud.'
            )
        return found

    def write(self, run: str, content: bytes) -> None:
        """Write the manifest of a run atomically, and replace an older one.

        Idempotent: writing the same content again makes no second image.

        :raises CloudError: if it cannot be written.
        :raises Interrupted: if the run was asked to stop; the resumed run
            writes the manifest again.
        """
        before = self.of(run)
        same = [one for one in before if _is(one, content)]
        if not same:
            self._make(run, content)
        for other in before:
            if other not in same[:1]:
                self.glance.delete(other.id)

    def _make(self, run: str, content: bytes) -> None:
        for half in self._half(run):
            # An upload that broke off cannot be continued.
            self.glance.delete(half.id)
        image_id = once.make_once(
            lambda: next((one.id for one in self._half(run)), None),
            lambda: self._create(run),
            self.clock,
        )
        try:
            self._fill(image_id, content)
            self.glance.update(
                image_id,
                tags.manifest_name(run),
                {tags.ROLE: tags.Role.MANIFEST.value},
            )
        except errors.Interrupted:
            raise
        except errors.BackupError:
            with contextlib.suppress(errors.CloudError):
                self.glance.delete(image_id)
            raise

    def _half(self, run: str) -> Iterator[resources.Image]:
        """Yield the unfinished manifests that earlier tries have left."""
        for one in self.glance.of_role(
            self.project_id, tags.Role.TEMPORARY, run
        ):
            if one.name == tags.manifest_name(run):
                yield one

    def _create(self, run: str) -> str:
        body = {
            'name': tags.manifest_name(run),
            'visibility': 'private',
            'disk_format': 'raw',
            'container_format': 'bare',
            'os_hidden': True,
            tags.RUN: run,
            tags.ROLE: tags.Role.TEMPORARY.value,
        }
        made = self.glance.service.post(
            '/images', 'create the manifest of the run', body
        )
        return records.made(made, 'id')

    def _fill(self, image_id: str, content: bytes) -> None:
        """Upload the bytes, and check that Glance has stored them.

        :raises CloudError: if it has not.
        """
        try:
            new_images.upload(self.glance, image_id, _Body(content))
        except errors.AnswerLost:
            found = self.glance.image(image_id)
            if found is None or not _is(found, content):
                raise
        found = self.glance.image(image_id)
        if found is None or found.status != _ACTIVE:
            raise errors.CloudError(
                f'The manifest of the run was uploaded as image {image_id}, '
                f'which is {found.status if found else "gone"} instead of '
                f'{_ACTIVE}.'
            )
        if not _is(found, content):
            raise errors.CloudError(
                f'Glance has other bytes in image {image_id} than those that '
                'were sent.'
            )


@dataclasses.dataclass(frozen=True, slots=True)
class _Body:
    """Bytes as the body of a request."""

    content: bytes

    def __len__(self) -> int:
        return len(self.content)

    def __iter__(self) -> Iterator[bytes]:
        yield self.content


def _is(image: resources.Image, content: bytes) -> bool:
    """Return whether Glance's size and hash of an image match the bytes."""
    if image.size != len(content):
        return False
    algorithm, known = image.hash_algorithm, image.hash_value
    if not known or algorithm not in hashlib.algorithms_available:
        return True
    return hashlib.new(algorithm, content).hexdigest() == known

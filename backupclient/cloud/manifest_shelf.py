# SPDX-License-Identifier: Apache-2.0
"""The manifests in the cloud, as a place whose backup sets can be listed.

Commands that list, verify, restore or prune backups use it as a folder of
sets: ``<run>/manifest.json`` is the data of the run's image, and the image's
properties hold ``<run>/verified/<UTC>.json``. There are no other files: the
manifest lists Cinder backups and images.
"""

from collections.abc import Iterable, Iterator, Mapping
import contextlib
from contextlib import AbstractContextManager
import datetime
import io
import threading
from typing import NoReturn

from backupclient import documents
from backupclient import errors
from backupclient.cloud import kept_verifications
from backupclient.cloud import manifest_images
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags
from backupclient.model import verification
from backupclient.store import base

NAME = 'cloud'
_LONG_AGO = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class ManifestShelf(base.Shelf):
    """The manifests of a project.

    :param images: the project's images, if the caller has just listed them:
        then no list is read.
    :param others: further manifests by run, such as those in this machine's
        journals, for runs without one in the cloud. They are read-only.
    """

    name = NAME
    can = base.Abilities()
    manifests_only = True

    def __init__(
        self,
        access: manifest_images.Images,
        images: Iterable[resources.Image] | None = None,
        others: Mapping[str, manifests.Manifest] | None = None,
    ) -> None:
        self._access = access
        self._given = images
        self._others = others or {}
        self._lock = threading.RLock()
        self._listed: dict[str, resources.Image] | None = None
        self._listed_of: tuple[str, tuple[resources.Resource, ...]] | None = (
            None
        )

    def folders(self, folder: str = '') -> tuple[str, ...]:
        if folder:
            return ()
        return tuple(sorted({*self._images(), *self._others}))

    def list(self, folder: str = '') -> tuple[base.Entry, ...]:
        start = f'{folder}/' if folder else ''
        paths = (path for run in self.folders() for path in self._paths(run))
        found = (self.stat(path) for path in paths if path.startswith(start))
        return tuple(sorted(filter(None, found), key=lambda one: one.path))

    def stat(self, path: str) -> base.Entry | None:
        run, name = _split(path)
        image = self._images().get(run)
        if image is None:
            if run in self._others and name == layout.MANIFEST:
                return base.Entry(path, 0, _LONG_AGO)
            return None
        made = stamps.read(image.created_at) or _LONG_AGO
        if name == layout.MANIFEST:
            return base.Entry(path, image.size or 0, made)
        if layout.is_verified(name) and _property(name) in image.properties:
            text = image.properties[_property(name)]
            return base.Entry(path, len(text), made)
        return None

    def fingerprint(self, path: str) -> str:
        run, name = _split(path)
        image = self._images().get(run)
        if image is None:
            return ''
        if name == layout.MANIFEST:
            # An image's data never change, and Glance stores their hash.
            return f'{image.id} {image.hash_value}'
        return f'{image.id} {image.properties.get(_property(name), "")}'

    @contextlib.contextmanager
    def read(self, path: str, offset: int = 0) -> Iterator[base.FileStream]:
        yield _Stream(self._content(path)[offset:])

    def put(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        secrecy: base.Secrecy = base.Secrecy.NONE,
    ) -> None:
        run, name = _split(path)
        if name == layout.MANIFEST:
            with _troubles(f'The manifest of run {run} cannot be written'):
                self._access.write(run, data)
            self.forget()
            return
        if not layout.is_verified(name):
            self._refuse(path)
        with _troubles(f'{self.name}/{path} cannot be written'):
            self._keep(run, name, data)

    def delete(self, path: str) -> None:
        """Delete the manifest of a run, or the result of a verification.

        The image is read again first: the list may be outdated.
        """
        run, name = _split(path)
        with _troubles(f'{self.name}/{path} cannot be deleted'):
            for image in self._access.of(run):
                if name == layout.MANIFEST:
                    self._access.glance.delete(image.id)
                elif _property(name) in image.properties:
                    self._access.glance.set_properties(
                        image.id, {}, [_property(name)]
                    )
        self.forget()

    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> AbstractContextManager[base.Writer]:
        self._refuse(path)

    def is_marked(self, run: str) -> bool:
        """Return whether the artifacts of a run are being deleted."""
        image = self._images().get(run)
        return image is not None and tags.DELETING in image.properties

    def mark(self, run: str, now: datetime.datetime) -> None:
        """Mark a run: its artifacts are being deleted from now on.

        :param now: an aware time.
        :raises TargetError: if the mark cannot be written.
        """
        stamp = now.astimezone(datetime.UTC).isoformat(timespec='seconds')
        with _troubles(f'The manifest of run {run} cannot be marked'):
            for image in self._access.of(run):
                self._access.glance.set_properties(
                    image.id, {tags.DELETING: stamp}
                )
        self.forget()

    def forget(self) -> None:
        """Drop the cached list: the next access reads it again."""
        with self._lock:
            self._given = self._listed = self._listed_of = None

    def _images(self) -> Mapping[str, resources.Image]:
        """Return the newest image of each run, by run."""
        with self._lock:
            if self._listed is None:
                with _troubles('The manifests in the cloud cannot be listed'):
                    found = (
                        self._access.all()
                        if self._given is None
                        else self._access.among(self._given)
                    )
                found = tuple(
                    sorted(found, key=lambda one: (one.created_at, one.id))
                )
                self._listed = {one.properties[tags.RUN]: one for one in found}
            return self._listed

    def _paths(self, run: str) -> Iterator[str]:
        yield f'{run}/{layout.MANIFEST}'
        image = self._images().get(run)
        for name in image.properties if image else ():
            stamp = name.removeprefix(tags.VERIFIED)
            path = f'{layout.VERIFIED}/{stamp}.json'
            if stamp != name and layout.is_verified(path):
                yield f'{run}/{path}'

    def _content(self, path: str) -> bytes:
        run, name = _split(path)
        image = self._images().get(run)
        if self.stat(path) is None:
            raise _missing(f'{self.name}/{path}')
        with _troubles(f'{self.name}/{path} cannot be read'):
            if image is None:
                return documents.encode(self._others[run])
            if name == layout.MANIFEST:
                return self._access.read(image)
        found = kept_verifications.decode(
            image.properties[_property(name)],
            run,
            self._listed_in(run),
            f'result of a verification {self.name}/{path}',
        )
        return documents.encode(found)

    def _keep(self, run: str, name: str, data: bytes) -> None:
        """Keep the result of a verification, and drop superseded ones."""
        image = next(iter(self._access.of(run)), None)
        if image is None:
            raise errors.TargetError(
                f'run {run} has no manifest in the cloud.'
            )
        what = f'result of a verification {self.name}/{run}/{name}'
        new = documents.decode(data, verification.Verification, what)
        items = self._listed_in(run)
        text = kept_verifications.encode(new, items)
        glance = self._access.glance
        glance.set_properties(image.id, {_property(name): text})
        vain = kept_verifications.vain(image.properties, new, items)
        if vain:
            # Another machine that verifies may have removed them already.
            with contextlib.suppress(errors.CloudError):
                glance.set_properties(image.id, {}, vain)
        with self._lock:
            self._given = self._listed = None

    def _listed_in(self, run: str) -> tuple[resources.Resource, ...]:
        """Return the resources of a manifest; the last result is cached.

        :raises DocumentError: if the manifest cannot be used.
        """
        with self._lock:
            if self._listed_of is None or self._listed_of[0] != run:
                path = f'{run}/{layout.MANIFEST}'
                found = documents.decode(
                    self._content(path),
                    manifests.Manifest,
                    f'manifest {self.name}/{path}',
                )
                items = tuple(entry.resource for entry in found.items)
                self._listed_of = run, items
            return self._listed_of[1]

    def _refuse(self, path: str) -> NoReturn:
        raise errors.TargetError(
            f'{self.name}/{path} cannot be written: a manifest in the cloud '
            'has no other files.'
        )


class _Stream(io.BytesIO):
    """A file's content as a stream."""

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        return self.readinto(buffer)

    def pass_hole(self, most: int, /) -> int:
        return 0


def _split(path: str) -> tuple[str, str]:
    run, _, name = path.partition('/')
    base.parts(path)
    return run, name


def _property(name: str) -> str:
    """Return the name of the property for a verification's result."""
    stamp = name.removeprefix(f'{layout.VERIFIED}/').removesuffix('.json')
    return tags.VERIFIED + stamp


def _missing(path: str) -> errors.TargetError:
    found = errors.TargetError(f'{path} is not there.')
    found.__cause__ = FileNotFoundError(2, 'No such file or directory')
    return found


@contextlib.contextmanager
def _troubles(what: str) -> Iterator[None]:
    """Raise a service's errors as TargetError, as other stores do.

    :raises TargetError: if a service refuses or does not answer.
    """
    try:
        yield
    except errors.TargetError as exc:
        raise errors.TargetError(f'{what}: {exc}') from exc
    except errors.CloudError as exc:
        raise errors.TargetError(f'{what}: {exc}') from exc

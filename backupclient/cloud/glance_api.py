# SPDX-License-Identifier: Apache-2.0
"""Requests to Glance: images, their properties and data, and leases."""

from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import datetime
import email.utils
import json

import requests

from backupclient import errors
from backupclient.cloud import fields
from backupclient.cloud import image_data
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.cloud import waiting
from backupclient.model import ids
from backupclient.model import leases
from backupclient.model import resources
from backupclient.model import tags

# With more IDs, the URL could be too long for a proxy in front of Glance.
_IDS_PER_PAGE = 50
_PATCH_TYPE = 'application/openstack-images-v2.1-json-patch'


@dataclasses.dataclass(frozen=True, slots=True)
class Glance:
    """Images."""

    service: services.Service

    def images(self, project_id: str) -> Iterator[resources.Image]:
        """Yield all images of the project, the hidden ones included."""
        for hidden in ('false', 'true'):
            yield from self._all(owner=project_id, os_hidden=hidden)

    def foreign(self, name_or_id: str) -> Iterator[resources.Image]:
        """Yield the images with a name or ID, also other projects' images."""
        found = {one.id: one for one in self._all(name=name_or_id)}
        yield from found.values()
        if ids.is_id(name_or_id) and name_or_id not in found:
            by_id = self.image(name_or_id)
            if by_id:
                yield by_id

    def visible(self, image_ids: Iterable[str]) -> Iterator[resources.Image]:
        """Yield the images with these IDs that the user can see.

        Hidden images are included. Without the filters ``visibility`` and
        ``member_status``, Glance leaves out community images, and images that
        are shared with the project but not accepted yet.
        """
        wanted = sorted(image_ids)
        while wanted:
            page, wanted = wanted[:_IDS_PER_PAGE], wanted[_IDS_PER_PAGE:]
            for hidden in ('false', 'true'):
                yield from self._all(
                    id=f'in:{",".join(page)}',
                    os_hidden=hidden,
                    visibility='all',
                    member_status='all',
                )

    def image(self, image_id: str) -> resources.Image | None:
        """Return an image, None if it does not exist."""
        try:
            raw = self.service.get(
                f'/images/{image_id}', f'read image {image_id}'
            )
        except errors.NotFound:
            return None
        return records.image(raw)

    def state(self, image_id: str) -> str:
        """Return the status of an image, GONE if it does not exist."""
        found = self.image(image_id)
        return found.status.lower() if found else waiting.GONE

    def find(
        self, project_id: str, name: str, tags: Mapping[str, str]
    ) -> str | None:
        """Return the ID of the project's image with these properties.

        Without such an image, look for the name: an image that Cinder or Nova
        makes gets our properties only after that.
        """
        for query in (tags, {'name': name}):
            for image in self._all(owner=project_id, **query):
                return image.id
        return None

    def find_named(self, project_id: str, name: str) -> str | None:
        """Return the ID of the project's image with a name, None without."""
        for image in self._all(owner=project_id, name=name):
            return image.id
        return None

    def update(
        self,
        image_id: str,
        name: str,
        properties: Mapping[str, str],
        **fields: int,
    ) -> None:
        """Set an image's name and some of its properties, and mark it as ours.

        :param fields: Glance's own fields, such as ``min_disk``, ``min_ram``.
        """
        marked = {**properties, tags.IMAGE: image_id}
        self._change(
            image_id,
            [
                *_changes('replace', {'name': name, **fields}),
                *_additions(marked),
            ],
        )

    def set_properties(
        self,
        image_id: str,
        properties: Mapping[str, str],
        removed: Iterable[str] = (),
    ) -> None:
        """Set properties of an image, and remove others.

        :param removed: names of properties that the image has: Glance refuses
            to remove others.
        """
        gone = ({'op': 'remove', 'path': f'/{name}'} for name in removed)
        self._change(image_id, [*_additions(properties), *gone])

    def set_fields(self, image_id: str, **fields: object) -> None:
        """Set Glance's own fields, such as ``os_hidden``."""
        self._change(image_id, _changes('replace', fields))

    def delete(self, image_id: str) -> None:
        """Delete an image; Glance deletes the key that Cinder made for it too.

        An image that does not exist is no error.
        """
        self.service.delete(f'/images/{image_id}', f'delete image {image_id}')

    def of_role(
        self, project_id: str, role: tags.Role, run: str = ''
    ) -> Iterator[resources.Image]:
        """Yield the project's images with a role, the hidden ones included.

        :param run: the run that made the images, ``''`` for any.
        """
        query = {tags.ROLE: role.value} | ({tags.RUN: run} if run else {})
        for hidden in ('false', 'true'):
            yield from self._all(owner=project_id, os_hidden=hidden, **query)

    def leases(self, project_id: str) -> Iterator[leases.Lease]:
        """Yield the leases of the project's runs."""
        query = {tags.ROLE: tags.Role.LEASE.value}
        yield from map(records.lease, self._rows(owner=project_id, **query))

    def create_lease(self, name: str, properties: Mapping[str, str]) -> str:
        """Create a lease: an image that never gets any data.

        :returns: the image's ID.
        """
        body = {'name': name, 'visibility': 'private', **properties}
        made = self.service.post('/images', 'create a lease', body)
        return records.made(made, 'id')

    def renew_lease(
        self, image_id: str, properties: Mapping[str, str]
    ) -> datetime.datetime:
        """Set properties of a lease, which also renews its ``updated_at``.

        :returns: the time by the cloud's clock.
        """
        return _time(self._change(image_id, _additions(properties)))

    def now(self) -> datetime.datetime:
        """Return the time by the cloud's clock."""
        return _time(
            self.service.repeat(
                'GET', '/images', 'read the time', params={'limit': 1}
            )
        )

    def data(self, image_id: str) -> image_data.ImageData:
        """Return an image's data as a source for a download."""
        return image_data.ImageData(self.service, image_id)

    def _change(
        self, image_id: str, changes: Iterable[Mapping[str, object]]
    ) -> requests.Response:
        return self.service.repeat(
            'PATCH',
            f'/images/{image_id}',
            f'set the properties of image {image_id}',
            data=json.dumps(list(changes)),
            headers={'Content-Type': _PATCH_TYPE},
        )

    def _all(self, **query: str) -> Iterator[resources.Image]:
        return map(records.image, self._rows(**query))

    def _rows(self, **query: str) -> Iterator[fields.Json]:
        return self.service.pages(
            '/images', 'images', 'list the images', **query
        )


def _additions(properties: Mapping[str, str]) -> Iterator[dict[str, object]]:
    return _changes('add', properties)


def _changes(
    operation: str, values: Mapping[str, object]
) -> Iterator[dict[str, object]]:
    for key, value in values.items():
        yield {'op': operation, 'path': f'/{key}', 'value': value}


def _time(answer: requests.Response) -> datetime.datetime:
    """Return the time in a response's ``Date``, else this machine's time."""
    try:
        found = email.utils.parsedate_to_datetime(answer.headers['Date'])
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return datetime.datetime.now(datetime.UTC)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)

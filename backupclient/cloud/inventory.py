# SPDX-License-Identifier: Apache-2.0
"""Read the project: everything that the planner has to know.

The lists are read in parallel, because the services' work takes most of the
time. If a service does not answer, only its lists are missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
import dataclasses
import datetime
from typing import Any

from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import limits
from backupclient.cloud import server_images
from backupclient.cloud import side_by_side
from backupclient.model import ids
from backupclient.model import inventories
from backupclient.model import resources
from backupclient.model import stamps

_Readers = dict[str, Callable[[], Any]]

_MAIN = {
    'volume': 'block-storage',
    'image': 'image',
    'server': 'compute',
    'secret': 'key-manager',
}
"""The main list of each service. If it fails, the service counts as silent."""


def read(
    cloud: door.Cloud, images: Iterable[str] = ()
) -> inventories.Inventory:
    """Read the project: a request per page, none per resource.

    :param images: names or IDs that the user typed. Other projects' images
        are read only if they are named here.
    :raises CloudError: if no service answers.
    """
    return _read(cloud, {**_storage(cloud, images), **_others(cloud)})


def read_for_restore(
    cloud: door.Cloud, referenced: Iterable[str]
) -> inventories.Inventory:
    """Read the project, and the other limits that a restore must fit into.

    :param referenced: IDs of images that backups name, also of other projects.
    :raises CloudError: if no service answers.
    """
    readers = {**_storage(cloud, ()), **_others(cloud), **_limits(cloud)}
    wanted = frozenset(filter(ids.is_id, referenced))
    if 'image' in readers and wanted:
        readers['image'] = lambda: _with_referenced(cloud, wanted)
    return _read(cloud, readers)


def _read(cloud: door.Cloud, readers: _Readers) -> inventories.Inventory:
    found = side_by_side.read(
        {kind: side_by_side.whole(each) for kind, each in readers.items()}
    )
    failed = {
        kind: answer
        for kind, answer in found.items()
        if isinstance(answer, errors.CloudError)
    }
    _require_anything(readers.keys() & _MAIN.keys(), failed)
    return _inventory(cloud, found, failed)


def read_leftovers(
    cloud: door.Cloud, since: datetime.datetime | None = None
) -> inventories.Inventory:
    """Read only the lists in which a run may have left resources.

    :param since: secrets that are not older than this are read with their
        metadata, which costs a request each. None: no secrets.
    :raises CloudError: if a list cannot be read, unless a role is missing for
        it: an incomplete list would hide leftovers.
    """
    readers = _storage(cloud, ())
    if 'compute' in cloud.services:
        readers['server'] = lambda: tuple(cloud.nova.servers())
    if 'key-manager' in cloud.services and since:
        readers['secret'] = lambda: tuple(_described(cloud, since))
    found = side_by_side.read(
        {kind: _unless_forbidden(each) for kind, each in readers.items()}
    )
    failed = {
        kind: answer
        for kind, answer in found.items()
        if isinstance(answer, errors.CloudError)
    }
    return _inventory(cloud, found, failed)


def _storage(cloud: door.Cloud, images: Iterable[str]) -> _Readers:
    cinder = cloud.cinder
    readers: _Readers = {}
    if 'block-storage' in cloud.services:
        readers['backup'] = lambda: _backups(cloud)
        readers['volume'] = lambda: tuple(cinder.volumes())
        readers['snapshot'] = lambda: tuple(cinder.snapshots())
    if 'image' in cloud.services:
        readers['image'] = lambda: _images(cloud, images)
    return readers


def _others(cloud: door.Cloud) -> _Readers:
    project_id = cloud.identity.project_id
    readers: _Readers = {
        'login': lambda: cloud.keystone.login(cloud.clock.now())
    }
    if 'compute' in cloud.services:
        readers['server'] = lambda: tuple(cloud.nova.servers())
    if 'key-manager' in cloud.services:
        readers['secret'] = lambda: tuple(cloud.barbican.secrets())
    if 'block-storage' in cloud.services:
        readers['quota'] = lambda: cloud.cinder.quotas(project_id)
    return readers


def _limits(cloud: door.Cloud) -> _Readers:
    """Return the readers of the quotas that only a restore needs."""
    readers: _Readers = {}
    if 'compute' in cloud.services:
        readers['server-quota'] = lambda: limits.of_servers(cloud.nova)
    if 'image' in cloud.services:
        readers['image-quota'] = lambda: limits.of_images(cloud.glance)
    return readers


def _described(
    cloud: door.Cloud, since: datetime.datetime
) -> Iterator[resources.Secret]:
    """Yield the secrets made since a time, with their metadata."""
    barbican = cloud.barbican
    for secret in barbican.named(''):
        created = stamps.read(secret.created_at)
        if created is None or created >= since:
            yield dataclasses.replace(
                secret, metadata=barbican.metadata(secret.id)
            )


def _unless_forbidden(reader: Callable[[], Any]) -> Callable[[], Any]:
    def read_or_raise() -> Any:
        answer = side_by_side.whole(reader)()
        if isinstance(answer, errors.CloudError) and not isinstance(
            answer, errors.Forbidden
        ):
            raise answer
        return answer

    return read_or_raise


def _require_anything(
    wanted: Iterable[str], failed: Mapping[str, errors.CloudError]
) -> None:
    """Raise the first failure if no main list could be read.

    A user without the roles to list anything gets a plan that says so.

    :raises CloudError: if every list failed, one of them for another reason
        than a missing role; for example, because the network is down.
    """
    kinds = set(wanted)
    if kinds and kinds <= failed.keys():
        for failure in failed.values():
            if not isinstance(failure, errors.Forbidden):
                raise failure


def _inventory(
    cloud: door.Cloud,
    found: Mapping[str, Any],
    failed: Mapping[str, errors.CloudError],
) -> inventories.Inventory:
    read_ = {k: answer for k, answer in found.items() if k not in failed}
    backups = read_.get('backup')
    return inventories.Inventory(
        identity=cloud.identity,
        roles=cloud.roles,
        services=cloud.services,
        backup_api=backups is not None,
        servers=server_images.described(
            cloud, read_.get('server', ()), read_.get('image', ())
        ),
        volumes=read_.get('volume', ()),
        snapshots=read_.get('snapshot', ()),
        backups=backups or (),
        images=read_.get('image', ()),
        secrets=read_.get('secret', ()),
        quotas={
            name: quota
            for kind in ('quota', 'server-quota', 'image-quota')
            for name, quota in read_.get(kind, {}).items()
        },
        unread={kind: str(why) for kind, why in failed.items()},
        silent=frozenset(_silent(failed)),
        login=read_.get('login', inventories.Login()),
    )


def _silent(failed: Mapping[str, errors.CloudError]) -> Iterator[str]:
    for kind, service in _MAIN.items():
        failure = failed.get(kind)
        if failure and not isinstance(failure, errors.Forbidden):
            yield service


def _backups(
    cloud: door.Cloud,
) -> tuple[resources.CinderBackup, ...] | None:
    """Return the Cinder backups, None if the API or the policy refuses them.

    A readable list does not mean that a backup service runs: only a backup
    shows that.
    """
    try:
        return tuple(cloud.cinder.backups())
    except (errors.Forbidden, errors.NotFound):
        return None


def _images(
    cloud: door.Cloud, named: Iterable[str]
) -> tuple[resources.Image, ...]:
    own = list(cloud.glance.images(cloud.identity.project_id))
    known = {image.id for image in own} | {image.name for image in own}
    for name in named:
        if name not in known:
            own.extend(cloud.glance.foreign(name))
    return tuple({image.id: image for image in own}.values())


def _with_referenced(
    cloud: door.Cloud, referenced: frozenset[str]
) -> tuple[resources.Image, ...]:
    own = _images(cloud, ())
    others = referenced - {image.id for image in own}
    return (*own, *cloud.glance.visible(others))

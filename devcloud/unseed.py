# SPDX-License-Identifier: Apache-2.0
"""Take away everything that the tenants have.

Run by the services' Python.  The admin does it where that is possible, with
force: what a broken test leaves behind may be in any state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
import concurrent.futures
import time
from typing import Any

from openstack import exceptions

from devcloud import settings
from devcloud.bootstrap import connect
from devcloud.commands import say

_PATIENCE = 180.0


def _clear(
    what: str,
    find: Callable[[], Iterable[Any]],
    delete: Callable[[Any], object],
) -> None:
    """Delete all that `find` finds until nothing is left.

    Some things can go only after others (the parent of a clone, a full
    backup with an incremental one), so a refusal means: again, later.
    """
    end = time.monotonic() + _PATIENCE
    refused = ''
    while left := list(find()):
        if time.monotonic() > end:
            say(f'{what}: {len(left)} left: {refused}')
            return
        for thing in left:
            try:
                delete(thing)
            except exceptions.NotFoundException:
                pass
            except exceptions.SDKException as error:
                refused = str(error)
        time.sleep(0.5)
    say(f'no {what} left')


def _clear_project(admin: Any, project: str) -> None:
    """Take away servers, backups, snapshots, volumes and images."""
    storage, compute, image = admin.block_storage, admin.compute, admin.image
    mine = {'all_projects': True, 'project_id': project}
    name = admin.identity.get_project(project).name
    _clear(
        f'servers in {name}',
        lambda: compute.servers(details=False, **mine),
        lambda server: compute.delete_server(server, force=False),
    )
    _clear(
        f'backups in {name}',
        lambda: storage.backups(all_tenants=True, project_id=project),
        lambda backup: storage.delete_backup(
            backup, force=backup.status not in _DONE
        ),
    )
    _clear(
        f'snapshots in {name}',
        lambda: storage.snapshots(**mine),
        lambda snapshot: storage.delete_snapshot(
            snapshot, force=snapshot.status not in _DONE
        ),
    )
    _clear(
        f'images in {name}',
        lambda: image.images(owner=project),
        lambda found: _delete_image(image, found),
    )
    _clear(
        f'volumes in {name}',
        lambda: storage.volumes(**mine),
        lambda volume: storage.delete_volume(
            volume, force=volume.status not in _DONE
        ),
    )


_DONE = ('available', 'error', 'deleting')


def _delete_image(image: Any, found: Any) -> None:
    if found.is_protected:
        image.update_image(found, is_protected=False)
    image.delete_image(found)


def _clear_user(person: settings.Person) -> None:
    """Take away what only its own project or user can: secrets, keys."""
    cloud = person.cloud
    connection = connect(cloud)
    manager, compute = connection.key_manager, connection.compute
    _clear(f'key pairs of {cloud}', compute.keypairs, compute.delete_keypair)
    if 'member' not in person.roles:
        return  # a reader has no access to secrets at all
    _clear(
        f'containers of {cloud}',
        manager.containers,
        lambda box: manager.delete_container(_last(box.container_ref)),
    )
    _clear(
        f'secrets of {cloud}',
        manager.secrets,
        lambda secret: manager.delete_secret(_last(secret.secret_ref)),
    )


def _last(href: str) -> str:
    return href.rpartition('/')[2]


def main() -> None:
    """Take everything away, both projects at the same time."""
    admin = connect(settings.ADMIN.cloud)
    wanted = {person.project for person in settings.TENANTS}
    projects = [
        project.id
        for project in admin.identity.projects()
        if project.name in wanted
    ]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: _clear_project(admin, one), projects))
        # Only now: a volume's key is a secret, and goes with the volume.
        list(pool.map(_clear_user, settings.TENANTS))
    settings.SEED.unlink(missing_ok=True)
    for path in (settings.DATA / 'known').glob('*.raw'):
        path.unlink()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: Apache-2.0
"""One of each kind of thing that a tenant can have, with known content.

Run by the services' Python.  Ids, sums and files go to ``STATE/seed.json``.
Encrypted volumes are the slow ones (each derives a key three times, on
purpose slowly), so they come first and all else is made meanwhile.
"""

from __future__ import annotations

import concurrent.futures
import json
import threading
from typing import Any

from devcloud import known
from devcloud import settings
from devcloud import volumes
from devcloud.bootstrap import connect
from devcloud.commands import say
from devcloud.seed_secrets import Secret
from devcloud.seed_secrets import make_secret
from devcloud.seed_secrets import secrets

Entry = dict[str, Any]


class Book:
    """What was made, by name; written to seed.json when all is there."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def note(self, name: str, entry: Entry) -> None:
        """Note one thing."""
        with self._lock:
            self._entries[name] = entry
        say(f'{entry["kind"]} {name} {entry["id"]}')

    def write(self) -> None:
        """Write all of it down: from now on the cloud is seeded."""
        text = json.dumps(self._entries, indent=1, sort_keys=True)
        settings.write(settings.SEED, text + '\n')


class Seeder:
    """Makes things as alice."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._cloud = connect('devcloud-alice')
        self._storage = self._cloud.block_storage

    def image(self, name: str, mib: int = 32) -> str:
        """Make a private image; give its id."""
        path, data = known.keep(name, mib)
        image = self._upload(name, str(path), case=name)
        self._book.note(
            name,
            {
                'kind': 'image',
                'id': image.id,
                'file': str(path.relative_to(settings.STATE)),
                **known.sums(data),
            },
        )
        return str(image.id)

    def _upload(self, name: str, path: str, **properties: str) -> Any:
        return self._cloud.create_image(
            name,
            filename=path,
            disk_format='raw',
            container_format='bare',
            wait=True,
            meta=properties,
        )

    def _volume(self, name: str, kind: str, image: str | None = None) -> Any:
        volume = self._storage.create_volume(
            name=name,
            size=1,
            volume_type=kind,
            image_id=image,
            metadata={'case': name},
            description=f'seed: {name}',
        )
        return self._storage.wait_for_status(
            volume, 'available', interval=0.5, wait=300
        )

    def volume(self, name: str, kind: str, from_image: bool) -> str:
        """Make a volume; give its id.

        Its content comes from an image, or straight into a blank one: that
        is quicker, but not possible for an encrypted one.
        """
        path, data = known.keep(name)
        if from_image:
            image = self._upload(f'seed-{name}', str(path))
            volume = self._volume(name, kind, image.id)
            self._cloud.image.delete_image(image)
        else:
            volume = self._volume(name, kind)
            volumes.write(volume.id, path)
        volume = self._storage.get_volume(volume.id)
        self._book.note(
            name,
            {
                'kind': 'volume',
                'id': volume.id,
                'file': str(path.relative_to(settings.STATE)),
                'encrypted': volume.is_encrypted,
                **known.sums(data, known.GIB),
            },
        )
        return str(volume.id)

    def server(self, name: str, flavor: str, **source: Any) -> str:
        """Make a server without a network; give its id."""
        compute = self._cloud.compute
        server = compute.create_server(
            name=name,
            flavor_id=compute.find_flavor(flavor).id,
            networks='none',
            metadata={'case': name},
            **source,
        )
        compute.wait_for_server(server, interval=0.5, wait=180)
        entry = {'kind': 'server', 'id': server.id}
        if 'image_id' in source:
            entry['root_image'] = source['image_id']
        self._book.note(name, entry)
        return str(server.id)

    def attach(self, server: str, volume: str) -> None:
        """Attach a volume to a server."""
        self._cloud.compute.create_volume_attachment(server, volume_id=volume)
        self._storage.wait_for_status(
            self._storage.get_volume(volume), 'in-use', interval=0.5
        )
        say(f'attached {volume}')

    def secret(self, secret: Secret) -> None:
        """Make a secret."""
        self._book.note(secret.name, make_secret(self._cloud, secret))


def seed_bob(book: Book) -> None:
    """Make what belongs to the other tenant."""
    cloud = connect('devcloud-bob')
    volume = cloud.block_storage.create_volume(
        name='bob-vol', size=1, volume_type='plain'
    )
    book.note('bob-vol', {'kind': 'volume', 'id': volume.id})
    secret = Secret('bob-secret', 'passphrase', b'of bob', text=True)
    book.note('bob-secret', make_secret(cloud, secret))
    cloud.block_storage.wait_for_status(volume, 'available', interval=0.5)


def _boot_from(volume: str) -> Entry:
    return {
        'boot_index': 0,
        'uuid': volume,
        'source_type': 'volume',
        'destination_type': 'volume',
        'delete_on_termination': False,
    }


def main() -> None:
    """Make everything."""
    if settings.SEED.exists():
        say(f'seeded already: {settings.SEED}; `unseed` takes it away')
        return
    book = Book()
    alice = Seeder(book)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        do = pool.submit
        # The slowest first.
        luks_attached = do(alice.volume, 'vol-luks-attached', 'luks', True)
        luks = do(alice.volume, 'vol-luks', 'luks', True)
        root = do(alice.volume, 'vol-root', 'plain', True)
        img_root = do(alice.image, 'img-root')
        attached = do(alice.volume, 'vol-attached', 'plain', False)
        rest: list[concurrent.futures.Future[Any]] = [
            luks,
            do(alice.volume, 'vol-plain', 'plain', False),
            do(alice.image, 'img-private', 16),
            do(seed_bob, book),
            *(do(alice.secret, secret) for secret in secrets()),
        ]
        image = img_root.result()
        with_data = do(alice.server, 'srv-eph-data', 'm1.tiny', image_id=image)
        rest.append(do(alice.server, 'srv-eph', 'm1.eph', image_id=image))
        rest.append(
            do(
                alice.server,
                'srv-bfv',
                'm1.bfv',
                block_device_mapping=[_boot_from(root.result())],
            )
        )
        for volume in (attached, luks_attached):
            alice.attach(with_data.result(), volume.result())
        for task in rest:
            task.result()
    book.write()
    say(f'seeded: {settings.SEED}')


if __name__ == '__main__':
    main()

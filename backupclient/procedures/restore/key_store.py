# SPDX-License-Identifier: Apache-2.0
"""Storing the key of encrypted data in Barbican, as long as it is needed."""

import dataclasses
import hashlib

from backupclient import errors
from backupclient.cloud import new_secrets
from backupclient.cloud import once
from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import tags
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures.restore import key_manager
from backupclient.procedures.restore import secret_store
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task

_PASSPHRASE = 'passphrase'


class StoreKey(step.Step[interim.Restore]):
    """Store the key, so that Cinder can make a copy of it for the volume."""

    stable_name = 'store-key'
    title = 'store the key'
    makes = 'secret_id'

    @staticmethod
    def command(item: plans.Item) -> str:
        key = _key(item)
        told = key_manager.Told(
            {
                'secret_type': _kind(key),
                'algorithm': key.algorithm or 'aes',
                'bit_length': key.bit_length or 256,
            },
            _content_type(key),
            sha256=key.fingerprint,
            # The file has the hexadecimal digits, Barbican the bytes.
            digits=_kind(key) != _PASSPHRASE,
        )
        return key_manager.store(
            'KEY', shell.content(key.path), _name(item), told
        )

    def do(self, made: interim.Restore) -> interim.Restore:
        payload = self._payload()
        barbican = self.cloud.barbican
        secret_id = once.make_once(
            self._find,
            lambda: new_secrets.create(
                barbican, self._like(), _name(self.item)
            ),
            self.work.clock,
        )
        new_secrets.set_metadata(
            barbican, secret_id, self.metadata(tags.Role.TEMPORARY)
        )
        secret_store.fill(
            barbican, secret_id, payload, _content_type(_key(self.item))
        )
        return dataclasses.replace(made, secret_id=secret_id)

    def undo(self, made: interim.Restore) -> None:
        if made.secret_id:
            removal.of(self.work).secret(made.secret_id)
        elif found := self._find():
            new_secrets.delete(self.cloud.barbican, found)

    def _find(self) -> str | None:
        """Return the ID of an earlier try's secret: with our tags, or empty.

        A secret without our tags but with a payload is not ours: Cinder gives
        its copy of the key the same name.
        """
        return new_secrets.find(
            self.cloud.barbican,
            _name(self.item),
            self.metadata(tags.Role.TEMPORARY),
            tags.nothing_before(self.work.run),
        )

    def _payload(self) -> bytes:
        """Return the secret's payload, made from the passphrase in the set.

        The passphrase is the payload in hexadecimal digits. For a secret of
        type ``passphrase`` it is the payload itself
        (``os_brick.utils.get_passphrase_from_secret``).

        :raises TransferError: if the passphrase in the set is damaged.
        """
        key = _key(self.item)
        content = task.secret_bytes(self.work, self.item, key.path)
        if _kind(key) == _PASSPHRASE:
            return content
        try:
            payload = bytes.fromhex(content.decode('ascii'))
        except ValueError:
            payload = b''
        if hashlib.sha256(payload).hexdigest() != key.fingerprint:
            raise errors.TransferError(
                f'{key.path} is damaged: it is not the key that was backed '
                f'up. {task.files(self.work, self.item).instead}'
            )
        return payload

    def _like(self) -> resources.Secret:
        key = _key(self.item)
        return resources.Secret(
            id=key.secret_id,
            name='',
            status='ACTIVE',
            secret_type=_kind(key),
            algorithm=key.algorithm or 'aes',
            bit_length=key.bit_length or 256,
        )


class DeleteKey(step.Step[interim.Restore]):
    """Delete the key: the volume has a copy of its own by now."""

    stable_name = 'delete-key'
    title = 'delete the key that was stored'

    @staticmethod
    def command(item: plans.Item) -> str:
        return key_manager.delete('KEY')

    def do(self, made: interim.Restore) -> interim.Restore:
        return removal.afterwards(
            self.work,
            made,
            f'secret {made.secret_id}',
            lambda: removal.of(self.work).secret(made.secret_id),
        )


def keep(step_: step.Step[interim.Restore], secret_id: str) -> None:
    """Mark a key so that it stays: a restored resource needs it."""
    new_secrets.set_metadata(
        step_.cloud.barbican, secret_id, step_.metadata(tags.Role.RESTORED)
    )


def _key(item: plans.Item) -> copies.KeyRecord:
    key = task.of(item).source.key
    if key is None:
        raise errors.DocumentError(
            f'The plan names no key for {item.resource.label}. Make a new '
            'plan.'
        )
    return key


def _kind(key: copies.KeyRecord) -> str:
    return _PASSPHRASE if key.secret_type == _PASSPHRASE else 'symmetric'


def _content_type(key: copies.KeyRecord) -> str:
    is_text = _kind(key) == _PASSPHRASE
    return new_secrets.TEXT if is_text else new_secrets.BYTES


def _name(item: plans.Item) -> str:
    return f'key of {item.resource.name or item.resource.id}'

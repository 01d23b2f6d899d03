# SPDX-License-Identifier: Apache-2.0
"""Restoring a secret: storing it again, with its ACL, metadata and containers.

For safety, the ACL is set before the payload is sent.
"""

import dataclasses
import datetime
import hashlib

from backupclient import errors
from backupclient.cloud import barbican_api
from backupclient.cloud import new_secrets
from backupclient.cloud import once
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import secret_facts
from backupclient.model import tags
from backupclient.procedures import interim
from backupclient.procedures import step
from backupclient.procedures.restore import drill
from backupclient.procedures.restore import key_manager
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task
from backupclient.store import base


class StoreSecret(step.Step[interim.Restore]):
    """Store the secret, without its payload if that can be sent later."""

    stable_name = 'store-secret'
    title = 'store the secret'
    makes = 'secret_id'

    @staticmethod
    def command(item: plans.Item) -> str:
        secret, source = _secret(item), task.of(item).source
        return key_manager.store(
            shell.new(secret.id),
            shell.content(source.file.path) if source.file else '',
            task.of(item).name,
            key_manager.like(
                secret,
                task.own(secret.metadata),
                source.key.fingerprint if source.key else '',
            ),
        )

    def do(self, made: interim.Restore) -> interim.Restore:
        barbican = self.cloud.barbican
        payload = self._payload()
        like, notes = self._valid(_secret(self.item))
        secret_id = once.make_once(
            lambda: self._find(payload),
            lambda: new_secrets.create(
                barbican, like, task.of(self.item).name, payload
            ),
            self.work.clock,
        )
        new_secrets.set_metadata(
            barbican, secret_id, self.metadata(tags.Role.TEMPORARY)
        )
        return dataclasses.replace(
            made, secret_id=secret_id, notes=(*made.notes, *notes)
        )

    def undo(self, made: interim.Restore) -> None:
        found = made.secret_id or self._find(self._payload())
        if found:
            new_secrets.delete(self.cloud.barbican, found)

    def _payload(self) -> bytes | None:
        """Return the payload if it must be sent with the POST, else None."""
        content_type = _secret(self.item).content_type
        if not content_type or new_secrets.takes_put(content_type):
            return None
        return _payload(self.work, self.item)

    def _find(self, payload: bytes | None) -> str | None:
        return new_secrets.find(
            self.cloud.barbican,
            task.of(self.item).name,
            self.metadata(tags.Role.TEMPORARY),
            tags.nothing_before(self.work.run),
            payload,
        )

    def _valid(
        self, secret: resources.Secret
    ) -> tuple[resources.Secret, tuple[str, ...]]:
        """Return the secret to store, and notes.

        An expiration that has passed is left out: Barbican refuses it.
        """
        now = self.work.clock.now().astimezone(datetime.UTC)
        if (
            secret.expires_at
            and secret.expires_at[:19] <= now.isoformat()[:19]
        ):
            return (
                dataclasses.replace(secret, expires_at=''),
                (f'It had expired at {secret.expires_at}; now it does not.',),
            )
        return secret, ()


class FillSecret(step.Step[interim.Restore]):
    """Set the secret's ACL, then send its payload."""

    stable_name = 'fill-secret'
    title = 'give it its payload'

    @staticmethod
    def command(item: plans.Item) -> str:
        # One command stores the payload together with the secret.
        return ''

    def do(self, made: interim.Restore) -> interim.Restore:
        barbican, secret = self.cloud.barbican, _secret(self.item)
        if secret.acl not in (None, secret_facts.Acl()):
            new_secrets.set_acl(barbican, made.secret_id, secret.acl)
        if secret.content_type and new_secrets.takes_put(secret.content_type):
            fill(
                barbican,
                made.secret_id,
                _payload(self.work, self.item),
                secret.content_type,
            )
        return made


class FinishSecret(step.Step[interim.Restore]):
    """Set the secret's metadata, so that it belongs to the tenant."""

    stable_name = 'finish-secret'
    title = 'set its metadata'
    makes = 'restored'

    @staticmethod
    def command(item: plans.Item) -> str:
        return ''

    def is_told(self, made: interim.Restore) -> bool:
        return False

    def do(self, made: interim.Restore) -> interim.Restore:
        new_secrets.set_metadata(
            self.cloud.barbican,
            made.secret_id,
            task.restored_tags(self, _secret(self.item).metadata),
        )
        return dataclasses.replace(made, restored=made.secret_id)


class MakeContainers(step.Step[interim.Restore]):
    """Make the containers whose last secret is this one.

    A container needs all of its secrets. If one is not restored, the
    container is not made, and a note says so.
    """

    stable_name = 'make-containers'
    title = 'make its containers'

    @staticmethod
    def command(item: plans.Item) -> str:
        return '\n'.join(
            key_manager.container(
                each.name,
                each.kind,
                ((one.role, shell.new(one.secret_id)) for one in each.members),
            )
            for each in _containers(item)
        )

    def do(self, made: interim.Restore) -> interim.Restore:
        notes = [
            note
            for each in _containers(self.item)
            if (note := self._make(each, made))
        ]
        return dataclasses.replace(made, notes=(*made.notes, *notes))

    def undo(self, made: interim.Restore) -> None:
        """Delete the containers, because their secret is deleted too."""
        barbican = self.cloud.barbican
        for each in _containers(self.item):
            new = self._members(each, made).values()
            found = all(new) and new_secrets.find_container(barbican, new)
            if found:
                new_secrets.delete_container(barbican, found)

    def _members(
        self, container: restores.Container, made: interim.Restore
    ) -> dict[str, str]:
        """Return the new IDs of a container's secrets, by the old IDs.

        The new ID is ``''`` for a secret that is not restored.
        """
        return {
            each.secret_id: self._restored(each.secret_id, made)
            for each in container.members
        }

    def _make(
        self, container: restores.Container, made: interim.Restore
    ) -> str:
        """Make a container; return a note on the result."""
        new = self._members(container, made)
        name = f'The {container.kind} container "{container.name}"'
        if not all(new.values()):
            return f'{name} was not made: not all of its secrets are back.'
        barbican = self.cloud.barbican
        members = [(m.role, new[m.secret_id]) for m in container.members]
        try:
            made_id = once.make_once(
                lambda: new_secrets.find_container(barbican, new.values()),
                lambda: new_secrets.create_container(
                    barbican, container.name, container.kind, members
                ),
                self.work.clock,
            )
        except errors.CloudError as exc:
            return f'{name} was not made: {exc}'
        return f'{name} was made: {made_id}.'

    def _restored(self, secret_id: str, made: interim.Restore) -> str:
        if secret_id == self.item.resource.id:
            return made.secret_id
        return self.work.made_of(f'secret/{secret_id}').restored


def fill(
    barbican: barbican_api.Barbican,
    secret_id: str,
    payload: bytes,
    content_type: str,
) -> None:
    """Send a secret's payload, unless an earlier try has sent it.

    :param content_type: a type for which ``new_secrets.takes_put`` is true.
    :raises CloudError: if Barbican refuses it.
    :raises TransferError: if Barbican then has another payload.
    """
    found = barbican.secret(secret_id)
    if found is None or not found.content_type:
        try:
            new_secrets.fill(barbican, secret_id, payload, content_type)
        except errors.AnswerLost:
            found = barbican.secret(secret_id)
            if found is None or not found.content_type:
                new_secrets.fill(barbican, secret_id, payload, content_type)
    if barbican.payload(secret_id) != payload:
        raise errors.TransferError(
            f'Barbican holds another payload for secret {secret_id} than it '
            'was given.'
        )


def _secret(item: plans.Item) -> resources.Secret:
    return task.described(item, resources.Secret)


def _payload(work: step.Work, item: plans.Item) -> bytes:
    """Return the payload from the set, after its digests were checked.

    :raises TransferError: if it is damaged.
    """
    source = task.of(item).source
    record = task.file(item)
    files = task.files(work, item)
    stored = base.read_whole(files, record.path, record.size + 1)
    good = hashlib.sha512(stored).hexdigest() == record.digests['sha512']
    payload = task.secret_bytes(work, item, record.path) if good else b''
    key = source.key
    if good and key is not None:
        good = hashlib.sha256(payload).hexdigest() == key.fingerprint
    if not good:
        raise errors.TransferError(
            f'{record.path} is damaged: it is not what was backed up. '
            f'{files.instead}'
        )
    return payload


def _containers(item: plans.Item) -> tuple[restores.Container, ...]:
    new = task.of(item).new
    return new.containers if isinstance(new, restores.NewSecret) else ()


def steps(item: plans.Item) -> step.Steps:
    """Return the steps: store, send the payload, set the metadata."""
    if task.of(item).drill:
        return (StoreSecret, FillSecret, drill.RemoveSecret)
    containers = (MakeContainers,) if _containers(item) else ()
    return (StoreSecret, FillSecret, FinishSecret, *containers)

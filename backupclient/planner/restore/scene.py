# SPDX-License-Identifier: Apache-2.0
"""The facts for the rules of a restore: backups, cloud and options."""

from collections.abc import Iterable, Mapping
import dataclasses
import datetime
from typing import Protocol

from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import on_offer
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner.restore import type_encryption


class Choice(Protocol):
    """The backup that was chosen for a resource.

    ``notes`` are sentences for the row of the resource.
    """

    @property
    def run(self) -> str:
        """The run that made the backup."""

    @property
    def entry(self) -> manifests.Entry:
        """The resource's entry in the manifest of the run."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on how it was chosen."""


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """All facts that the rules depend on; :func:`survey` makes it.

    :param origin: the cloud and the project that were backed up.
    :param identities: whether the user has given private keys, which may
        decrypt ``.age`` files.
    :param now: an aware time.
    :param choices: the chosen backups, by kind and ID.
    :param ambiguous: the IDs that more than one of the backups has.
    :param locked: why the private keys do not decrypt a file, by its run and
        path.
    """

    request: restores.Request
    inventory: inventories.Inventory
    offers: on_offer.Offers
    origin: inventories.CloudIdentity
    identities: bool
    now: datetime.datetime
    choices: Mapping[resources.Kind, Mapping[str, Choice]]
    ambiguous: frozenset[str]
    locked: Mapping[tuple[str, str], str]

    @property
    def at_home(self) -> bool:
        """True if the project is the one that was backed up."""
        return _key(self.origin) == _key(self.inventory.identity)

    def chosen(self, kind: resources.Kind, id_: str) -> Choice | None:
        """Return the backup of a resource, None if it is not restored."""
        return self.choices[kind].get(id_)


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One resource to be restored."""

    scene: Scene
    choice: Choice

    @property
    def entry(self) -> manifests.Entry:
        """The resource's entry in the manifest."""
        return self.choice.entry

    @property
    def resource(self) -> resources.Resource:
        """Kind, name and ID, as backed up."""
        return self.choice.entry.resource

    @property
    def request(self) -> restores.Request:
        """The user's request."""
        return self.scene.request


def survey(
    request: restores.Request,
    choices: Iterable[Choice],
    inventory: inventories.Inventory,
    offers: on_offer.Offers,
    origin: inventories.CloudIdentity,
    now: datetime.datetime,
    *,
    identities: bool,
    locked: Mapping[tuple[str, str], str],
) -> Scene:
    """Return the scene, with the backups indexed by kind and ID.

    An ID that occurs twice is recorded as ambiguous. Services never give an
    ID twice, so somebody has changed the manifest.
    """
    found: dict[resources.Kind, dict[str, Choice]] = {
        kind: {} for kind in resources.Kind
    }
    seen: set[str] = set()
    ambiguous: set[str] = set()
    for choice in choices:
        id_ = choice.entry.resource.id
        found[choice.entry.resource.kind].setdefault(id_, choice)
        (ambiguous if id_ in seen else seen).add(id_)
    return Scene(
        request=request,
        inventory=inventory,
        offers=type_encryption.inferred(offers, inventory.volumes),
        origin=origin,
        identities=identities,
        now=now,
        choices=found,
        ambiguous=frozenset(ambiguous),
        locked=locked,
    )


def _key(identity: inventories.CloudIdentity) -> tuple[str, str, str]:
    """Return the identity of a project: address, region and ID.

    The address of Keystone is compared without its version.
    """
    url = identity.auth_url.rstrip('/').removesuffix('/v3').rstrip('/')
    return (url, identity.region, identity.project_id)

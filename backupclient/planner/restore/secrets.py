# SPDX-License-Identifier: Apache-2.0
"""The rule for secrets: they are stored again."""

from collections.abc import Iterator

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import stamps
from backupclient.planner import services
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene
from backupclient.planner.restore import sources

KIND = resources.Kind.SECRET


def item(case: scene.Case) -> plans.Item:
    """Plan to store a secret again; it gets a new ID."""
    secret = case.entry.secret
    lack = sources.unusable(case, secret)
    if secret is None or lack:
        return rule.blank(case, lack)
    source = _source(case, secret)
    file = source.value.file
    wanted = plans.Item(
        resource=case.resource,
        reason=f'Barbican stores the payload of run {case.choice.run}.'
        if file
        else 'It has no payload: Barbican stores what is known of it.',
        result='secret',
        size=file.size if file else 0,
        notes=tuple(_notes(case, secret)),
        warnings=tuple(_warnings(case, secret)),
        seen=secret,
        task=restores.Task(
            source.value,
            names.restored(secret.name, case.request.suffix),
            restores.NewSecret(),
        ),
    )
    missing = services.missing(case.scene.inventory, 'key-manager')
    key = sources.sealed(case, file.path) if file else ''
    return rule.decided(
        case, wanted, rule.Answer(None, missing), source, rule.Answer(0, key)
    )


def expired(case: scene.Case, secret: resources.Secret) -> bool:
    """Return whether the expiration of a secret has passed."""
    end = stamps.read(secret.expires_at)
    return end is not None and end <= case.scene.now


def _source(
    case: scene.Case, secret: resources.Secret
) -> rule.Answer[restores.Source]:
    if secret.content_type:
        return sources.find(case)
    return rule.Answer(sources.without_data(case))


def _notes(case: scene.Case, secret: resources.Secret) -> Iterator[str]:
    yield 'It gets a new ID: tell whatever uses the old one.'
    acl = secret.acl
    if acl is not None and not acl.project_access:
        yield 'It is private: only you and the listed users can read it.'
    if acl is not None and acl.users and not case.scene.at_home:
        yield 'The users who may read it are those of the other cloud.'


def _warnings(case: scene.Case, secret: resources.Secret) -> Iterator[str]:
    if expired(case, secret):
        yield (
            f'Its expiration, {secret.expires_at}, has passed and is left '
            'out: Barbican refuses it.'
        )
    if secret.acl is None:
        yield (
            'The backup does not record who may read it: all members of the '
            'project can read the new one.'
        )

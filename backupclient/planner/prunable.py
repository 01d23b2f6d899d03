# SPDX-License-Identifier: Apache-2.0
"""Selecting the resources for a ``prune``.

A target may have the backups of several projects. Backups of other projects
are deleted only if their resource is named by its ID.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses

from backupclient import errors
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner import backed_up
from backupclient.planner import backups
from backupclient.planner import pruning

_SHOWN = 5

_Past = Mapping[backed_up.Key, backed_up.Past]
_Known = Mapping[inventories.Project, _Past]


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """The user's project, from the options and the environment.

    Without a login, all fields are ``''``.
    """

    project_id: str = ''
    project_name: str = ''
    auth_url: str = ''

    def __bool__(self) -> bool:
        return bool(self.project_id or self.project_name)

    def fits(self, identity: inventories.CloudIdentity) -> bool:
        """Return whether the identity in a manifest is of this project."""
        if self.project_id:
            # IDs are unique, so ignore the address of the cloud, which can
            # be written in several ways.
            return self.project_id == identity.project_id
        pairs = (
            (self.project_name, identity.project_name),
            (_bare(self.auth_url), _bare(identity.auth_url)),
        )
        return all(ours in ('', theirs) for ours, theirs in pairs)


def _bare(auth_url: str) -> str:
    return auth_url.rstrip('/').removesuffix('/v3')


def wanted(
    every: Iterable[manifests.Manifest],
    request: requests.Request,
    login: Login,
    place: str,
) -> pruning.Wanted:
    """Return the selected resources, with their projects.

    :param every: the manifests of a place, of any project.
    :param place: the place, for messages.
    :raises UsageError: if the place has backups of several projects and the
        user's project is unknown, or if a name fits no or several resources.
    """
    found = backups.newest_first(every)
    known = _known(found)
    named = frozenset(_ids(request))
    own = _own(found, login)
    # Unless the user's project is certain, treat all as other projects.
    sure = own if len(own) == 1 else ()
    inside = {key for one in sure for key in known[one]}
    elsewhere = {
        project: frozenset(named & past.keys() - inside)
        for project, past in known.items()
        if project not in sure
    }
    abroad = frozenset().union(*elsewhere.values())
    asked = _without(request, abroad)
    chosen: set[tuple[inventories.Project, backed_up.Key]] = set()
    if asked.selects or asked.everything or not abroad:
        project = _only(own, found, login, place)
        if project is not None:
            chosen |= _of(project, known[project], asked)
    for project, keys in elsewhere.items():
        if keys:
            only = _only_ids(request, keys, known[project])
            chosen |= _of(project, known[project], only)
    return frozenset(chosen)


def _known(every: Sequence[manifests.Manifest]) -> _Known:
    """Return the resources of each project.

    :param every: the manifests, the newest first.
    """
    by_project: dict[inventories.Project, list[manifests.Manifest]] = {}
    for one in every:
        by_project.setdefault(one.identity.project, []).append(one)
    return {
        project: backed_up.history(same)
        for project, same in by_project.items()
    }


def _own(
    every: Sequence[manifests.Manifest], login: Login
) -> tuple[inventories.Project, ...]:
    """Return the projects that fit the login; all without a login."""
    return tuple(
        dict.fromkeys(
            one.identity.project for one in every if login.fits(one.identity)
        )
    )


def _only(
    own: Sequence[inventories.Project],
    every: Sequence[manifests.Manifest],
    login: Login,
    place: str,
) -> inventories.Project | None:
    """Return the user's project, None if there are no backups.

    :raises UsageError: if no project, or more than one, fits the login.
    """
    if not every or len(own) == 1:
        return next(iter(own), None)
    names = dict.fromkeys(
        f'{one.identity.project_name} ({one.identity.project_id})'
        for one in every
    )
    shown = ', '.join([*names][:_SHOWN])
    if login and not own:
        raise errors.UsageError(
            f'{place} has no backups of the project '
            f'{login.project_name or login.project_id}, but of {shown}. Log '
            'in to one of these projects, or name resources by their IDs.'
        )
    raise errors.UsageError(
        f'{place} has backups of several projects: {shown}. Say which one is '
        'meant, as in "openstack --os-project-id ID backup prune", or name '
        'resources by their IDs.'
    )


def _of(
    project: inventories.Project, past: _Past, request: requests.Request
) -> set[tuple[inventories.Project, backed_up.Key]]:
    return {(project, key) for key in backed_up.selected(past, request)}


def _ids(request: requests.Request) -> Iterator[backed_up.Key]:
    """Yield the named resources as if all names were IDs."""
    for kind, texts in _words(request).items():
        for text in texts:
            yield backed_up.Key(kind, text)


def _words(
    request: requests.Request,
) -> dict[resources.Kind, tuple[str, ...]]:
    return {
        resources.Kind.SERVER: request.servers,
        resources.Kind.VOLUME: request.volumes,
        resources.Kind.IMAGE: request.images,
        resources.Kind.SECRET: request.secrets,
    }


def _without(
    request: requests.Request, out: frozenset[backed_up.Key]
) -> requests.Request:
    """Return the request without the IDs of other projects' resources."""
    return _with_words(request, lambda key: key not in out)


def _only_ids(
    request: requests.Request, keys: frozenset[backed_up.Key], past: _Past
) -> requests.Request:
    """Return the request reduced to some IDs of one project.

    Of ``--exclude``, the IDs of the project's resources stay.
    """
    exclude = tuple(
        text
        for text in request.exclude
        for kind, _, id_ in [text.partition('/')]
        if any(one.kind == kind and one.id == id_ for one in past)
    )
    only = _with_words(request, lambda key: key in keys)
    return dataclasses.replace(
        only, everything=False, match=(), exclude=exclude
    )


def _with_words(
    request: requests.Request, fits: Callable[[backed_up.Key], bool]
) -> requests.Request:
    """Return the request reduced to the names and IDs that fit."""
    words = {
        kind: tuple(text for text in texts if fits(backed_up.Key(kind, text)))
        for kind, texts in _words(request).items()
    }
    return dataclasses.replace(
        request,
        servers=words[resources.Kind.SERVER],
        volumes=words[resources.Kind.VOLUME],
        images=words[resources.Kind.IMAGE],
        secrets=words[resources.Kind.SECRET],
    )

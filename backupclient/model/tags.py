# SPDX-License-Identifier: Apache-2.0
"""The tags and names of all resources that a run makes in the cloud.

Metadata (or image properties) have the run, the source and the role. The name
has the run and the source too, for requests that accept no metadata.
"""

from collections.abc import Mapping
import datetime
import enum
import random
import re
import string

from backupclient.model import resources

RUN = 'backupclient_run'
SOURCE = 'backupclient_source'
ROLE = 'backupclient_role'
IMAGE = 'backupclient_image'
"""An image's own ID. Images that Nova makes of servers and Cinder of volumes
inherit the source image's properties: then this ID is not the image's own."""

DELETING = 'backupclient_deleting'
"""A property of a manifest in the cloud: when the deletion of its artifacts
began."""

VERIFIED = 'backupclient_verified_'
"""The prefix of the properties of a manifest in the cloud that have results
of verifications; the time in UTC follows, such as ``20260131T235959Z``."""

_SKEW = datetime.timedelta(minutes=10)
_RUN_ID = '[0-9]{8}T[0-9]{6}Z-[a-z]{4}'
_NAME = re.compile(
    rf'backupclient-({_RUN_ID})-(?:{"|".join(resources.Kind)})-[0-9A-Za-z-]+'
)


class Role(enum.StrEnum):
    """The purpose of a resource that a run has made.

    ``ARTIFACT``: a backup. ``TEMPORARY``: deleted during the run. ``LEASE``:
    shows that a run is alive; deleted at its end. ``RESTORED``: tenant data
    again, never deleted as ours. ``MANIFEST``: the list of a run's artifacts.
    """

    ARTIFACT = 'artifact'
    TEMPORARY = 'temporary'
    LEASE = 'lease'
    RESTORED = 'restored'
    MANIFEST = 'manifest'


def new_run_id(now: datetime.datetime) -> str:
    """Return a new ID for a run: UTC time and four random letters.

    :param now: an aware time.
    """
    letters = random.SystemRandom().choices(string.ascii_lowercase, k=4)
    stamp = now.astimezone(datetime.UTC).strftime('%Y%m%dT%H%M%SZ')
    return f'{stamp}-{"".join(letters)}'


def started(run: str) -> datetime.datetime:
    """Return when a run began, by the clock of its machine.

    :param run: a run's ID.
    """
    began = datetime.datetime.strptime(run[:16], '%Y%m%dT%H%M%SZ')
    return began.replace(tzinfo=datetime.UTC)


def nothing_before(run: str) -> datetime.datetime:
    """Return a time before which a run has made nothing, by the cloud's clock.

    The ID has the time of the machine, whose clock may differ from the
    cloud's by up to 10 minutes.

    :param run: a run's ID.
    """
    return started(run) - _SKEW


def is_run_id(text: str) -> bool:
    """Return whether a text has the form of a run's ID."""
    return re.fullmatch(_RUN_ID, text) is not None


def require_run_id(text: str) -> None:
    """Raise ValueError if a text does not have the form of a run's ID."""
    if not is_run_id(text):
        raise ValueError(f'{text[:80]!r} is not the ID of a run')


def name(run: str, source: resources.Resource) -> str:
    """Return the name for a resource that a run makes from a source."""
    return f'backupclient-{run}-{source.kind}-{source.id}'


def manifest_name(run: str) -> str:
    """Return the name of the image that has the manifest of a run."""
    return f'backupclient-{run}'


def metadata(
    run: str, source: resources.Resource, role: Role
) -> dict[str, str]:
    """Return the tags for a resource that a run makes from a source."""
    return {RUN: run, SOURCE: f'{source.kind}/{source.id}', ROLE: role.value}


def is_name(text: str) -> bool:
    """Return whether a text has the form of a name by :func:`name`."""
    return _NAME.fullmatch(text) is not None


def run_of(name_: str, metadata_: Mapping[str, str]) -> str:
    """Return the run that made a cloud resource, ``''`` if none did."""
    if RUN in metadata_:
        return metadata_[RUN]
    fit = _NAME.fullmatch(name_)
    return fit[1] if fit else ''


def own(
    image_id: str, name_: str, properties: Mapping[str, str]
) -> Mapping[str, str]:
    """Return an image's properties, without inherited tags of ours.

    Nova gives the properties of the image from which a server was built to
    each image of the server, such as that of a shelved one. A temporary image
    has no :data:`IMAGE`, but always a name of its run.
    """
    run = properties.get(RUN, '')
    inherited = properties.get(IMAGE, image_id) != image_id or (
        properties.get(ROLE) == Role.TEMPORARY
        and name_ != manifest_name(run)
        and run_of(name_, {}) != run
    )
    if not inherited:
        return properties
    ours = {RUN, SOURCE, ROLE, IMAGE}
    return {k: v for k, v in properties.items() if k not in ours}


def made_by_us(name_: str, metadata_: Mapping[str, str]) -> bool:
    """Return whether a run made a cloud resource that is not tenant data.

    Restored resources are tenant data. Don't delete anything because of this
    function: use :func:`made_by`.
    """
    if metadata_.get(ROLE) == Role.RESTORED:
        return False
    return RUN in metadata_ or is_name(name_)


def made_by(run: str, name_: str, metadata_: Mapping[str, str]) -> bool:
    """Return whether a certain run made a cloud resource.

    :raises ValueError: if ``run`` is no run's ID, such as an empty text.
    """
    require_run_id(run)
    return run in (metadata_.get(RUN), run_of(name_, {}))

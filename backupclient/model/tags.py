# SPDX-License-Identifier: Apache-2.0
"""How everything that a run makes in the cloud is told apart.

Metadata (or image properties) carry the run, the source and the role; the
name says the same, for the calls that take no metadata.
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
"""An image's own ID. What is made of an image inherits its other properties
(Nova's images of servers, Cinder's of volumes), and this one is then wrong."""

DELETING = 'backupclient_deleting'
"""Of a manifest in the cloud: since when its artifacts are being deleted."""

VERIFIED = 'backupclient_verified_'
"""How the properties of a manifest in the cloud begin that have the results
of verifications; the time in UTC follows, as in ``20260131T235959Z``."""

_SKEW = datetime.timedelta(minutes=10)
_RUN_ID = '[0-9]{8}T[0-9]{6}Z-[a-z]{4}'
_NAME = re.compile(
    rf'backupclient-({_RUN_ID})-(?:{"|".join(resources.Kind)})-[0-9A-Za-z-]+'
)


class Role(enum.StrEnum):
    """Whether a thing is the backup, goes away again, or is data again.

    A lease goes away too: it says that a run is alive. A manifest says which
    artifacts a run has left. What was restored is the tenant's as if no run
    had made it.
    """

    ARTIFACT = 'artifact'
    TEMPORARY = 'temporary'
    LEASE = 'lease'
    RESTORED = 'restored'
    MANIFEST = 'manifest'


def new_run_id(now: datetime.datetime) -> str:
    """Make the ID of a run: UTC time and four random letters.

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
    """Give a time before which a run has made nothing.

    Its ID has the time of the machine; the cloud's clock may be another.

    :param run: a run's ID.
    """
    return started(run) - _SKEW


def is_run_id(text: str) -> bool:
    """Tell whether a text has the form of a run's ID."""
    return re.fullmatch(_RUN_ID, text) is not None


def require_run_id(text: str) -> None:
    """Raise ValueError if a text does not have the form of a run's ID."""
    if not is_run_id(text):
        raise ValueError(f'{text[:80]!r} is not the ID of a run')


def name(run: str, source: resources.Resource) -> str:
    """Give the name that identifies what a run makes of a source."""
    return f'backupclient-{run}-{source.kind}-{source.id}'


def manifest_name(run: str) -> str:
    """Return the name of the image that has the manifest of a run."""
    return f'backupclient-{run}'


def metadata(
    run: str, source: resources.Resource, role: Role
) -> dict[str, str]:
    """Give the metadata that mark what a run makes of a source."""
    return {RUN: run, SOURCE: f'{source.kind}/{source.id}', ROLE: role.value}


def is_name(text: str) -> bool:
    """Tell whether a text is a name that :func:`name` could give."""
    return _NAME.fullmatch(text) is not None


def run_of(name_: str, metadata_: Mapping[str, str]) -> str:
    """Give the run that made a thing in the cloud, ``''`` if none did."""
    if RUN in metadata_:
        return metadata_[RUN]
    fit = _NAME.fullmatch(name_)
    return fit[1] if fit else ''


def own(image_id: str, properties: Mapping[str, str]) -> Mapping[str, str]:
    """Give an image's properties, none of ours where they are inherited."""
    if properties.get(IMAGE, image_id) == image_id:
        return properties
    ours = {RUN, SOURCE, ROLE, IMAGE}
    return {k: v for k, v in properties.items() if k not in ours}


def made_by_us(name_: str, metadata_: Mapping[str, str]) -> bool:
    """Tell whether some run of this program made a thing in the cloud.

    That says what is no data of the tenant; what was restored is. It is no
    reason to delete anything: see :func:`made_by`.
    """
    if metadata_.get(ROLE) == Role.RESTORED:
        return False
    return RUN in metadata_ or is_name(name_)


def made_by(run: str, name_: str, metadata_: Mapping[str, str]) -> bool:
    """Tell whether one run made a thing in the cloud.

    :raises ValueError: this is no run's ID, such as an empty text.
    """
    require_run_id(run)
    return run in (metadata_.get(RUN), run_of(name_, {}))

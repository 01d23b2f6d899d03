# SPDX-License-Identifier: Apache-2.0
"""How the runs of one project see each other: by a note in the cloud.

The note is an image without data. Who holds it writes to it again and again;
when that was last, Glance tells by its own clock (``updated_at``), so that
the clocks of the machines do not matter. It also says what the run works on.
"""

from collections.abc import Iterable
import dataclasses
import datetime

from backupclient.model import tags

BEAT = 60.0
"""Seconds between two signs of life."""

LIFETIME = datetime.timedelta(minutes=15)
"""Without a sign of life for so long, a run counts as dead."""

HOST = 'backupclient_host'
CLAIMS = 'backupclient_claims'


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """What a note says.

    :param id: of the image.
    :param host: the machine that the run is on.
    :param seen_at: the last sign of life, by the cloud's clock.
    :param claims: what the run works on, as ``volume/<ID>``.
    """

    id: str
    run: str
    host: str
    seen_at: datetime.datetime
    claims: frozenset[str] = frozenset()

    def is_alive(self, now: datetime.datetime) -> bool:
        """Tell whether the run counts as alive.

        :param now: by the cloud's clock.
        """
        return now - self.seen_at < LIFETIME

    def seen(self, now: datetime.datetime) -> str:
        """Say where the run is, and when it was last seen."""
        seconds = max(0, round((now - self.seen_at).total_seconds()))
        return f'on {self.host or "an unknown host"}, seen {seconds} s ago'


def name(run: str) -> str:
    """Give the name of a run's note."""
    return f'backupclient-{run}-lease'


def identity(run: str) -> dict[str, str]:
    """Give the properties by which a run's note is found."""
    return {tags.RUN: run, tags.ROLE: tags.Role.LEASE.value}


def metadata(run: str, host: str, claims: Iterable[str]) -> dict[str, str]:
    """Give all properties of a run's note."""
    return identity(run) | {HOST: host, CLAIMS: ' '.join(sorted(claims))}

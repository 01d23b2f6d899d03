# SPDX-License-Identifier: Apache-2.0
"""The leases by which the runs of one project see each other.

A lease is an image without data. Its run updates it at intervals (the
heartbeat). Glance sets the time of the update by its own clock
(``updated_at``), so that the clocks of the machines do not matter. The lease
also lists the resources on which the run works (its claims).
"""

from collections.abc import Iterable
import dataclasses
import datetime

from backupclient.model import tags

BEAT = 60.0
"""Seconds between two heartbeats."""

LIFETIME = datetime.timedelta(minutes=15)
"""A run counts as dead after this time without a heartbeat."""

HOST = 'backupclient_host'
CLAIMS = 'backupclient_claims'


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """A lease of a run.

    :param id: the image's ID.
    :param host: the name of the machine on which the run is.
    :param seen_at: the last heartbeat, by the cloud's clock.
    :param claims: the resources on which the run works, such as
        ``volume/<ID>``.
    """

    id: str
    run: str
    host: str
    seen_at: datetime.datetime
    claims: frozenset[str] = frozenset()

    def is_alive(self, now: datetime.datetime) -> bool:
        """Return whether the run counts as alive.

        :param now: the time by the cloud's clock.
        """
        return now - self.seen_at < LIFETIME

    def seen(self, now: datetime.datetime) -> str:
        """Return where the run is and when it was last seen, for messages.

        :param now: the time by the cloud's clock.
        """
        seconds = max(0, round((now - self.seen_at).total_seconds()))
        return f'on {self.host or "an unknown host"}, seen {seconds} s ago'


def name(run: str) -> str:
    """Return the name of a run's lease."""
    return f'backupclient-{run}-lease'


def identity(run: str) -> dict[str, str]:
    """Return the properties by which a run's lease is found."""
    return {tags.RUN: run, tags.ROLE: tags.Role.LEASE.value}


def metadata(run: str, host: str, claims: Iterable[str]) -> dict[str, str]:
    """Return all properties of a run's lease."""
    return identity(run) | {HOST: host, CLAIMS: ' '.join(sorted(claims))}

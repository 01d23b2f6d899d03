# SPDX-License-Identifier: Apache-2.0
"""Keep the lease of a run: other runs see that it is alive, and its claims."""

from collections.abc import Iterator
import contextlib
import datetime
import logging
import platform
import threading

from backupclient import errors
from backupclient import pauses
from backupclient.cloud import door
from backupclient.cloud import once
from backupclient.engine import faults
from backupclient.engine import journals
from backupclient.model import events
from backupclient.model import leases

LOG = logging.getLogger(__name__)

_MAY_LIVE = {journals.Fate.ALIVE, journals.Fate.UNKNOWN}
"""For a run in other states, a journal here proves that its lease is dead."""

_PATIENCE = 4.0
"""Seconds for which the older run retries a conflicting claim."""


class Lease:
    """The lease of the run that this process works on. Used by all threads.

    If the lease cannot be stored in the cloud, the run warns and continues
    without it.
    """

    def __init__(
        self, cloud: door.Cloud, reporter: events.Reporter, run: str
    ) -> None:
        self._glance = cloud.glance
        self._project_id = cloud.identity.project_id
        self._clock = cloud.clock
        self._reporter = reporter
        self._run = run
        self._image_id = ''
        self._claims: set[str] = set()
        self._told = False
        self._fault_told = False
        self._is_left = False
        self._lock = threading.Lock()
        self._over = threading.Event()

    @property
    def is_left(self) -> bool:
        """Whether the lease could not be deleted in the end."""
        return self._is_left

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Create the lease, renew it in a thread, and delete it in the end."""
        self._begin()
        beat = threading.Thread(
            target=self._beat, name='heartbeat', daemon=True
        )
        try:
            beat.start()
            yield
        finally:
            self._over.set()
            with self._clock.stop.shielded():
                self._end()

    def claim(self, what: str) -> None:
        """Claim a resource, unless another run has claimed it.

        Each run writes its claim first, and then reads those of others. So of
        two simultaneous claims, at least one run sees the other. On a
        conflict a run withdraws its claim. Only the older run retries.

        A claim that this run already has is not checked again.

        :param what: the resource, such as ``volume/<ID>``.
        :raises Busy: if another run has claimed it.
        :raises Interrupted: after a request to stop.
        """
        if what in self._claims:
            return
        for seconds in (*pauses.within(_PATIENCE), None):
            other = self._announce(what)
            if other is None:
                return
            self.release(what)
            if seconds is None or other.run < self._run:
                raise errors.Busy(
                    f'Run {other.run} is working on it, on '
                    f'{other.host or "an unknown host"}.'
                )
            self._clock.sleep(seconds)

    def release(self, what: str) -> None:
        """Withdraw the claim of a resource, if this run has it."""
        with self._lock, self._clock.stop.shielded():
            if what in self._claims:
                self._claims.remove(what)
                # The next request to the cloud raises LoginEnded again.
                with contextlib.suppress(errors.LoginEnded):
                    self._write()

    def _announce(self, what: str) -> leases.Lease | None:
        """Write a claim, and return the lease of another run that has it."""
        with self._lock:
            self._claims.add(what)
            now = self._write()
        try:
            return self._rival(what, now or self._glance.now())
        except errors.Interrupted:
            raise
        except errors.BackupError as exc:
            self._tell(exc)
            return None

    def _rival(self, what: str, now: datetime.datetime) -> leases.Lease | None:
        return next(
            (
                other
                for other in self._glance.leases(self._project_id)
                if what in other.claims
                and other.run != self._run
                and other.is_alive(now)
                and journals.fate(other.run) in _MAY_LIVE
            ),
            None,
        )

    def _begin(self) -> None:
        try:
            self._image_id = once.make_once(
                self._adopt, self._make, self._clock
            )
        except errors.Interrupted:
            return
        except errors.BackupError as exc:
            self._tell(exc)
        except Exception as exc:
            self._tell_fault(exc)

    def _adopt(self) -> str | None:
        """Take over the lease of an earlier process of this run, if any."""
        image_id = self._find()
        if image_id:
            self._glance.renew_lease(image_id, self._metadata())
        return image_id

    def _find(self) -> str | None:
        return self._glance.find(
            self._project_id,
            leases.name(self._run),
            leases.identity(self._run),
        )

    def _make(self) -> str:
        return self._glance.create_lease(
            leases.name(self._run), self._metadata()
        )

    def _metadata(self) -> dict[str, str]:
        return leases.metadata(self._run, platform.node(), self._claims)

    def _write(self) -> datetime.datetime | None:
        """Renew the lease, with the current claims.

        :returns: the time by the cloud's clock, None if that failed.
        """
        if not self._image_id:
            return None
        try:
            return self._glance.renew_lease(self._image_id, self._metadata())
        except errors.Interrupted:
            raise
        except errors.BackupError as exc:
            self._tell(exc)
        except Exception as exc:
            self._tell_fault(exc)
        return None

    def _tell(self, exc: errors.BackupError) -> None:
        """Warn once that runs may not see each other; the run continues."""
        LOG.debug('The leases do not work', exc_info=exc)
        if not self._told:
            self._told = True
            self._reporter.warn(
                'This run and those on other machines may not see each '
                f'other: {exc}'
            )

    def _tell_fault(self, exc: Exception) -> None:
        """Warn once of a fault in this module; the run continues."""
        if not self._fault_told:
            self._fault_told = True
            fault = faults.reason(exc, self._run, 'its lease')
            self._reporter.warn(
                'Other machines may not see that this run is alive: do not '
                f'call "openstack backup cleanup" while it goes on. {fault}'
            )

    def _beat(self) -> None:
        """Renew the lease until the run is over.

        No error may end this thread earlier: 15 minutes after the last
        heartbeat, another machine may delete resources that the run needs.
        """
        # After a request to stop, the undoing still needs the lease.
        with self._clock.stop.shielded():
            while not self._over.wait(leases.BEAT):
                try:
                    with self._lock:
                        self._write()
                except errors.LoginEnded:
                    # No request is possible any more: the run ends, too.
                    return
                except Exception:
                    # Even the reporter failed. OSC prints logged errors.
                    LOG.exception('The lease of run %s', self._run)

    def _end(self) -> None:
        # The heartbeat thread may be writing to the lease.
        with self._lock:
            try:
                image_id = self._image_id or self._find()
                if image_id:
                    self._glance.delete(image_id)
            except errors.LoginEnded:
                self._is_left = True
                LOG.debug('The lease is left', exc_info=True)
            except Exception as exc:
                self._is_left = True
                if self._image_id:
                    why = faults.said(exc, self._run, 'the end of its lease')
                    self._reporter.warn(
                        f'The lease of this run is left: {why}'
                    )

# SPDX-License-Identifier: Apache-2.0
"""The lease of a run: others see that it lives, and what it works on."""

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
_PATIENCE = 4.0
"""Seconds for which a run tries to get what another one may give back."""


class Lease:
    """Held while a process works on a run. Used by all threads.

    Where no note can be left in the cloud, the run goes on without one.
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
        self._lock = threading.Lock()
        self._over = threading.Event()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Leave the note, give signs of life, and take it away again."""
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
        """Say that this run works on something, unless another run does.

        Each side writes first and reads then: of two who come at the same
        time, at least one sees the other. Who sees somebody gives way; the
        older run tries again, the younger one does not.

        What this run has claimed already stays its own: nobody is asked.

        :param what: as ``volume/<ID>``.
        :raises Busy: another run works on it.
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
        """Say that this run no longer works on something."""
        with self._lock, self._clock.stop.shielded():
            if what in self._claims:
                self._claims.remove(what)
                # Whoever asks for anything else hears that the login ended.
                with contextlib.suppress(errors.LoginEnded):
                    self._write()

    def _announce(self, what: str) -> leases.Lease | None:
        """Write down a claim, and read who else has it."""
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
        """Find the note of an earlier process, and make it this one's."""
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
        """Give a sign of life.

        :returns: the time by the cloud's clock, None where there is no note.
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
        """Say once that the run goes on without being seen, or seeing."""
        LOG.debug('The leases do not work', exc_info=exc)
        if not self._told:
            self._told = True
            self._reporter.warn(
                'This run and those on other machines may not see each '
                f'other: {exc}'
            )

    def _tell_fault(self, exc: Exception) -> None:
        """Say once that the program has a fault here; the run goes on."""
        if not self._fault_told:
            self._fault_told = True
            fault = faults.reason(exc, self._run, 'its lease')
            self._reporter.warn(
                'Other machines may not see that this run is alive: do not '
                f'call "openstack backup cleanup" while it goes on. {fault}'
            )

    def _beat(self) -> None:
        """Give signs of life until the run is over.

        Nothing may end this thread before: after 15 minutes without a sign,
        another machine may delete what the run still needs.
        """
        # Who undoes its work needs its lease as well.
        with self._clock.stop.shielded():
            while not self._over.wait(leases.BEAT):
                try:
                    with self._lock:
                        self._write()
                except errors.LoginEnded:
                    # There is no way to beat any more: the run ends, too.
                    return
                except Exception:
                    # Even the reporter failed. OSC shows errors of the log.
                    LOG.exception('The lease of run %s', self._run)

    def _end(self) -> None:
        # Not while the other thread writes to it.
        with self._lock:
            try:
                image_id = self._image_id or self._find()
                if image_id:
                    self._glance.delete(image_id)
            except errors.LoginEnded:
                LOG.debug('The lease is left', exc_info=True)
            except Exception as exc:
                if self._image_id:
                    why = faults.said(exc, self._run, 'the end of its lease')
                    self._reporter.warn(
                        f'The lease of this run is left: {why}'
                    )

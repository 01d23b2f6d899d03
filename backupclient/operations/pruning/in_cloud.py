# SPDX-License-Identifier: Apache-2.0
"""Prune the Cinder backups and images that runs have kept in the cloud."""

import dataclasses

from backupclient import documents
from backupclient import errors
from backupclient.cloud import manifest_shelf
from backupclient.engine import errands
from backupclient.engine import faults
from backupclient.engine import journals
from backupclient.engine import lease_keeping
from backupclient.model import events
from backupclient.model import layout
from backupclient.model import leases
from backupclient.model import manifests
from backupclient.model import prunings
from backupclient.model import tags
from backupclient.operations import cloud_place
from backupclient.operations import sessions
from backupclient.operations.pruning import artifacts
from backupclient.operations.pruning import places
from backupclient.planner import backed_up
from backupclient.planner import cloud_pruning
from backupclient.planner import prunable
from backupclient.planner import pruning
from backupclient.sets import catalogue
from backupclient.sets import libraries
from backupclient.sets import verified

_MAY_LIVE = {journals.Fate.ALIVE, journals.Fate.UNKNOWN}
"""For a run in other states, a journal here proves that its lease is dead."""

_NO_IMAGES = (
    'The cloud has no image service, so only runs of this machine are known, '
    'by its journals.'
)


class Cloud:
    """The backups in the project of a login, as a place to prune."""

    def __init__(
        self, session: sessions.Session, settings: places.Settings
    ) -> None:
        self._cloud = session.cloud
        self.clock = session.clock
        self._settings = settings
        self._seen = cloud_pruning.Cloud()
        self._library: libraries.Library | None = None

    def decide(self) -> places.Decision:
        """Read the manifests and the artifacts, and apply the rules.

        :raises BackupError: if a list would be incomplete.
        """
        cloud = self._cloud
        has_images = 'image' in cloud.services
        now = cloud.glance.now() if has_images else cloud.clock.now()
        images = (
            tuple(cloud.glance.images(cloud.identity.project_id))
            if has_images
            else ()
        )
        library = self._library = cloud_place.library(cloud, images)
        alive = [
            one
            for one in self._leases()
            if one.is_alive(now) and journals.fate(one.run) in _MAY_LIVE
        ]
        self._seen = cloud_pruning.Cloud(
            tuple(cloud.cinder.backups())
            if 'block-storage' in cloud.services
            else (),
            images,
            {
                one.run: f'Run {one.run} is alive {one.seen(now)}.'
                for one in alive
            },
            {claim: one.run for one in alive for claim in one.claims},
        )
        sets = [_set(library, found) for found in library.finished]
        wanted = prunable.wanted(
            [one.manifest for one in sets if one.manifest],
            self._settings.request,
            prunable.Login(cloud.identity.project_id),
            'The cloud',
        )
        return places.Decision(
            cloud_pruning.of_cloud(
                sets, self._seen, self._settings.rules, wanted, now
            ),
            f'the cloud at {cloud.identity.auth_url}',
            places.projects_of(library),
            places.digests_of(library),
            () if has_images else (_NO_IMAGES,),
            tuple(
                one.run
                for one in library.finished
                if self._shelf.is_marked(one.run)
            ),
        )

    def would_free(self, decision: places.Decision) -> str:
        """Return ``''``: the sizes of the rows are the freed space."""
        return ''

    def delete(
        self,
        decision: places.Decision,
        reporter: events.Reporter,
    ) -> places.Decision:
        """Delete artifacts, one resource after the other.

        The newest artifact of a resource is deleted first, because it may
        build on the older ones.
        """
        work = artifacts.Work(
            self._cloud, self.clock, reporter, self._seen.backups, self._mark
        )
        done: dict[prunings.Row, prunings.Row] = {}
        run = tags.new_run_id(self.clock.now())
        held = lease_keeping.Lease(self._cloud, reporter, run)
        with errands.alive(run, lambda: held.is_left), held.kept():
            for rows in artifacts.by_resource(decision.going):
                if self.clock.stop.asked or self._cloud.login.ended:
                    break
                done |= dict(artifacts.delete(work, held, rows))
        rows_ = tuple(done.get(row, row) for row in decision.rows)
        notices = list(decision.notices)
        if not self._cloud.login.ended:
            notices += self._close(rows_)
            notices += places.forget_journals(decision.projects, rows_, '')
        return dataclasses.replace(
            decision,
            rows=rows_,
            notices=tuple(notices),
            left=(),
            login=str(self._cloud.login.ended or ''),
        )

    def _leases(self) -> tuple[leases.Lease, ...]:
        if 'image' not in self._cloud.services:
            return ()
        return tuple(
            self._cloud.glance.leases(self._cloud.identity.project_id)
        )

    @property
    def _shelf(self) -> manifest_shelf.ManifestShelf:
        assert self._library is not None  # noqa: S101
        shelf = self._library.store
        assert isinstance(shelf, manifest_shelf.ManifestShelf)  # noqa: S101
        return shelf

    def _mark(self, run: str) -> None:
        """Mark the manifest of a run: its artifacts are being deleted."""
        if not self._shelf.is_marked(run):
            self._shelf.mark(run, self._cloud.clock.now())

    def _close(self, rows: tuple[prunings.Row, ...]) -> list[str]:
        """Remove deleted artifacts from the marked manifests.

        This includes manifests that an interrupted call has marked.

        :returns: a sentence for each manifest that could not be updated.
        """
        assert self._library is not None  # noqa: S101
        notices = []
        for found in self._library.finished:
            if not self._shelf.is_marked(found.run):
                continue
            own = [row for row in rows if row.run == found.run]
            try:
                self._rewrite(found, own)
            except errors.LoginEnded:
                # The next call finds the mark and goes on.
                break
            except Exception as exc:
                # A failure must not stop the update of the others.
                why = faults.said(exc, found.run, 'its manifest')
                notices.append(
                    f'The manifest of run {found.run} in the cloud still '
                    f'lists what was deleted: {why}'
                )
        return notices

    def _rewrite(
        self, found: catalogue.Found, rows: list[prunings.Row]
    ) -> None:
        """Write a manifest without its deleted entries; delete an empty one.

        The manifest is an image, and the results of verifications are its
        properties. So they are written again with the new image.
        """
        assert self._library is not None  # noqa: S101
        manifest = self._library.open(found).manifest
        if manifest is None or any(row.goes for row in rows):
            return
        gone = {
            (row.kind, row.id)
            for row in rows
            if row.action is prunings.Action.DELETED
        }
        there = {row.artifact for row in rows} - {
            row.artifact
            for row in rows
            if row.action is prunings.Action.DELETED
        }
        items = tuple(
            entry
            for entry in manifest.items
            if entry.artifact_id in there
            or (
                not entry.artifact
                and (entry.resource.kind, entry.resource.id) not in gone
            )
        )
        path = f'{found.folder}/{layout.MANIFEST}'
        if not any(entry.artifact for entry in items):
            self._shelf.delete(path)
            return
        known = verified.read(self._shelf, found)
        self._shelf.put(path, documents.encode(_only(manifest, items)))
        for one in known:
            verified.put_back(self._shelf, found, one)


def _only(
    manifest: manifests.Manifest, items: tuple[manifests.Entry, ...]
) -> manifests.Manifest:
    """Return a manifest with these entries, except those that lack parts."""
    there = {backed_up.key(entry.resource) for entry in items}
    one = pruning.Set(manifest.run, manifest)
    return dataclasses.replace(
        manifest,
        items=tuple(
            entry
            for entry in items
            # A covered resource needs all resources that hold its data.
            if entry.artifact or pruning.parts(one, entry) <= there
        ),
    )


def _set(library: libraries.Library, found: catalogue.Found) -> pruning.Set:
    opened = library.open(found)
    doubts = opened.doubts
    problem = catalogue.doubtful(library.store, opened) if doubts else ''
    return pruning.Set(
        found.run,
        None if problem else opened.manifest,
        problem or opened.problem,
        library.standings(found),
        f'Run {found.run} is still going on in another process.'
        if journals.fate(found.run) is journals.Fate.ALIVE
        else '',
    )

# SPDX-License-Identifier: Apache-2.0
"""Build the manifest of a run from its plan and the outcomes."""

from collections.abc import Iterable, Mapping
import dataclasses
import datetime
from importlib import metadata
import socket

from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import results
from backupclient.model import tasks
from backupclient.model import wholes


def manifest(
    plan: plans.Plan,
    run: str,
    outcomes: Iterable[results.Outcome],
    started: datetime.datetime,
    finished: datetime.datetime,
) -> manifests.Manifest:
    """Build the manifest of a run from its plan and the outcomes.

    An item without an outcome was not reached and counts as skipped. An item
    whose data are in other resources has the state of these resources.

    :param started: an aware time, as ``finished`` is.
    """
    by_resource = {outcome.resource: outcome for outcome in outcomes}
    by_id = {one.id: outcome for one, outcome in by_resource.items()}
    items = tuple(
        _entry(item, by_resource.get(item.resource) or _without(item, by_id))
        for item in plan.items
    )
    complete = not plan.gaps and all(
        e.state is results.State.COMPLETE for e in items
    )
    return manifests.Manifest(
        run=run,
        created_at=_stamp(started),
        finished_at=_stamp(finished),
        state=manifests.State.COMPLETE
        if complete
        else manifests.State.INCOMPLETE,
        identity=plan.identity,
        request=plan.request,
        items=items,
        cautions=plan.cautions,
        program_version=_program_version(),
        host=socket.gethostname(),
    )


def for_cloud(
    manifest: manifests.Manifest,
) -> manifests.Manifest | None:
    """Return the manifest that a run stores in the cloud.

    Resources whose data are (or should be) in the target are left out: the
    set there lists them. The state stays that of the whole run: a resource
    whose Cinder backup failed is left out, too.

    :returns: None if no artifact stays in the cloud.
    """
    items = tuple(
        entry
        for entry in manifest.items
        if entry.artifact or not _is_elsewhere(manifest, entry)
    )
    if not any(entry.artifact for entry in items):
        return None
    return without_files(dataclasses.replace(manifest, items=items))


def without_files(manifest: manifests.Manifest) -> manifests.Manifest:
    """Return a manifest without files and keys: the cloud stores none."""
    return dataclasses.replace(
        manifest,
        items=tuple(
            dataclasses.replace(entry, file=None, key=None)
            for entry in manifest.items
        ),
    )


def _is_elsewhere(
    manifest: manifests.Manifest, entry: manifests.Entry
) -> bool:
    """Return whether the target has the data of a resource, or should."""
    if not manifest.request.target:
        return False
    return bool(entry.file) or not entry.covered_by


def _entry(item: plans.Item, outcome: results.Outcome) -> manifests.Entry:
    return manifests.Entry(
        resource=item.resource,
        procedure=outcome.procedure,
        state=outcome.state,
        reason=outcome.reason,
        covered_by=item.task.by
        if isinstance(item.task, tasks.Covered)
        else '',
        group=item.group,
        consistency=outcome.consistency,
        captured_at=outcome.captured_at,
        size=item.size if outcome.size is None else outcome.size,
        artifact=outcome.artifact,
        file=outcome.file,
        key=outcome.key,
        notes=tuple(dict.fromkeys((*item.notes, *outcome.notes))),
        server=item.server,
        volume=item.volume,
        image=outcome.image or item.image,
        secret=outcome.secret or item.secret,
    )


def _without(
    item: plans.Item, others: Mapping[str, results.Outcome]
) -> results.Outcome:
    """Return the outcome of an item for which the run did nothing."""
    state, reason = results.State.SKIPPED, item.reason
    if isinstance(item.task, tasks.Covered):
        state, reason = wholes.state(item.task, others)
    elif item.possible:
        reason = 'The run ended before its turn came.'
    return results.Outcome(item.resource, item.procedure, state, reason)


def _stamp(time: datetime.datetime) -> str:
    return time.astimezone(datetime.UTC).isoformat(timespec='seconds')


def _program_version() -> str:
    try:
        return metadata.version(manifests.PROGRAM)
    except metadata.PackageNotFoundError:
        return 'unknown'

# SPDX-License-Identifier: Apache-2.0
"""Verify one resource of a set: its files, then its bytes, then its key."""

from collections.abc import Callable, Iterator
import dataclasses
import functools

from backupclient import errors
from backupclient import stops
from backupclient.keys import identity
from backupclient.model import inventories
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import verification
from backupclient.operations.verifying import artifact_check
from backupclient.operations.verifying import key_check
from backupclient.sets import set_files
from backupclient.sets import set_survey

Depth = verification.Depth
Result = verification.Result

Progress = Callable[[int, int], None]
"""Called with the hashed bytes of a resource, and with its total bytes."""

Origin = Callable[[str, str], str]
"""Returns the run whose set has a file with this path and sha512, ``''`` for
none."""


_OTHER_MANIFEST = (
    'What the manifest says of it is not proved: the manifest has changed.'
)


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """A resource of a set, to be verified.

    :param depth: the depth to reach.
    :param notes: why this backup was chosen.
    :param inventory: the inventory of the project, for backups in the cloud;
        None without a login.
    """

    survey: set_survey.Survey
    entry: manifests.Entry
    depth: Depth
    notes: tuple[str, ...] = ()
    inventory: inventories.Inventory | None = None

    @property
    def members(self) -> tuple[set_files.Member, ...]:
        """Its files, with their hashes from the list of checksums."""
        return tuple(
            self.survey.members.get(one.path, one)
            for one in set_files.of_entry(self.entry)
        )

    @property
    def size(self) -> int:
        """The bytes of its files; files of unknown size count as 0."""
        return sum(one.size or 0 for one in self.members)


def verify(
    job: Job,
    identities: identity.Identities,
    stop: stops.Stop,
    progress: Progress,
    origin: Origin,
) -> verification.Row:
    """Verify one resource.

    :raises Interrupted: if this thread is to stop.
    """
    steps: tuple[tuple[Depth, Iterator[key_check.Found]], ...] = (
        (Depth.FILES, _files(job)),
        (Depth.DATA, _data(job, stop, progress, origin)),
        (Depth.KEYS, _keys(job, identities, stop)),
    )
    said: list[str] = []
    reached = Depth.NONE
    for depth, step in steps:
        if depth.number > job.depth.number:
            break
        every = list(step)
        good = [one.note for one in every if one.result is Result.GOOD]
        bad = [one for one in every if one.result is not Result.GOOD]
        if bad:
            return _not_good(job, reached, depth, bad, said)
        # A right hash implies the right size, so its notes replace those on
        # sizes. A right key is an additional fact.
        said = said + good if depth is Depth.KEYS else good or said
        reached = depth
    if job.survey.manifest_changed:
        return _row(job, reached, Result.UNPROVED, [*said, _OTHER_MANIFEST])
    return _row(job, reached, Result.GOOD, said)


def unknown(job: Job, why: str) -> verification.Row:
    """Return the row of a resource that could not be verified."""
    return _row(job, Depth.NONE, Result.UNPROVED, [why], provable=True)


def _not_good(
    job: Job,
    reached: Depth,
    depth: Depth,
    bad: list[key_check.Found],
    said: list[str],
) -> verification.Row:
    """Return the row of a resource that is not proved to be good.

    :param reached: the deepest depth that was proved.
    :param depth: the depth that found ``bad``.
    :param bad: the findings that are not good, at least one.
    :param said: notes about the depths that were proved.
    """
    result = max((one.result for one in bad), key=lambda one: one.number)
    notes = [one.note for one in bad]
    if result.bad:
        return _row(job, depth, result, notes)
    provable = any(one.provable for one in bad)
    return _row(job, reached, result, [*notes, *said], provable=provable)


def _row(
    job: Job,
    depth: Depth,
    result: Result,
    notes: list[str],
    *,
    provable: bool = False,
) -> verification.Row:
    resource = job.entry.resource
    return verification.Row(
        run=job.survey.found.run,
        kind=resource.kind.value,
        name=resource.name,
        id=resource.id,
        depth=depth,
        result=result,
        notes=(*job.notes, *notes),
        provable=provable,
    )


def _files(job: Job) -> Iterator[key_check.Found]:
    """Check that the files of a resource exist, with their sizes."""
    entry = job.entry
    yield from artifact_check.files(entry, job.inventory)
    yield from _forged(entry)
    for one in job.members:
        if wrong := job.survey.findings.get(one.path):
            yield _bad(wrong)
        elif one.size is not None:
            yield key_check.Found(
                Result.GOOD, f'{one.path} has its {one.size:,} bytes.'
            )


def _forged(entry: manifests.Entry) -> Iterator[key_check.Found]:
    """Yield a finding for each path that cannot belong to the resource."""
    wrong = []
    if entry.file and not layout.is_file_of(entry.file.path, entry.resource):
        wrong.append(entry.file.path)
    if entry.key and not layout.is_key_of(entry.key.path, entry.resource):
        wrong.append(entry.key.path)
    for path in wrong:
        yield key_check.Found(
            Result.DAMAGED,
            f'The manifest names {path}, which is not the place of its files.',
        )


def _data(
    job: Job,
    stop: stops.Stop,
    progress: Progress,
    origin: Origin,
) -> Iterator[key_check.Found]:
    """Hash the files of a resource."""
    yield from artifact_check.data(job.entry)
    before, size = 0, job.size
    for one in job.members:
        told = functools.partial(_report_progress, progress, before, size)
        wrong = set_files.changed(job.survey.files, one, told, stop)
        before += one.size or 0
        if wrong is None:
            yield key_check.Found(
                Result.GOOD,
                f'{one.path} has the sha512 that was written down.',
            )
            continue
        run = origin(one.path, wrong.digest) if wrong.digest else ''
        yield _bad(wrong, f' It is the file of run {run}.' if run else '')


def _report_progress(
    progress: Progress, before: int, size: int, done: int
) -> None:
    progress(before + done, max(size, before + done))


def _keys(
    job: Job, identities: identity.Identities, stop: stops.Stop
) -> Iterator[key_check.Found]:
    try:
        yield from key_check.check(
            job.survey.files, job.entry, identities, stop
        )
    except errors.TargetError as exc:
        yield key_check.unreadable(job.entry.resource.label, exc)


def _bad(wrong: set_files.Finding, more: str = '') -> key_check.Found:
    return key_check.Found(
        wrong.result,
        f'{wrong.path}: {wrong.problem}{more}',
        provable=wrong.result is Result.UNPROVED,
    )

# SPDX-License-Identifier: Apache-2.0
"""Check a set at the depth ``files``: its texts, and its files' sizes."""

from collections.abc import Iterator, Mapping
import dataclasses

from backupclient import errors
from backupclient import stops
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import verification
from backupclient.sets import catalogue
from backupclient.sets import check
from backupclient.sets import set_files
from backupclient.store import base

_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """The result of checking a set at the depth ``files``.

    :param members: the files that the set has to have, by path.
    :param findings: the problems of files, by path.
    :param problems: the problems of the set's checksums and manifest.
    :param foreign: the paths of files that do not belong to the set.
    :param manifest_changed: whether the manifest does not match its checksum.
    """

    found: catalogue.Found
    files: base.Files
    manifest: manifests.Manifest
    members: Mapping[str, set_files.Member]
    findings: Mapping[str, set_files.Finding]
    problems: tuple[str, ...]
    foreign: tuple[str, ...]
    manifest_changed: bool


def survey(store: base.Shelf, opened: catalogue.Opened) -> Survey:
    """Check a set at the depth ``files``.

    :param opened: a set with a readable manifest.
    :raises TargetError: if the list of its files would not be complete.
    """
    found, manifest = opened.found, opened.manifest
    assert manifest is not None  # noqa: S101
    files = catalogue.files(store, found)
    if store.manifests_only:
        return Survey(
            found, files, manifest, {}, {}, opened.doubts[:_SHOWN], (), False
        )
    sums, problems = _sums(files)
    every = {one.path: one for one in set_files.all_of(manifest, sums or {})}
    wrong = (
        set_files.absence(files, one)
        or (None if sums is None else set_files.disagreement(one))
        for one in every.values()
    )
    findings = {one.path: one for one in wrong if one}
    listed = (sums or {}).get(layout.MANIFEST, '')
    changed = bool(listed) and opened.digest != listed
    if changed:
        problems.append(
            f'{layout.MANIFEST} has changed: its hash is not the one of '
            f'{layout.CHECKSUMS}.'
        )
    problems += _of_texts(findings)
    problems += _unexplained(manifest, every)
    problems += opened.doubts[:_SHOWN]
    foreign = set_files.foreign(files, every)
    return Survey(
        found,
        files,
        manifest,
        every,
        findings,
        tuple(problems),
        foreign,
        changed,
    )


def row_of_set(
    one: Survey, depth: verification.Depth, stop: stops.Stop
) -> verification.Row:
    """Return the result for a set itself: its problems, or that it is good.

    :param depth: from the depth ``data`` on, ``RESTORE.md`` is hashed too.
    """
    notes = list(one.problems)
    page = one.members.get(layout.INSTRUCTIONS)
    if (
        depth.number >= verification.Depth.DATA.number
        and page is not None
        and page.path not in one.findings
        and (wrong := set_files.changed(one.files, page, stop=stop))
    ):
        notes.append(f'{wrong.path}: {wrong.problem}')
    return verification.Row(
        run=one.found.run,
        kind=verification.SET,
        name='',
        id=one.found.run,
        depth=depth,
        result=verification.Result.DAMAGED
        if notes
        else verification.Result.GOOD,
        notes=tuple(notes),
    )


def _sums(files: base.Files) -> tuple[dict[str, str] | None, list[str]]:
    """Return the checksums; None and the reason if they are unusable."""
    try:
        return check.sums(files), []
    except errors.DocumentError as exc:
        return None, [str(exc)]


def _of_texts(findings: Mapping[str, set_files.Finding]) -> Iterator[str]:
    for path in (layout.MANIFEST, layout.INSTRUCTIONS):
        if wrong := findings.get(path):
            yield f'{path}: {wrong.problem}'


def _unexplained(
    manifest: manifests.Manifest, every: Mapping[str, set_files.Member]
) -> Iterator[str]:
    """Yield a problem if the checksums list files that the manifest lacks."""
    named = {
        one.path for each in manifest.items for one in set_files.of_entry(each)
    }
    more = [path for path in every if layout.is_member(path)]
    more = [path for path in more if path not in named]
    if more:
        yield (
            f'{layout.CHECKSUMS} lists what the manifest does not: '
            f'{_some(more)}.'
        )


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    shown = ', '.join(names[:_SHOWN])
    return f'{shown} and {more} more' if more > 0 else shown

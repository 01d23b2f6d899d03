# SPDX-License-Identifier: Apache-2.0
"""Messages about resources with problems.

Resources with the same problem share a sentence, such as forty volumes that
exceed the same quota.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
import shlex
from typing import TYPE_CHECKING

from backupclient.model import addresses
from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import verification
from backupclient.operations import run
from backupclient.osc import display

if TYPE_CHECKING:
    from backupclient.operations import verify

_CAUTION = 'caution'
_NAMED = 5
"""The most resources that a message names, or that a command repeats."""


def of_plan(planned: plans.Plan) -> list[str]:
    """Return messages on resources that cannot be backed up or restored."""
    done = 'backed up' if planned.restore is None else 'restored'
    return _grouped(
        (f'cannot be {done}', item.reason, item.resource)
        for item in planned.items
        if not item.possible
    )


def warnings_of_plan(planned: plans.Plan) -> list[str]:
    """Return the warnings about resources that the plan can handle."""
    return _grouped(
        (_CAUTION, warning, item.resource)
        for item in planned.items
        if item.possible
        for warning in item.warnings
    )


def of_run(done: run.Result) -> list[str]:
    """Return messages on failures, skips and notes beyond the plan."""
    expected = {note for item in _items(done.plan) for note in item.notes}
    return _grouped(_of_outcomes(done.report, expected))


def of_files(outcomes: Iterable[results.Outcome]) -> list[str]:
    """Return messages on failures, skips and notes of a restore to files."""
    return _grouped(_unexpected(outcomes, ()))


def of_verification(done: 'verify.Report') -> list[str]:
    """Return what is not good, and why: each reason once for each run."""
    groups: dict[tuple[str, ...], list[verification.Row]] = {}
    for row in done.rows:
        if row.result is not verification.Result.GOOD:
            of_set = verification.SET if row.kind == verification.SET else ''
            why = (row.run, row.result.value, ' '.join(row.notes), of_set)
            groups.setdefault(why, []).append(row)
    return [
        f'{_verified(rows)} of run {run}: {result}: {why}'
        for (run, result, why, _), rows in groups.items()
    ] + list(done.notices)


def _verified(rows: Iterable[verification.Row]) -> str:
    every = []
    for row in rows:
        if row.kind == verification.SET:
            return 'The set'
        kind = resources.Kind(row.kind)
        every.append(resources.Resource(kind, row.name, row.id))
    return _names(every)


def _of_outcomes(
    report: run.Report, expected: Collection[str]
) -> Iterator[tuple[str, str, resources.Resource]]:
    return _unexpected(
        (
            outcome
            for outcome in report.outcomes
            if outcome.resource.id not in report.passed_over
        ),
        expected,
    )


def _unexpected(
    outcomes: Iterable[results.Outcome], expected: Collection[str]
) -> Iterator[tuple[str, str, resources.Resource]]:
    for outcome in outcomes:
        state = outcome.state
        if state is not results.State.COMPLETE:
            why = ' '.join((outcome.reason, *outcome.notes))
            yield state.value, why, outcome.resource
            continue
        for note in outcome.notes:
            if note not in expected:
                yield state.value, note, outcome.resource


def warnings_of_run(done: run.Result) -> list[str]:
    """Return the warnings of the plan about resources that are complete."""
    warnings = {text for item in _items(done.plan) for text in item.warnings}
    return _grouped(
        (_CAUTION, note, outcome.resource)
        for outcome in done.report.outcomes
        if outcome.state is results.State.COMPLETE
        for note in outcome.notes
        if note in warnings
    )


def _items(planned: plans.Plan) -> Iterator[plans.Item]:
    for item in planned.items:
        yield item
        if item.fallback:
            yield item.fallback


def _grouped(
    found: Iterable[tuple[str, str, resources.Resource]],
) -> list[str]:
    """Return a message for each group with the same word and sentence."""
    groups: dict[tuple[str, str], list[resources.Resource]] = {}
    for word, why, resource in found:
        groups.setdefault((word, why), []).append(resource)
    return [
        f'{_names(every)}: {word}: {why}'
        for (word, why), every in groups.items()
    ]


def _names(every: Sequence[resources.Resource]) -> str:
    if len(every) == 1:
        return every[0].label
    more = len(every) - _NAMED
    some = [
        f'{kind}{"s" if len(found) > 1 else ""} {", ".join(found)}'
        for kind, found in _by_kind(every[:_NAMED]).items()
    ]
    return ', '.join([*some, f'{more} more'] if more > 0 else some)


def _by_kind(every: Sequence[resources.Resource]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in every:
        found.setdefault(each.kind, []).append(f'"{each.name or each.id}"')
    return found


def again(done: run.Result) -> list[str]:
    """Return messages with the command that resumes the run, or retries."""
    report = done.report
    if report.interrupted:
        resume = (
            f'openstack backup {done.plan.command} --resume '
            f'{shlex.quote(report.run)}{_target(done.plan)}'
            f'{_identity(done.plan)}'
        )
        if report.login:
            return [
                f'{report.login} "openstack backup cleanup" then deletes what '
                'is temporary, or this goes on:',
                display.Command(resume),
            ]
        return ['Interrupted. Go on with:', display.Command(resume)]
    missing = [
        outcome
        for outcome in report.outcomes
        if outcome.state is not results.State.COMPLETE
    ]
    if done.plan.restore is not None:
        return _cleanup(report.run, missing)
    return [
        *_cleanup(report.run, missing),
        *_again(
            [
                each.resource
                for each in missing
                if not each.reason.endswith(results.DELETED)
            ],
            done.plan.request,
        ),
    ]


def _identity(planned: plans.Plan) -> str:
    """Return the option ``--identity`` if a resumed run needs it again."""
    sources = [one.restore.source for one in planned.items if one.restore]
    files = [each for one in sources for each in (one.file, one.key) if each]
    needed = any(layout.is_sealed(each.path) for each in files)
    return ' --identity FILE' if needed else ''


def _target(planned: plans.Plan) -> str:
    """Return the option of the target if a resume needs its passwords."""
    option, target = '--to', planned.request.target
    if planned.restore is not None:
        option, target = '--from', planned.restore.source
    if not target or not addresses.parse(target).lacks_passwords:
        return ''
    return f' {option} TARGET'


def _cleanup(run_id: str, missing: Sequence[results.Outcome]) -> list[str]:
    """Return messages with the cleanup command, if anything is left.

    The notes of a failed outcome are the steps that could not be undone.
    """
    failed = results.State.FAILED
    if not any(one.notes and one.state is failed for one in missing):
        return []
    command = f'openstack backup cleanup --run {shlex.quote(run_id)}'
    return [
        'This takes away what is temporary and still there:',
        display.Command(command),
    ]


def _again(
    missing: Sequence[resources.Resource], request: requests.Request
) -> list[str]:
    if not missing:
        return []
    if len(missing) > _NAMED:
        return [
            'When the causes are removed, give the command again: it backs '
            'up everything anew.'
        ]
    words = ['openstack', 'backup', 'run']
    for resource in missing:
        words += [f'--{resource.kind}', resource.id]
    return [
        'When the cause is removed, this backs up what is missing:',
        display.Command(shlex.join([*words, *_options(request)])),
    ]


def _options(request: requests.Request) -> list[str]:
    """Return the options of a request, except its selection."""
    default = requests.Request()
    words = ['--to', request.target] if request.target else []
    if request.volume_method is not default.volume_method:
        words += ['--volume-method', request.volume_method.value]
    if request.chain is not default.chain:
        words.append(f'--{request.chain}')
    for recipient in request.recipients:
        words += ['--encrypt-to', recipient]
    for given, word in (
        (request.plaintext_keys, '--plaintext-keys'),
        (request.keep_images, '--keep-images'),
        (request.stop_servers, '--stop-servers'),
    ):
        words += [word] if given else []
    return [*words, *(['--name', request.name] if request.name else [])]

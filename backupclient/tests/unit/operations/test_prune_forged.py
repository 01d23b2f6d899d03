# SPDX-License-Identifier: Apache-2.0
"""Manifests that somebody has changed never cost a good backup."""

import dataclasses
import hashlib
import json
import pathlib

import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient import errors
from backupclient.model import layout
from backupclient.model import prunings
from backupclient.model import requests
from backupclient.model import restores
from backupclient.model import verification
from backupclient.operations import history
from backupclient.operations import prune
from backupclient.operations import restore_files
from backupclient.operations import verify
from backupclient.store import base
from backupclient.store import memory
from backupclient.tests.unit import examples
from backupclient.tests.unit.sets import samples

RUNS = [f'2026010{day}T010000Z-aaaa' for day in (1, 2, 3)]
PLACE = '/backups'
KEPT = prunings.Action.KEEP
JUNK = (
    None,
    True,
    -1,
    1 << 62,
    0.5,
    '',
    'junk',
    '٣',
    '2026-13-45',
    '2026-01-09T01:30:00',
    '2999-01-09T01:30:00+00:00',
    [],
    {},
)


def entries(day):
    """Everything, each with the time of its day."""
    return tuple(
        dataclasses.replace(
            one, captured_at=one.captured_at.replace('-02-01T', f'-01-0{day}T')
        )
        for one in samples.EVERYTHING.items
    )


def places(value, path=()):
    """All places in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from places(each, (*path, number))


def mutated(content, choose, junk):
    """Change one value, take one away, or have one twice."""
    value = json.loads(content)
    every = [path for path in places(value) if path]
    *path, last = every[choose % len(every)]
    there = value
    for step in path:
        there = there[step]
    if junk is Ellipsis:
        if isinstance(there, list):
            there.append(there[last])
        else:
            del there[last]
    else:
        there[last] = junk
    return json.dumps(value).encode()


class TestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('XDG_CACHE_HOME', 'XDG_STATE_HOME'):
            self.useFixture(
                fixtures.EnvironmentVariable(name, str(self.folder))
            )
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.targets.find', lambda _: self.store
            )
        )
        self.renew()

    def renew(self):
        self.store = memory.Memory()
        for day, run in enumerate(RUNS, 1):
            made = samples.manifest(*entries(day), run=run)
            samples.filled(self.store, made).close(made, samples.PAGE)

    def change(self, run, content, *, forge):
        """Write a manifest; who forges writes its hash, too."""
        path = f'{run}/{layout.MANIFEST}'
        old = base.read_whole(self.store, path, 1 << 30)
        self.store.put(path, content)
        if forge:
            sums = f'{run}/{layout.CHECKSUMS}'
            text = base.read_whole(self.store, sums, 1 << 30).decode()
            before, after = (
                hashlib.sha512(each).hexdigest() for each in (old, content)
            )
            self.store.put(sums, text.replace(before, after).encode())

    def manifest(self, run):
        path = f'{run}/{layout.MANIFEST}'
        return base.read_whole(self.store, path, 1 << 30)

    def decide(self, **rules):
        settings = prune.Settings(prune.Rules(**rules or {'last': 1}))
        return prune.target(PLACE, settings).decide()

    def kept(self, decision, but=''):
        return {
            (row.run, row.kind, row.id)
            for row in decision.rows
            if row.action is KEPT and row.run != but
        }

    def edit(self, run, **fields):
        """Forge a field of the first volume in a manifest."""
        value = json.loads(self.manifest(run))
        value['items'][0].update(fields)
        self.change(run, json.dumps(value).encode(), forge=True)


class PruneTestCase(TestCase):
    def test_forged_entries(self):
        """The set is named and stays, and the newest good one, too."""
        for fields, why in (
            ({'size': -1}, 'It cannot have -1 bytes.'),
            ({'captured_at': 'x'}, "'x' is no time."),
            ({'captured_at': '2026-01-09T01:30:00'}, 'has no zone'),
            ({'file': None}, 'nothing is listed that holds it'),
            (
                {
                    'resource': {
                        'kind': 'volume',
                        'name': 'x',
                        'id': samples.DATA.id,
                    }
                },
                'more than once',
            ),
        ):
            self.renew()
            self.edit(RUNS[2], **fields)
            decision = self.decide()
            (row,) = [row for row in decision.rows if row.kind == prunings.SET]
            self.assertEqual((RUNS[2], KEPT), (row.run, row.action))
            self.assertIn('was changed after it was written', row.reasons[0])
            self.assertIn(why, row.reasons[0])
            going = {each.run for each in decision.going}
            self.assertEqual({RUNS[0]}, going, fields)
            self.assertIn(why, ' '.join(prune.problems(decision)))

    def test_changed_manifest(self):
        """One that its checksums do not list stands for nothing."""
        self.change(
            RUNS[2],
            self.manifest(RUNS[2]).replace(b'archive', b'brchive'),
            forge=False,
        )
        decision = self.decide()
        self.assertEqual({RUNS[0]}, {each.run for each in decision.going})
        (row,) = [row for row in decision.rows if row.kind == prunings.SET]
        self.assertIn('is not the one that SHA512SUMS lists', row.reasons[0])

    def test_no_checksums(self):
        self.store.delete(f'{RUNS[2]}/{layout.CHECKSUMS}')
        decision = self.decide()
        self.assertEqual({RUNS[0]}, {each.run for each in decision.going})

    def test_where_the_store_proves_what_is_written(self):
        """There the checksums need not be read."""
        self.store.can = dataclasses.replace(
            self.store.can, authenticating=True
        )
        self.store.delete(f'{RUNS[2]}/{layout.CHECKSUMS}')
        self.assertEqual(
            set(RUNS[:2]), {one.run for one in self.decide().going}
        )

    @examples.examples(40)
    @hypothesis.given(
        st.integers(0, 2),
        st.integers(0, 100_000),
        st.sampled_from((*JUNK, Ellipsis)),
        st.booleans(),
    )
    def test_any_change(self, number, choose, junk, forge):
        """What was kept before stays, unless the change cannot be told."""
        self.renew()
        rules = {'last': 1, 'within': prune.duration('1d')}
        before = self.decide(**rules)
        run = RUNS[number]
        content = mutated(self.manifest(run), choose, junk)
        self.change(run, content, forge=forge)
        try:
            after = self.decide(**rules)
        except errors.UsageError:
            # Another project: the user is asked which one is meant.
            return
        usable = not any(
            row.kind == prunings.SET and row.run == run for row in after.rows
        )
        if not forge and content != self.manifest(run):
            self.assertFalse(usable)
        if usable:
            return
        self.assertLessEqual(
            self.kept(before, run), self.kept(after, run), (run, choose, junk)
        )
        self.assertNotIn(run, {row.run for row in after.going})

    @examples.examples(40)
    @hypothesis.given(
        st.integers(0, 100_000), st.sampled_from((*JUNK, Ellipsis))
    )
    def test_nothing_crashes(self, choose, junk):
        """Each command says what it is, or refuses it."""
        self.renew()
        run = RUNS[2]
        self.change(run, mutated(self.manifest(run), choose, junk), forge=True)
        query = history.Query((PLACE,))
        for each in (
            lambda: history.backups(query),
            lambda: history.runs(query),
            lambda: verify.verify(PLACE, [run]),
            lambda: restore_files.restore(
                restores.Request(requests.Request(everything=True), PLACE),
                self.folder / 'out',
            ),
        ):
            try:
                each()
            except errors.BackupError as exc:
                self.assertNotIn('Traceback', str(exc))


class OthersTestCase(TestCase):
    """What the other commands say of such a backup."""

    def setUp(self):
        super().setUp()
        self.edit(RUNS[2], size=-1)

    def test_history(self):
        found = history.backups(history.Query((PLACE,)))
        states = [
            (row.run, row.state.value, row.notes[:1])
            for row in found.rows
            if row.id == samples.ROOT.id
        ]
        (run, state, (why,)), *older = states
        self.assertEqual((RUNS[2], 'failed'), (run, state))
        self.assertIn('It cannot have -1 bytes.', why)
        self.assertEqual(
            [(run, 'complete', ()) for run in (RUNS[1], RUNS[0])], older
        )

    def test_verify(self):
        report = verify.verify(PLACE, [RUNS[2]])
        self.assertEqual(3, report.exit_code)
        (row,) = [row for row in report.rows if row.kind == verification.SET]
        self.assertIs(verification.Result.DAMAGED, row.result)
        self.assertIn('It cannot have -1 bytes.', ' '.join(row.notes))

    def test_restore(self):
        """The newest good one is taken, with a note."""
        report = restore_files.restore(
            restores.Request(
                requests.Request(volumes=(samples.ROOT.id,)), PLACE
            ),
            self.folder / 'one',
        )
        self.assertEqual(0, report.exit_code)
        report = restore_files.restore(
            restores.Request(requests.Request(everything=True), PLACE),
            self.folder / 'all',
        )
        (one,) = [
            each
            for each in report.outcomes
            if each.resource.id == samples.ROOT.id
        ]
        self.assertIn(f'Run {RUNS[2]}: failed, ', one.notes[0])
        self.assertIn('It cannot have -1 bytes.', one.notes[0])
        self.assertIn(f'is of run {RUNS[1]}.', one.notes[0])

# SPDX-License-Identifier: Apache-2.0
"""No cell of any table does anything to a terminal."""

import copy
import csv
import dataclasses
import datetime
import enum
import io
import json
import pathlib
import types

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.keys.luks import proof
from backupclient.model import histories
from backupclient.model import leftover
from backupclient.model import prunings
from backupclient.model import saved_plans
from backupclient.model import verification
from backupclient.operations import export_key as operation
from backupclient.operations import history as operation_
from backupclient.operations import key_sources
from backupclient.operations import prune as pruning
from backupclient.operations import run
from backupclient.operations import verify as verifying
from backupclient.osc import cleanup
from backupclient.osc import display
from backupclient.osc import export_key
from backupclient.osc import history
from backupclient.osc import history_rows
from backupclient.osc import plan as plan_
from backupclient.osc import prune
from backupclient.osc import prune_rows
from backupclient.osc import restore
from backupclient.osc import rows
from backupclient.osc import run as run_
from backupclient.osc import verify
from backupclient.osc import verify_rows
from backupclient.tests.unit import examples
from backupclient.tests.unit.hostile import test_documents
from backupclient.tests.unit.hostile import values

EVIL = st.sampled_from(values.NAMES) | st.text(min_size=1, max_size=20)


def poisoned(value, text):
    """Copy a value; each text in it, checked or not, is another one."""
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return text
    if isinstance(value, tuple):
        return tuple(poisoned(one, text) for one in value)
    if isinstance(value, dict):
        return {text: text}
    if not dataclasses.is_dataclass(value):
        return value
    # No check of the class is in the way of what is set like this.
    made = copy.copy(value)
    for field in dataclasses.fields(value):
        inner = poisoned(getattr(value, field.name), text)
        object.__setattr__(made, field.name, inner)
    return made


def printed(command, table, *words):
    """Give what a command prints of its table."""
    out = io.StringIO()
    options = types.SimpleNamespace(verbose_level=1)
    app = types.SimpleNamespace(stdout=out, options=options)
    made = command(app, None)
    arguments = made.get_parser('openstack').parse_args(list(words))
    made.take_action = lambda _: table
    made.run(arguments)
    return out.getvalue()


def one_of_each(plan):
    """Give a plan with one resource of each kind: their IDs are the same."""
    items = {item.resource.kind: item for item in plan.items}
    return dataclasses.replace(plan, items=tuple(items.values()))


def tables(text):
    """Give the tables of all commands, each text in them the same."""
    plan = poisoned(saved_plans.plan(test_documents.PLAN), text)
    report = run.Report(
        text,
        pathlib.Path('/x'),
        (poisoned(test_documents.OUTCOME, text),),
        interrupted=False,
    )
    left = leftover.Leftover(
        leftover.LeftoverKind.VOLUME,
        text,
        text,
        text,
        datetime.timedelta(1),
        reason=text,
    )
    source = key_sources.Source(key_sources.SourceKind.VOLUME, 'i', 'n')
    key = operation.Exported(
        poisoned(source, text),
        text,
        text,
        text,
        256,
        operation.Format.HEX,
        pathlib.Path(text),
        text,
        proof.Proof(proof.Opens.YES, text),
        sealed=False,
    )
    state = histories.State.FAILED
    backup = histories.Backup(*(text,) * 7, state, 1, text, notes=(text, text))
    of_run = histories.Run(text, text, text, state, 1, 1, 1, 1, text, text)
    return {
        'plan': (plan_.PlanBackup, rows.plan(plan, {text: text})),
        'plan --steps': (plan_.PlanBackup, rows.steps(one_of_each(plan))),
        'run': (run_.RunBackup, rows.outcomes(report)),
        'cleanup': (cleanup.CleanUpBackups, rows.cleanup([left])),
        'export-key': (export_key.ExportKey, rows.key(key)),
        'history': (
            history.HistoryBackup,
            history_rows.backups(operation_.Backups((backup,), ())),
        ),
        'history --runs': (
            history.HistoryBackup,
            history_rows.runs(operation_.Runs((of_run,), ())),
        ),
        **later_tables(text, plan),
    }


def later_tables(text, plan):
    """Give the tables of the commands that work with backups."""
    row = verification.Row(
        *(text,) * 4,
        verification.Depth.DATA,
        verification.Result.GOOD,
        (text, text),
    )
    old = prunings.Row(
        *(text,) * 6, 1, prunings.Action.KEEP, reasons=(text, text)
    )
    outcome = poisoned(test_documents.OUTCOME, text)
    return {
        'verify': (
            verify.VerifyBackup,
            verify_rows.rows(verifying.Report((row,), (), 1, 1.0)),
        ),
        'prune': (
            prune.PruneBackups,
            prune_rows.rows(pruning.Decision((old,), text)),
        ),
        'restore': (restore.RestoreBackup, rows.restored([outcome])),
        'restore --dry-run': (restore.RestoreBackup, rows.restoring(plan)),
    }


class TestTables(testtools.TestCase):
    @examples.examples(15)
    @hypothesis.given(EVIL)
    def test_any_text(self, text):
        for name, (command, table) in tables(text).items():
            words = ['x'] if command is export_key.ExportKey else []
            for more in (
                [],
                ['--fit-width'],
                ['--max-width', '40'],
                ['-f', 'value'],
            ):
                shown = printed(command, table, *words, *more)
                self.assertFalse(values.obeys(shown), (name, shown))

    def test_every_column(self):
        """That the test is right: its text is in each column for words."""
        words = {
            'plan': {'Name', 'ID', 'Result', 'Notes'},
            'plan --steps': {'Name', 'Command'},
            'run': {'Name', 'ID', 'Result', 'Notes'},
            'cleanup': {'Name', 'ID', 'Run'},
            'history': {
                *('Run', 'Captured', 'Kind', 'Name', 'ID', 'Procedure'),
                *('Place', 'Notes'),
            },
            'verify': {'Run', 'Kind', 'Name', 'ID', 'Notes'},
            'prune': {
                *('Run', 'Captured', 'Kind', 'Name', 'ID', 'Place', 'Reasons')
            },
            'restore': {'Name', 'ID', 'Restored', 'Notes'},
            'restore --dry-run': {'Name', 'ID', 'Result', 'Notes'},
            'history --runs': {
                *('Run', 'Started', 'Finished', 'Place', 'Host'),
            },
        }
        for name, (command, table) in tables('a\x1bb').items():
            if name in words:
                found = json.loads(printed(command, table, '-f', 'json'))
                filled = {
                    column
                    for row in found
                    for column, value in row.items()
                    if json.dumps('a\x1bb')[1:-1] in json.dumps(value)
                }
                self.assertEqual(words[name], filled, name)

    @examples.examples(15)
    @hypothesis.given(EVIL)
    def test_machines_get_it_as_it_is(self, text):
        table = rows.outcomes(
            run.Report(
                'r',
                None,
                (poisoned(test_documents.OUTCOME, text),),
                interrupted=False,
            )
        )
        (row,) = json.loads(printed(run_.RunBackup, table, '-f', 'json'))
        self.assertEqual(text, row['Name'])
        self.assertEqual([text], row['Notes'])

    @examples.examples(15)
    @hypothesis.given(EVIL)
    def test_a_row_is_a_line(self, text):
        """In CSV and plain values, whatever is in a name."""
        outcome = poisoned(test_documents.OUTCOME, text)
        outcome = dataclasses.replace(outcome, notes=(text, 'Two words.'))
        report = run.Report('r', None, (outcome,), interrupted=False)
        words = ['-c', 'Name', '-c', 'Notes', '-f']
        table = rows.outcomes(report)
        shown = printed(run_.RunBackup, table, *words, 'csv')
        # As cliff writes it.
        found = csv.reader(io.StringIO(shown), escapechar='\\')
        safe = display.clean(text.replace('\\', '\\\\'))
        self.assertEqual(
            [['Name', 'Notes'], [safe, f'{safe} {safe} Two words.']],
            list(found),
        )
        shown = printed(run_.RunBackup, table, *words, 'value')
        self.assertEqual(f'{safe} {safe} {safe} Two words.\n', shown)
        self.assertEqual(1, len(shown.splitlines()))

    def test_each_row_of_each_table_is_a_line(self):
        for text in ('two\nlines', 'right\u202eleft', 'a\x85b\u2028c\u2029d'):
            for name, (command, table) in tables(text).items():
                names, every = table
                if command is export_key.ExportKey:
                    for form in 'value', 'shell':
                        shown = printed(command, table, 'x', '-f', form)
                        self.assertEqual(len(names), len(shown.splitlines()))
                        self.assertFalse(values.obeys(shown), (form, shown))
                    continue
                every = [*every]
                for form, head in (('value', 0), ('csv', 1)):
                    shown = printed(command, (names, every), '-f', form)
                    lines = shown.splitlines()
                    self.assertEqual(len(every) + head, len(lines), name)
                    # No list of Python, and no mark of direction.
                    self.assertNotIn("['", shown)
                    self.assertFalse(values.obeys(shown), (name, shown))

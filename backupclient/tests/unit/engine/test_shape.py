# SPDX-License-Identifier: Apache-2.0
"""What the classes of the engine keep, and what they do not know."""

import ast
import collections
import dataclasses
import pathlib
import re
import typing

import testtools

import backupclient
from backupclient.model import plans
from backupclient.procedures import compiler
from backupclient.procedures import interim
from backupclient.procedures import registry
from backupclient.procedures import step
from backupclient.procedures.backup import server_power
from backupclient.tests.unit.engine import projects

ENGINE = pathlib.Path(backupclient.__file__).parent / 'engine'
MOST = 5
FILLED = {
    'Counter',
    'OrderedDict',
    'SimpleQueue',
    'defaultdict',
    'deque',
    'dict',
    'list',
    'set',
}
"""Calls that give something that is filled later on."""

# Flags of the first release, in whose place the graph stands.
GONE = ('Half', 'Captured', 'pause', '_halfway', '_seconds')

# The mechanism: what is kept, waited for, decided, performed.
MECHANISM = (
    'boards',
    'coordinators',
    'executors',
    'journal_base',
    'journal_memory',
    'ledgers',
    'line',
    'messages',
    'moves',
    'past_work',
    'record',
    'rehearsal',
    'rooms',
    'runner',
    'schedules',
    'slots',
    'standings',
)


def subclasses(kind):
    """Give all classes of steps."""
    for each in kind.__subclasses__():
        if each.__module__.startswith('backupclient.procedures.'):
            yield each
            yield from subclasses(each)


def made_by(kind):
    """Give the type that a step makes, as its class says."""
    for each in kind.__mro__:
        for base in each.__dict__.get('__orig_bases__', ()):
            if typing.get_origin(base) is step.Step:
                return typing.get_args(base)[0]
    raise AssertionError(kind)


def mutable(kind):
    """Give the names of the attributes of a class that may change."""
    found = set()
    for function in ast.walk(kind):
        if not isinstance(function, ast.FunctionDef):
            continue
        for name, value in _assigned(function):
            begins = function.name == '__init__'
            if not begins or _is_filled(value):
                found.add(name)
    fields = {
        one.target.id
        for one in kind.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    frozen = any('frozen=True' in ast.unparse(d) for d in kind.decorator_list)
    return found if frozen or not kind.decorator_list else found | fields


def _assigned(function):
    for node in ast.walk(function):
        targets = getattr(node, 'targets', [getattr(node, 'target', None)])
        for target in targets if hasattr(node, 'value') else ():
            for one in ast.walk(target) if target is not None else ():
                if (
                    isinstance(one, ast.Attribute)
                    and isinstance(one.ctx, ast.Store)
                    and ast.unparse(one.value) == 'self'
                ):
                    yield one.attr, node.value


def _is_filled(value):
    if isinstance(value, (ast.List, ast.Dict, ast.Set)):
        return True
    if isinstance(value, ast.Subscript):
        return _is_filled(value.value)
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    if isinstance(function, ast.Subscript):
        function = function.value
    return ast.unparse(function).rpartition('.')[2] in FILLED


class ShapeTestCase(testtools.TestCase):
    def test_few_attributes_change(self):
        many = {
            f'{file.stem}.{kind.name}': sorted(mutable(kind))
            for file in ENGINE.glob('*.py')
            for kind in ast.walk(ast.parse(file.read_text()))
            if isinstance(kind, ast.ClassDef) and len(mutable(kind)) > MOST
        }
        self.assertEqual({}, many)

    def test_that_would_be_seen(self):
        (kind,) = ast.parse(
            'class C:\n'
            '    def __init__(self, x):\n'
            '        self.a = x\n'
            '        self.b: list[int] = []\n'
            '        self.c = defaultdict[str, int](int)\n'
            '    def f(self):\n'
            '        self.d, self.e = 1, 2\n'
            '        self.f += 1\n'
        ).body
        self.assertEqual({*'bcdef'}, mutable(kind))

    def test_what_is_gone(self):
        for file in ENGINE.glob('*.py'):
            words = re.findall(r'\w+', file.read_text())
            self.assertEqual(set(), {*words} & {*GONE}, file.name)

    def test_the_mechanism_knows_no_kind(self):
        """No volume, no server, and no procedure by its name."""
        known = {'volume', 'server', 'snapshot', 'barbican', 'nova'}
        known |= {f'plans.procedure.{p.name.lower()}' for p in plans.Procedure}
        known.discard('plans.procedure.none')
        for name in MECHANISM:
            code = (ENGINE / f'{name}.py').read_text()
            tree = ast.parse(code)
            for node in ast.walk(tree):
                # Examples in docstrings may name one.
                if isinstance(node, ast.Expr) and isinstance(
                    node.value, ast.Constant
                ):
                    node.value = ast.Constant('')
            text = ast.unparse(tree).lower()
            found = {each for each in known if each in text}
            self.assertEqual(set(), found, name)


class StableNamesTestCase(testtools.TestCase):
    """They stand in journals: who changes one has to read the old one."""

    NAMES = {
        'backup',
        'build-server',
        'compare-volume',
        'delete-compared',
        'delete-image',
        'delete-key',
        'delete-snapshot',
        'delete-upload',
        'delete-volume',
        'describe-secret',
        'download',
        'download-secret',
        'export-key',
        'fill-secret',
        'finish-image',
        'finish-secret',
        'finish-server',
        'finish-volume',
        'image-server',
        'image-volume',
        'look-at-server',
        'make-containers',
        'make-volume',
        'record-image',
        'remove-image',
        'remove-secret',
        'remove-server',
        'remove-volume',
        'snapshot',
        'start-server',
        'stop-server',
        'store-key',
        'store-secret',
        'temporary-volume',
        'upload-image',
        'upload-temporary',
        'upload-volume',
    }

    def test_all(self):
        found = []
        for kind in subclasses(step.Step):
            name = kind.__dict__.get('stable_name')
            # One that is the same step of other data inherits its name.
            found += [name] if name else []
        self.assertEqual(self.NAMES, {*found})
        twice = [n for n, c in collections.Counter(found).items() if c > 1]
        self.assertEqual([], twice)

    def test_what_they_make_is_theirs(self):
        """The field that proves a step done is one of what it works with."""
        for kind in subclasses(step.Step):
            if kind.makes:
                fields = dataclasses.fields(made_by(kind))
                names = {field.name for field in fields}
                self.assertIn(kind.makes, names, kind)

    def test_flows_and_steps_agree(self):
        """The part of a flow tells the type of what its steps make."""
        planned = projects.random_plan(60, 3)
        graph = compiler.compile(planned)
        for flow in graph.flows():
            group = graph.group(flow.group)
            work = type('Work', (), {'cloud': None})
            for each in registry.of_flow(work, planned, group, flow):
                kind = made_by(type(each))
                self.assertIs(interim.kind(flow.part), kind, flow.id)

    def test_each_flow_has_its_steps(self):
        """The compiler's names are those that a worker finds."""
        planned = projects.random_plan(60, 3)
        graph = compiler.compile(planned)
        for flow in graph.flows():
            group = graph.group(flow.group)
            work = type('Work', (), {'cloud': None})
            steps = registry.of_flow(work, planned, group, flow)
            names = tuple(each.stable_name for each in steps)
            self.assertEqual(flow.steps, names)
            if group.item is None:
                stop = (server_power.LookAtServer, server_power.StopServer)
                start = (server_power.StartServer,)
                kinds = tuple(type(each) for each in steps)
                self.assertIn(kinds, (stop, start))

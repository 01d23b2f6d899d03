# SPDX-License-Identifier: Apache-2.0
"""Imports go downwards only, and modules stay small."""

import ast
from collections.abc import Iterator
import dataclasses
import graphlib
import importlib.metadata
import pathlib
import subprocess
import sys
import textwrap

import fixtures
import testtools

import backupclient

PACKAGE = pathlib.Path(backupclient.__file__).parent
NAME = PACKAGE.name

# From the top down: what stands in a row may import all rows below it.
LAYERS = (
    {'plugin'},
    {'osc'},
    {'operations'},
    {'engine', 'planner'},
    {'procedures'},
    {'cloud', 'keys', 'sets', 'transfer'},
    {'documents'},
    {'store'},
    {'clocks', 'model'},
    {'stops'},
    {'errors', 'pauses', ''},
)
HEIGHT = {
    part: height
    for height, parts in enumerate(reversed(LAYERS))
    for part in parts
}

# What these may import of the package, whatever stands below them.
CONFINED = {
    'model': {'model'},
    'osc': {'osc', 'operations', 'model', 'errors'},
    'planner': {'planner', 'model', 'errors', 'clocks'},
    'plugin': {'osc'},
}

# Who may import what others wrote.
USERS = {
    'cliff': {'osc'},
    'cryptography': {'keys'},
    'keystoneauth1': {'cloud'},
    'openstack': {'cloud'},
    'osc_lib': {'osc', 'plugin'},
    'pyrage': {'keys'},
    'requests': {'cloud'},
    'rich': {'osc'},
    'wcwidth': {'osc'},
}

# Who may know files of this machine by their paths, and why: all others speak
# to a store.
PATHS = {
    'store': 'a folder of this machine is a store',
    'osc': 'people name files of this machine in options',
    'operations': 'scripts name files of this machine for plans and keys',
    'documents': 'plans and journals are files of this machine',
    'engine.faults': 'details go beside the journal',
    'engine.first_release': 'its journals are',
    'engine.journals': 'the journal is',
    'engine.life': 'so are its locks',
    'engine.still_off': 'it looks into journals that are damaged',
    'engine.unfinished': 'the journals are',
    'keys.identity': 'people name files of private keys in options',
    'keys.luks.memory': 'the kernel tells of free memory in files',
    'keys.protection': 'people name files of recipients in options',
}

MAX_LINES = 300
EXCUSE = 'Longer than 300 lines because'


@dataclasses.dataclass(frozen=True, slots=True)
class Module:
    """A source file of a package.

    :param name: with dots, from within the package: ``cloud.waiting``; empty
        for the package itself.
    """

    name: str
    path: pathlib.Path

    @property
    def part(self) -> str:
        return self.name.partition('.')[0]

    @property
    def text(self) -> str:
        return self.path.read_text()

    def imports(self) -> Iterator[str]:
        """Names of what is imported, inside of functions too."""
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                start = '.' * node.level + (node.module or '')
                yield from (f'{start}.{alias.name}' for alias in node.names)


def modules(package: pathlib.Path) -> list[Module]:
    found = []
    for path in sorted(package.rglob('*.py')):
        names = path.relative_to(package).with_suffix('').parts
        if names[0] != 'tests':
            name = '.'.join(names).removesuffix('__init__').rstrip('.')
            found.append(Module(name, path))
    return found


def _may_import_own(importer: str, imported: str) -> bool:
    if importer in CONFINED:
        return imported in CONFINED[importer]
    return importer == imported or HEIGHT[importer] > HEIGHT.get(imported, 0)


def _wrong_import(module: Module, target: str) -> str:
    """What is wrong with an import, nothing if it is right."""
    root, _dot, inside = target.partition('.')
    if not root:
        return 'is relative'
    if root == NAME:
        right = _may_import_own(module.part, inside.partition('.')[0])
        return '' if right else 'does not go downwards'
    if module.part == 'model' and root not in sys.stdlib_module_names:
        return 'is not of the standard library'
    right = root not in USERS or module.part in USERS[root]
    return '' if right else 'belongs elsewhere'


def wrong_imports(package: pathlib.Path) -> list[str]:
    return [
        f'{module.name}: {target} {wrong}'
        for module in modules(package)
        for target in module.imports()
        if (wrong := _wrong_import(module, target))
    ]


def circle(package: pathlib.Path) -> list[str]:
    """Names of modules that import each other in a circle, if any do."""
    names = {module.name for module in modules(package)}
    graph = {}
    for module in modules(package):
        own = [
            target.removeprefix(f'{NAME}.')
            for target in module.imports()
            if target.startswith(f'{NAME}.')
        ]
        # `from a import b`: b is a module, or something in a.
        graph[module.name] = {
            target if target in names else target.rpartition('.')[0]
            for target in own
        }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def too_long(package: pathlib.Path) -> list[str]:
    return [
        module.name
        for module in modules(package)
        if len(module.text.splitlines()) > MAX_LINES
        and EXCUSE not in (ast.get_docstring(ast.parse(module.text)) or '')
    ]


def reach_past_stores(package: pathlib.Path) -> set[str]:
    """Names of modules, as in PATHS, that know paths of this machine."""
    return {
        module.part if module.part in PATHS else module.name
        for module in modules(package)
        if 'pathlib' in {name.partition('.')[0] for name in module.imports()}
    }


class PackageTestCase(testtools.TestCase):
    def test_every_part_has_a_layer(self):
        parts = {module.part for module in modules(PACKAGE)}
        self.assertEqual(set(), parts - set(HEIGHT))

    def test_imports_go_downwards(self):
        self.assertEqual([], wrong_imports(PACKAGE))

    def test_files_are_reached_through_stores(self):
        self.assertEqual(set(PATHS), reach_past_stores(PACKAGE))

    def test_no_circles(self):
        self.assertEqual([], circle(PACKAGE))

    def test_modules_are_short_or_say_why(self):
        self.assertEqual([], too_long(PACKAGE))

    def test_commands_are_light(self):
        """Every ``openstack`` call imports all commands of all plugins.

        They bring nothing but this package to what the client has anyway.
        """
        commands = importlib.metadata.entry_points(
            group='openstack.backupclient.v1'
        )
        ours = {f'{NAME}.plugin'} | {command.module for command in commands}
        code = textwrap.dedent(f"""\
            import importlib
            import sys
            import osc_lib.clientmanager
            import osc_lib.command.command
            before = set(sys.modules)
            for name in {sorted(ours)}:
                importlib.import_module(name)
            new = {{name.partition('.')[0] for name in sys.modules}}
            old = {{name.partition('.')[0] for name in before}}
            print(*sorted(new - old - set(sys.stdlib_module_names)))
            """)
        brought = subprocess.run(
            [sys.executable, '-c', code],
            capture_output=True,
            check=True,
            text=True,
        )
        self.assertEqual([NAME], brought.stdout.split())


class CheckTestCase(testtools.TestCase):
    """The checks above find what they are there for."""

    def package(self, sources: dict[str, str]) -> pathlib.Path:
        package = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name, source in sources.items():
            path = package / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(source)
        return package

    def test_right_imports(self):
        sources = {
            'cloud/waiting.py': 'import openstack.exceptions\n',
            'engine/run.py': 'from backupclient.procedures import step\n',
            'keys/luks.py': 'from backupclient.keys import headers\n',
            'model/plan.py': 'import dataclasses\n',
            'osc/run.py': 'def f():\n    import backupclient.operations.run\n',
            'tests/unit.py': 'import backupclient.tests\n',
        }
        self.assertEqual([], wrong_imports(self.package(sources)))

    def test_wrong_imports(self):
        sources = {
            'cloud/door.py': 'import backupclient.engine.run\n',
            'engine/show.py': 'import rich.progress\n',
            'keys/luks.py': 'from . import age\n',
            'keys/siblings.py': 'from backupclient import cloud\n',
            'sets.py': 'def f():\n    import backupclient.planner\n',
            'model/plan.py': 'import msgspec\n',
            'operations/ask.py': 'import backupclient.osc.base\n',
            'operations/show.py': 'from osc_lib import utils\n',
            'osc/run.py': 'def f():\n    import backupclient.engine.run\n',
            'planner/look.py': 'from backupclient.cloud import door\n',
            'transfer/get.py': 'from openstack import exceptions\n',
        }
        self.assertEqual(
            [
                'cloud.door: backupclient.engine.run does not go downwards',
                'engine.show: rich.progress belongs elsewhere',
                'keys.luks: ..age is relative',
                'keys.siblings: backupclient.cloud does not go downwards',
                'model.plan: msgspec is not of the standard library',
                'operations.ask: backupclient.osc.base does not go downwards',
                'operations.show: osc_lib.utils belongs elsewhere',
                'osc.run: backupclient.engine.run does not go downwards',
                'planner.look: backupclient.cloud.door does not go downwards',
                'sets: backupclient.planner does not go downwards',
                'transfer.get: openstack.exceptions belongs elsewhere',
            ],
            wrong_imports(self.package(sources)),
        )

    def test_paths_of_this_machine(self):
        sources = {
            'keys/file.py': 'def f():\n    from pathlib import Path\n',
            'keys/protection.py': 'import pathlib\n',
            'keys/right.py': 'import posixpath\n',
            'store/folder.py': 'import pathlib\n',
        }
        self.assertEqual(
            {'keys.file', 'keys.protection', 'store'},
            reach_past_stores(self.package(sources)),
        )

    def test_circle(self):
        sources = {
            'keys/a.py': 'from backupclient.keys import b\n',
            'keys/b.py': 'from backupclient.keys.c import something\n',
            'keys/c.py': 'def f():\n    import backupclient.keys.a\n',
        }
        found = circle(self.package(sources))
        self.assertEqual({'keys.a', 'keys.b', 'keys.c'}, set(found))

    def test_no_circle(self):
        sources = {
            'keys/__init__.py': 'from backupclient.keys import a\n',
            'keys/a.py': 'from backupclient.keys import b\n',
            'keys/b.py': 'import backupclient.errors\n',
        }
        self.assertEqual([], circle(self.package(sources)))

    def test_too_long(self):
        code = 'x = 1\n' * MAX_LINES
        sources = {
            'exactly.py': code,
            'excused.py': f'"""{EXCUSE} it is a table."""\n{code}',
            'longer.py': f'"""Just so."""\n{code}',
        }
        self.assertEqual(['longer'], too_long(self.package(sources)))

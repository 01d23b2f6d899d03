# SPDX-License-Identifier: Apache-2.0
"""The page on the Python API has an example that works."""

import contextlib
import io
import pathlib
import re
import textwrap

import fixtures

from backupclient import operations
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.operations import base

ROOT = pathlib.Path(operations.__file__).parents[2]
PAGE = ROOT / 'doc/source/user/python-api.rst'


class PageTestCase(base.TestCase):
    def _run(self):
        """Run the example; return its exit code and what it prints."""
        block = r'.. code-block:: python\n\n((?:   .*\n|\n)+)'
        code = textwrap.dedent(re.search(block, PAGE.read_text())[1])
        self.assertIn('/srv/backups', code)
        code = code.replace('/srv/backups', str(self.target))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            script = compile(code, str(PAGE), 'exec')
            ended = self.assertRaises(
                SystemExit, exec, script, {'__name__': '__main__'}
            )
        return ended.code, said.getvalue()

    def test_example(self):
        for name, value in fake_cloud.ENVIRONMENT.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        image = self.fake.glance.add_image('img-root', b'root' * 999)
        code, said = self._run()
        self.assertEqual(0, code)
        label = f'image "img-root" ({image["id"]})'
        self.assertIn(f'{label}: image-download, 3,996 bytes\n', said)
        self.assertIn(f'{label}: complete, images/', said)
        (place,) = self.target.iterdir()
        self.assertIn(f'The backup set is in {place}.\n', said)

    def test_names_each_module(self):
        folder = pathlib.Path(operations.__file__).parent
        modules = {path.stem for path in folder.glob('*.py')}
        # These are for the modules beside them.
        inner = {
            '__init__',
            'choosable',
            'cloud_place',
            'file_work',
            'key_files',
            'key_sources',
            'leftovers',
            'limited',
            'locked',
            'qemu_opening',
            'readable',
            'running',
            'set_leftovers',
        }
        named = re.findall(r'^   \* - ``(\w+)``$', PAGE.read_text(), re.M)
        self.assertEqual(modules - inner, {*named})

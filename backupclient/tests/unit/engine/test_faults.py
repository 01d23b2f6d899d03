# SPDX-License-Identifier: Apache-2.0

import email
import importlib.metadata
import pathlib
import re
import stat

import fixtures
import testtools

from backupclient import errors
from backupclient.cloud import inventory
from backupclient.engine import faults
from backupclient.engine import journals
from backupclient.keys import passphrase
from backupclient.model import resources
from backupclient.model import tags
from backupclient.operations import cleanup
from backupclient.operations import leftovers
from backupclient.procedures import removal
from backupclient.tests.unit.engine import base

RUN = '20260102T030405Z-abcd'
SECRET = 'correct horse'


def _fail(text=SECRET):
    inside = 'x' * 77
    raise ZeroDivisionError(text + inside[:0])


def caught(function, *args):
    try:
        function(*args)
    except Exception as exc:
        return exc


class Metadata(fixtures.Fixture):
    """What the package says of itself."""

    def __init__(self, *lines):
        self.lines = lines

    def _setUp(self):
        found = email.message_from_string('\n'.join(self.lines))
        self.useFixture(
            fixtures.MonkeyPatch(
                'importlib.metadata.metadata', lambda _: found
            )
        )


class TestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.state = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', str(self.state))
        )
        journals.of(RUN).folder.mkdir(parents=True)

    def details(self, text):
        """Give the file that a message names."""
        return pathlib.Path(re.search(r'are in (\S+\.txt)\.', text)[1])


class ReasonTestCase(TestCase):
    def test_told(self):
        text = faults.reason(caught(_fail), RUN, 'volume "data"')
        self.assertTrue(
            text.startswith(
                'This is a fault of the program (ZeroDivisionError).'
            )
        )
        self.assertIn('Please report it with this file ', text)
        self.assertNotIn(SECRET, text)

    def test_details(self):
        text = faults.reason(caught(_fail), RUN, 'volume "da\x1bta"')
        file = self.details(text)
        self.assertEqual(journals.of(RUN).folder / 'faults', file.parent)
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        self.assertEqual(0o700, stat.S_IMODE(file.parent.stat().st_mode))
        said = file.read_text()
        for words in (
            f'python-backupclient {faults._version("python-backupclient")}, ',
            f'run {RUN}: volume "da\\x1bta"',
            'Traceback',
            'in _fail',
            f'builtins.ZeroDivisionError: {SECRET}',
        ):
            self.assertIn(words, said)
        # What a variable holds is in no traceback.
        self.assertNotIn('x' * 77, said)

    def test_each_has_a_file(self):
        exc = caught(_fail)
        files = {self.details(faults.reason(exc, RUN, 'x')) for _ in range(20)}
        self.assertEqual(20, len(files))

    def test_causes(self):
        def outer():
            try:
                _fail('inner')
            except ZeroDivisionError as exc:
                raise KeyError('outer') from exc

        said = self.details(faults.reason(caught(outer), RUN, 'x')).read_text()
        first = said.index('builtins.ZeroDivisionError: inner')
        self.assertLess(first, said.index("builtins.KeyError: 'outer'"))

    def test_code_that_handles_keys(self):
        """What it says may repeat a key, directly or as somebody's cause."""

        class Key:
            secret_type = 'symmetric'

            @property
            def payload(self):
                raise ValueError(SECRET)

        def outer():
            try:
                passphrase.candidates(Key())
            except ValueError as exc:
                raise RuntimeError(f'no: {exc}') from exc

        said = self.details(faults.reason(caught(outer), RUN, 'x')).read_text()
        self.assertNotIn(SECRET, said)
        self.assertIn('builtins.RuntimeError: (left out: ', said)
        self.assertIn('builtins.ValueError: (left out: ', said)
        self.assertIn('in candidates', said)

    def test_run_of_another_machine(self):
        text = faults.reason(caught(_fail), RUN.replace('abcd', 'efgh'), 'x')
        self.assertEqual(journals.home() / 'faults', self.details(text).parent)

    def test_disk_that_takes_nothing(self):
        (journals.of(RUN).folder / 'faults').write_text('in the way')
        text = faults.reason(caught(_fail), RUN, 'x')
        self.assertIn('could not be written down', text)
        self.assertIn('openstack --debug', text)

    def test_where_to_report_it(self):
        pages = (
            'Home-page: https://e.org/home',
            'Project-URL: Source, https://e.org/code',
            'Project-URL: Bug Tracker, https://e.org/bugs',
        )
        for lines, where in (
            ((), 'to the maintainers of python-backupclient.'),
            (pages[1:2], 'at https://e.org/code.'),
            (pages[:2], 'at https://e.org/home.'),
            (pages, 'at https://e.org/bugs.'),
        ):
            with Metadata(*lines):
                text = faults.reason(caught(_fail), RUN, 'x')
            self.assertIn(f'Please report it with this file {where}', text)

    def test_not_installed(self):
        def missing(name):
            raise importlib.metadata.PackageNotFoundError(name)

        for name in ('metadata', 'version'):
            self.useFixture(
                fixtures.MonkeyPatch(f'importlib.metadata.{name}', missing)
            )
        text = faults.reason(caught(_fail), RUN, 'x')
        self.assertIn('to the maintainers', text)

    def test_no_fault(self):
        exc = errors.WaitFailed('Image x is gone.')
        self.assertEqual('Image x is gone.', faults.said(exc, RUN, 'x'))
        self.assertFalse((journals.of(RUN).folder / 'faults').exists())
        self.assertIn('fault', faults.said(ValueError(), RUN, 'x'))


class RunTestCase(base.TestCase):
    """An item that meets a fault; the others are backed up."""

    def _break(self, owner, name, error):
        def broken(*args, **kwargs):
            raise error

        self.useFixture(fixtures.MonkeyPatch(f'{owner}.{name}', broken))

    def _faults(self):
        (one,) = self.journals()
        return sorted((one.folder / 'faults').iterdir())

    def test_item(self):
        self.fake.glance.add_image('golden', b'gold')
        self.fake.barbican.add_secret('word', b'word')
        self._break(
            'backupclient.cloud.image_data.ImageData', 'open', TypeError('odd')
        )
        report = self.start(
            self.plan(target=str(self.target), plaintext_keys=True)
        )
        self.assertEqual(
            {'golden': 'failed', 'word': 'complete'}, self.states(report)
        )
        self.assertEqual(3, report.exit_code)
        (failed,) = (
            one for one in report.outcomes if one.state.value == 'failed'
        )
        (file,) = self._faults()
        self.assertIn('a fault of the program (TypeError)', failed.reason)
        self.assertIn(str(file), failed.reason)
        said = file.read_text()
        self.assertIn('image "golden"', said)
        self.assertIn('builtins.TypeError: odd', said)
        self.assertIn('/procedures/backup/image_download.py', said)

    def test_undoing(self):
        self.fake.cinder.add_volume('data', b'data')
        self.fake.cinder.uploads = False
        self._break(
            'backupclient.procedures.volume_state', 'leave', TypeError('odd')
        )
        report = self.start(self.plan(target=str(self.target)))
        (outcome,) = report.outcomes
        told = ' '.join((outcome.reason, *outcome.notes))
        for file in self._faults():
            self.assertIn(str(file), told)
        self.assertIn('undo: ', ''.join(f.read_text() for f in self._faults()))

    def test_cleanup_goes_on(self):
        """One that meets a fault is counted, and the others are deleted."""
        run = '20260101T030405Z-abcd'
        source = resources.Resource(resources.Kind.VOLUME, 'data', 'elsewhere')
        for _ in range(2):
            self.fake.cinder.add_volume(
                tags.name(run, source),
                metadata=tags.metadata(run, source, tags.Role.TEMPORARY),
                created_at='2025-01-01T00:00:00',
            )
        found = leftovers.survey(
            self.cloud, inventory.read_leftovers(self.cloud)
        )
        bad = found[0].id
        whole = removal.Remover.volume

        def volume(remover, volume_id):
            if volume_id == bad:
                raise TypeError('odd')
            whole(remover, volume_id)

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.operations.cleanup._DELETE',
                {**cleanup._DELETE, found[0].kind: volume},
            )
        )
        done = cleanup.remove(self.cloud, self.clock, found, self.reporter)
        self.assertEqual(
            ['failed', 'deleted'], [one.action.value for one in done]
        )
        self.assertIn('fault of the program (TypeError)', done[0].reason)
        self.assertEqual(3, cleanup.exit_code(done))

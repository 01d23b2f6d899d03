# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import os
import signal
import sys
import types

import fixtures
import testtools

from backupclient.model import resources
from backupclient.model import tags
from backupclient.osc import streams
from backupclient.tests.unit.osc import base


class StreamTestCase(testtools.TestCase):
    def _dropped(self, opened, why):
        stream = streams.Stream(opened)
        self.assertEqual(3, stream.write('one'))
        self.assertEqual('', stream.failure)
        stream.flush()
        self.assertEqual(why, stream.failure)
        print('two', file=stream, flush=True)
        self.assertEqual(why, stream.failure)
        # Python flushes it once more when it ends.
        opened.flush()

    def test_nobody_reads(self):
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, 'w', encoding='utf-8') as opened:
            self._dropped(opened, 'Broken pipe')

    def test_full(self):
        with open('/dev/full', 'w', encoding='utf-8') as opened:
            self._dropped(opened, 'No space left on device')

    def test_like_the_stream(self):
        inner = base.Stream(terminal=True)
        stream = streams.Stream(inner)
        print('text', file=stream)
        self.assertEqual('text\n', inner.said)
        self.assertTrue(stream.isatty())
        self.assertEqual('utf-8', stream.encoding)

    def test_what_the_encoding_lacks(self):
        for encoding in ('ascii', 'iso-8859-1'):
            inner = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
            stream = streams.Stream(inner)
            self.assertEqual(3, stream.write('a\u6f22b'))
            stream.flush()
            self.assertEqual(b'a\\u6f22b', inner.buffer.getvalue())
            self.assertEqual('', stream.failure)


class LastingTestCase(testtools.TestCase):
    def _set(self, **opened):
        for name, stream in opened.items():
            self.useFixture(fixtures.MonkeyPatch(f'sys.{name}', stream))
        return types.SimpleNamespace(stdout=opened['stdout'])

    def test_closed_from_the_start(self):
        app = self._set(stdout=None, stderr=None)
        with streams.lasting(app) as stdout:
            self.assertIs(stdout, app.stdout)
            for stream in (app.stdout, sys.stdout, sys.stderr):
                print('text', file=stream, flush=True)
                self.assertFalse(stream.isatty())
            self.assertEqual('Bad file descriptor', stdout.failure)
            self.assertFalse(stdout.unwanted)
        self.assertEqual(
            (None, None, None), (app.stdout, sys.stdout, sys.stderr)
        )

    def test_given_back_and_flushed(self):
        out, err = base.Stream(), base.Stream()
        app = self._set(stdout=out, stderr=err)

        def fail():
            with streams.lasting(app):
                print('out', end='', file=app.stdout)
                print('err', end='', file=sys.stderr)
                raise ZeroDivisionError

        self.assertRaises(ZeroDivisionError, fail)
        self.assertEqual(('out', 'err'), (out.said, err.said))
        self.assertEqual((out, out, err), (app.stdout, sys.stdout, sys.stderr))


class CommandTestCase(base.TestCase):
    def _run(self, out, err, *words):
        self.out, self.err = out, err
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            return self.shell(*words)

    def test_output_that_nobody_takes(self):
        """The exit code tells of the work; that it was done is said."""
        self.fake.cinder.add_volume('data', b'data')
        self.fake.cinder.add_volume('broken', status='error')
        err = base.Stream()
        with open('/dev/full', 'w') as full:
            code = self._run(full, err, 'backup', 'run', '--all')
        self.assertEqual(3, code)
        self.assertIn('No space left on device', err.said)
        self.assertIn('1 complete, 0 failed, 1 skipped', err.said)
        self.assertEqual(1, len(self.fake.world.things['backups']))

    def test_output_that_is_all_there_is(self):
        """A plan that nobody can read was made for nothing."""
        self.fake.cinder.add_volume('data', b'data')
        words = ('run', '--all', '--to', str(self.target))
        self.assertEqual(0, self.openstack('backup', *words))
        source = ('--from', str(self.target))
        restore = ('restore', *source, '--all', '--suffix=-new')
        saved = ('--save', str(self.root / 'plan.json'))
        for code, words in (
            (1, ('plan', '--all')),
            (0, ('plan', '--all', *saved)),
            (1, (*restore, '--dry-run')),
            (0, restore),
            (0, ('verify', *source)),
            (1, ('history', *source)),
            (1, ('history', *source, '--runs')),
            (1, ('prune', *source, '--keep-last', '1', '--dry-run')),
            (0, ('prune', *source, '--keep-last', '1', '--yes')),
        ):
            err = base.Stream()
            with open('/dev/full', 'w') as full:
                found = self._run(full, err, 'backup', *words)
            self.assertEqual(code, found, (words, err.said))
            self.assertIn(
                'The output could not be written: No space left on device.',
                err.said,
            )

    def test_output_that_is_closed(self):
        """As with ``>&-``: the same as if the disk were full."""
        self.fake.cinder.add_volume('data', b'data')
        err = base.Stream()
        # Without rows there is no output that could be lost.
        self.assertEqual(0, self._run(None, err, 'backup', 'history'))
        self.assertNotIn('written', err.said)
        for code, *words in (1, 'plan'), (0, 'run', '--all'), (1, 'history'):
            err = base.Stream()
            self.assertEqual(code, self._run(None, err, 'backup', *words))
            self.assertIn(
                'The output could not be written: Bad file descriptor.',
                err.said,
            )

    def test_a_list_of_leftovers_that_is_all_there_is(self):
        tag = tags.Role.TEMPORARY
        source = resources.Resource(resources.Kind.VOLUME, 'data', 'id-1')
        for words in ('--dry-run', 1), ('--yes', 0):
            run = '20260101T000000Z-aaaa'
            self.fake.cinder.add_volume(
                tags.name(run, source),
                metadata=tags.metadata(run, source, tag),
            )
            err = base.Stream()
            with open('/dev/full', 'w') as full:
                code = self._run(full, err, 'backup', 'cleanup', words[0])
            self.assertEqual(words[1], code, err.said)
            self.assertIn('No space left on device', err.said)

    def test_reader_that_has_seen_enough(self):
        """A reader that leaves early is no failure: nothing is printed."""
        self.fake.cinder.add_volume('data', b'data')
        self.fake.cinder.add_volume('broken', status='error')
        to = ('--to', str(self.target))
        source = ('--from', str(self.target))
        for code, words in (
            (3, ('plan', '--all')),
            (3, ('run', '--all', *to)),
            (0, ('history', *source)),
            (0, ('verify', *source)),
        ):
            reading, writing = os.pipe()
            os.close(reading)
            err = base.Stream()
            with open(writing, 'w', encoding='utf-8') as pipe:
                found = self._run(pipe, err, 'backup', *words)
            self.assertEqual(code, found, (words, err.said))
            self.assertNotIn('roken pipe', err.said)
            self.assertNotIn('written', err.said)
            self.assertEqual(code == 3, 'Its state "error"' in err.said)

    def test_nobody_listens(self):
        self.fake.cinder.add_volume('data', b'data')
        out = base.Stream()
        with open('/dev/full', 'w') as full:
            code = self._run(
                out, full, 'backup', 'run', '--all', '-f', 'value'
            )
        self.assertEqual(0, code)
        self.assertIn('complete', out.said)

    def test_a_key_that_nobody_takes(self):
        self.fake.barbican.add_secret('word', b'sesame')
        err = base.Stream()
        words = ['backup', 'export-key', 'word', '--file', '-']
        with open('/dev/full', 'w') as full:
            self.assertEqual(1, self._run(full, err, *words))
        self.assertIn('No space left on device', err.said)
        self.useFixture(fixtures.MonkeyPatch('sys.__stdout__', None))
        self.assertEqual(2, self._run(base.Stream(), err, *words))
        self.assertIn('stdout is closed', err.said)

    def test_signals_while_it_plans(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            before = signal.signal(number, signal.SIG_DFL)
            self.addCleanup(signal.signal, number, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.fake.cinder.add_volume('data', b'data')
        seen = []

        def interrupt():
            seen.append(signal.getsignal(signal.SIGTERM))
            seen.append(signal.getsignal(signal.SIGHUP))
            raise KeyboardInterrupt

        self.fake.fail(interrupt, 'GET cinder /volumes')
        self.assertEqual(130, self.openstack('backup', 'run', '--all'))
        self.assertEqual([signal.default_int_handler] * 2, seen)
        self.assertIn('Interrupted.', self.err.said)
        self.assertEqual([], self.fake.asked('POST'))
        self.assertIs(signal.SIG_DFL, signal.getsignal(signal.SIGTERM))

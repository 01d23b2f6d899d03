# SPDX-License-Identifier: Apache-2.0
"""The page as a whole."""

import dataclasses

import hypothesis
import testtools
from testtools import matchers

from backupclient.model import copies
from backupclient.model import outcome
from backupclient.model import plans
from backupclient.model import requests
from backupclient.sets.instructions import page
from backupclient.tests.unit.sets import samples
from backupclient.tests.unit.sets import values
from backupclient.tests.unit.sets.instructions import commands

EVIL = (
    '`x`\n# title\n\n```\n$(touch pwned) \'; touch pwned; "`touch pwned`'
    '${IFS}<b>&amp;\x1b[2J\u202e--x'
)


def titles(text):
    return [line for line in text.splitlines() if line.startswith('#')]


class TestPage(testtools.TestCase):
    def test_titles(self):
        self.assertEqual(
            [
                f'# How to restore `{samples.RUN}`',
                '## First',
                '## Secrets',
                '### Secret 1: `tls`',
                '## Images',
                '### Image 1: `golden image`',
                '## Volumes',
                '### Volume 1: `web root`',
                '### Volume 2: `web data`',
                '### Volume 3: `archive`',
                '### Volume 4: `broken`',
                '## Servers',
                '### Server 1: `web`',
                '## If something fails',
            ],
            titles(page.render(samples.EVERYTHING)),
        )

    def test_starts_with_what_is_missing(self):
        text = page.render(samples.EVERYTHING)
        before, _, _ = text.partition('## First')
        for part in (
            'Incomplete: 1 of 7 resources',
            'failed: volume "broken" (1-4)',
            'Volume 1-4 is in the state error',
            'The quota of volumes is nearly used up.',
            'web shop (p-1)',
            'https://cloud.example/v3 one',
            'crash-consistent',
            'power failure',
        ):
            self.assertThat(before, matchers.Contains(part))
        self.assertThat(text, matchers.Not(matchers.Contains('Complete:')))

    def test_complete(self):
        text = page.render(
            samples.manifest(samples.volume_entry(samples.ROOT))
        )
        self.assertThat(text, matchers.Contains('**Complete:** all of 1'))
        for part in (
            'Incomplete',
            'crash',
            '## Secrets',
            '## Servers',
            '`age`',
        ):
            self.assertThat(text, matchers.Not(matchers.Contains(part)))

    def test_no_number_is_missing(self):
        """A resource that has nothing to restore has its section too."""
        text = page.render(
            samples.manifest(
                *(
                    dataclasses.replace(
                        entry, file=None, state=outcome.State.FAILED
                    )
                    for entry in (
                        samples.secret_entry(samples.SECRET),
                        samples.image_entry(samples.IMAGE),
                        samples.volume_entry(samples.ROOT),
                        samples.server_entry(samples.SERVER),
                    )
                ),
                samples.volume_entry(samples.DATA),
                samples.image_entry(samples.IMAGE),
                samples.secret_entry(samples.SECRET),
            )
        )
        self.assertEqual(
            [
                '### Secret 1: `tls`',
                '### Secret 2: `tls`',
                '### Image 1: `golden image`',
                '### Image 2: `golden image`',
                '### Volume 1: `web root`',
                '### Volume 2: `web data`',
                '### Server 1: `web`',
            ],
            [title for title in titles(text) if title.startswith('###')],
        )

    def test_other_names(self):
        """Each new thing gets the reader's ending, and no temporary."""
        manifest = samples.manifest(
            samples.secret_entry(samples.SECRET),
            samples.image_entry(samples.IMAGE),
            samples.volume_entry(samples.ROOT),
            samples.server_entry(
                dataclasses.replace(samples.SERVER, image_id='i')
            ),
        )
        for suffix, ending in (('', ''), ("SUFFIX='-r x'", '-r x')):
            shell = self.useFixture(commands.Shell())
            path = manifest.items[0].file.path
            shell.put(path, b'x')
            shell.run(
                'NETWORK=net',
                suffix,
                *commands.scripts(page.render(manifest)),
            )
            made = [commands.parsed(c) for c in shell.calls if 'create' in c]
            names = [getattr(m, 'server_name', None) or m.name for m in made]
            self.assertEqual(
                [
                    f'golden image{ending}',
                    f'restore-{samples.ROOT.id}',
                    f'web root{ending}',
                    f'restore-{samples.SERVER.id}',
                    f'web{ending}',
                ],
                names,
            )
            self.assertEqual(f'tls{ending}', shell.requests[0][2]['name'])

    def test_checks_come_first(self):
        text = page.render(samples.EVERYTHING)
        self.assertThat(
            text, matchers.Contains('\n    sha512sum -c SHA512SUMS\n')
        )

    def test_how_to_decrypt(self):
        text = page.render(samples.EVERYTHING)
        self.assertThat(text, matchers.Contains('\n    age1qqq\n'))
        self.assertThat(text, matchers.Contains('IDENTITY='))

    def test_failed_item_with_a_copy_says_so(self):
        text = page.render(
            samples.manifest(
                samples.volume_entry(
                    samples.ROOT,
                    state=outcome.State.FAILED,
                    reason='The image could not be deleted.',
                )
            )
        )
        self.assertThat(
            text,
            matchers.Contains('failed        The image could not be deleted.'),
        )

    def test_no_line_of_prose_is_long(self):
        for line in page.render(samples.EVERYTHING).splitlines():
            self.assertTrue(len(line) < 80 or line.startswith('    '), line)

    @hypothesis.given(values.MANIFESTS)
    @hypothesis.settings(max_examples=40, deadline=None)
    def test_any_manifest(self, manifest):
        text = page.render(manifest)
        text.encode()
        self.assertTrue(text.replace('\n', '').isprintable())
        # Else two blocks were one, and facts were pasted with commands.
        self.assertNotRegex(text, r'\n    .*\n\n    ')


def evil(value):
    """A record whose texts are all hostile, but for IDs and paths."""
    kept = {
        'id',
        'image_id',
        'key_id',
        'path',
        'status',
        'device',
        'server_id',
    }
    texts = {
        field.name: EVIL
        for field in dataclasses.fields(value)
        if type(getattr(value, field.name)) is str and field.name not in kept
    }
    maps = {
        field.name: {EVIL: EVIL, '-x': '-y', '': 'x', 'a': ''}
        for field in dataclasses.fields(value)
        if isinstance(getattr(value, field.name), dict)
    }
    return dataclasses.replace(value, **texts, **maps)


class TestHostileCloud(testtools.TestCase):
    """Each name, type and property is a try to break out."""

    def setUp(self):
        super().setUp()
        image = dataclasses.replace(
            evil(samples.IMAGE),
            disk_format='qcow2',
            container_format='bare',
            tags=(EVIL, '-x'),
        )
        server = dataclasses.replace(
            evil(samples.SERVER), root_device='/dev/vda', image_id=''
        )
        self.manifest = samples.manifest(
            *(
                dataclasses.replace(
                    entry, resource=evil(entry.resource), notes=(EVIL,)
                )
                for entry in (
                    samples.secret_entry(evil(samples.SECRET)),
                    samples.image_entry(image),
                    samples.volume_entry(
                        evil(samples.ROOT),
                        state=outcome.State.FAILED,
                        reason=EVIL,
                    ),
                    samples.volume_entry(
                        evil(samples.DATA),
                        key=samples.key_record('keys/volume-1.key'),
                    ),
                    samples.volume_entry(
                        evil(samples.ARCHIVE),
                        procedure=plans.Procedure.VOLUME_BACKUP,
                        file=None,
                        artifact=copies.Artifact('backup', 'b-1', EVIL),
                    ),
                    samples.server_entry(server),
                )
            ),
            identity=evil(samples.IDENTITY),
            cautions=(EVIL,),
            request=requests.Request(recipients=(EVIL,)),
        )
        self.page = page.render(self.manifest)

    def test_page_keeps_its_titles(self):
        self.assertEqual(
            ['#', '##', '##', '###', '##', '###', '##']
            + ['###'] * 3
            + ['##', '###', '##'],
            [title.split()[0] for title in titles(self.page)],
        )
        self.assertTrue(self.page.replace('\n', '').isprintable())

    def test_commands_keep_their_words(self):
        shell = self.useFixture(commands.Shell())
        for item in self.manifest.items:
            for named in (item.file, item.key):
                if named:
                    shell.put(named.path, b'0a')
        shell.run('NETWORK=net', *commands.scripts(self.page))
        self.assertEqual([], list(shell.folder.glob('**/pwned')))
        made = [
            commands.parsed(call)
            for call in shell.calls
            if call[0] != 'secret' and call[1] == 'create'
        ]
        self.assertThat(made, matchers.HasLength(8))
        self.assertEqual(
            [EVIL] * 5,
            [
                name
                for call in made
                for name in [
                    getattr(call, 'name', None)
                    or getattr(call, 'server_name', None)
                ]
                if name and not name.startswith('restore-')
            ],
        )

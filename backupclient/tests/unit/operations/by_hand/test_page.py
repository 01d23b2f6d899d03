# SPDX-License-Identifier: Apache-2.0
"""The page as a whole."""

import dataclasses
import textwrap

import fixtures
import hypothesis
import testtools
from testtools import matchers

from backupclient.model import copies
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import results
from backupclient.operations import plan
from backupclient.operations.by_hand import home
from backupclient.operations.by_hand import page
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.sets import samples
from backupclient.tests.unit.sets import values

EVIL = (
    '`x`\n# title\n\n```\n$(touch pwned) \'; touch pwned; "`touch pwned`'
    '${IFS}<b>&amp;\x1b[2J\u202e--x'
)


def titles(text):
    return [line for line in text.splitlines() if line.startswith('#')]


def words(text):
    """The words of a page on one line: comments are broken anywhere."""
    lines = (line.strip(' #') for line in text.splitlines())
    return ' '.join(' '.join(lines).split())


class TestPage(testtools.TestCase):
    def test_titles(self):
        self.assertEqual(
            [
                f'# How to restore `{samples.RUN}`',
                '## First',
                '## Secrets',
                '### Secret `tls`',
                '## Images',
                '### Image `golden image`',
                '## Volumes',
                '### Volume `web root`',
                '### Volume `web data`',
                '### Volume `archive`',
                '### Volume `broken`',
                '## Servers',
                '### Server `web`',
                '## What is back',
                '## If something fails',
            ],
            titles(page.render(samples.EVERYTHING)),
        )

    def test_starts_with_what_is_missing(self):
        text = page.render(samples.EVERYTHING)
        before = words(text.partition('## First')[0])
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
        self.assertThat(text, matchers.Contains('# Complete: all of 1'))
        for part in (
            'Incomplete',
            'crash',
            '## Secrets',
            '## Servers',
            'client, age',
            'IDENTITY',
            'barbican',
        ):
            self.assertThat(text, matchers.Not(matchers.Contains(part)))

    def test_nothing_complete(self):
        entry = samples.volume_entry(
            samples.ROOT, file=None, state=results.State.FAILED
        )
        text = page.render(samples.manifest(entry))
        self.assertIn('Nothing in this folder is complete', text)
        self.assertIn('There are no commands for it.', words(text))
        self.assertNotIn('volume create', text)

    def test_not_all_was_looked_at(self):
        text = page.render(samples.manifest(state=manifests.State.INCOMPLETE))
        self.assertIn('Incomplete: all of 0 resources are there', text)

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
        for ending in ('', '-r x'):
            shell = self.useFixture(commands.Shell())
            for item in manifest.items:
                shell.put(item.file.path, b'x')
            done = shell.run(page.render(manifest), SUFFIX=ending)
            self.assertEqual(0, done.returncode, done.stdout)
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
            self.assertIn(f'{samples.ROOT.id} is now new-volume', done.stdout)

    def test_set_that_is_in_no_folder(self):
        for target, said in (
            ('/backups', False),
            ('restic:/srv/repository', True),
            ('rclone:remote:backups', True),
        ):
            asked = requests.Request(everything=True, target=target)
            text = words(page.render(samples.manifest(request=asked)))
            self.assertIs(said, 'The set is in no folder.' in text, target)

    def test_damage_ends_a_script(self):
        entry = samples.volume_entry(samples.ROOT)
        shell = self.useFixture(commands.Shell())
        shell.put(entry.file.path, b'x')
        (shell.folder / entry.file.path).write_bytes(b'y')
        done = shell.run(page.render(samples.manifest(entry)))
        self.assertEqual(1, done.returncode)
        self.assertEqual([], shell.calls)

    def test_as_the_restore_says(self):
        """The commands of the page are those of the plan's steps."""
        planned = home.plan(samples.EVERYTHING)
        text = page.render(samples.EVERYTHING)
        said = [one.command for one in plan.steps(planned)]
        self.assertThat(said, matchers.HasLength(15))
        for command in said:
            self.assertIn(textwrap.indent(command, '    '), text)

    def test_how_to_decrypt(self):
        text = page.render(samples.EVERYTHING)
        self.assertThat(text, matchers.Contains('\n    # - age1qqq\n'))
        self.assertThat(text, matchers.Contains('    IDENTITY='))

    def test_failed_item_says_so(self):
        text = page.render(
            samples.manifest(
                samples.volume_entry(
                    samples.ROOT,
                    state=results.State.FAILED,
                    reason='The image could not be deleted.',
                )
            )
        )
        self.assertThat(
            text,
            matchers.Contains('failed       The image could not be deleted.'),
        )

    def test_what_cannot_be_planned(self):
        """Two resources with one ID: somebody has written the manifest."""
        entry = samples.volume_entry(samples.ROOT)
        text = words(page.render(samples.manifest(entry, entry)))
        self.assertIn('occurs more than once in the backup', text)

    def test_fault_of_ours_in_the_plan(self):
        text = page.render(
            samples.manifest(samples.volume_entry(samples.ROOT), run='no run')
        )
        self.assertIn('The commands could not be written', text)
        self.assertIn('### Volume `web root`', text)
        self.assertNotIn('openstack volume create', text)

    def test_fault_of_ours_in_a_command(self):
        entry = samples.volume_entry(
            samples.DATA, key=samples.key_record('keys/volume-1.key')
        )
        other = samples.volume_entry(samples.ARCHIVE)

        def fails(_item):
            raise ValueError

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.procedures.restore.key_store.StoreKey.command',
                staticmethod(fails),
            )
        )
        key = samples.key_record(f'keys/volume-{samples.DATA.id}.key')
        entry = samples.volume_entry(samples.DATA, key=key)
        text = page.render(samples.manifest(entry, other))
        self.assertIn('The commands could not be written', text)
        self.assertIn('openstack volume create', text)
        self.assertNotIn('web data\'"$SUFFIX"', text)

    def test_text_is_not_wide(self):
        for line in page.render(samples.EVERYTHING).splitlines():
            self.assertTrue(
                len(line) < 80 or not line.startswith('    #'), line
            )

    @hypothesis.given(values.MANIFESTS)
    @hypothesis.settings(max_examples=40, deadline=None)
    def test_any_manifest(self, manifest):
        text = page.render(manifest)
        text.encode()
        self.assertTrue(text.replace('\n', '').isprintable())


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
                        state=results.State.FAILED,
                        reason=EVIL,
                    ),
                    samples.volume_entry(
                        evil(samples.DATA),
                        key=samples.key_record(
                            f'keys/volume-{samples.DATA.id}.key'
                        ),
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
            + ['##', '###', '##', '##'],
            [title.split()[0] for title in titles(self.page)],
        )
        self.assertTrue(self.page.replace('\n', '').isprintable())

    def test_commands_keep_their_words(self):
        shell, made = commands.done(self, self.manifest)
        self.assertEqual([], list(shell.folder.glob('**/pwned')))
        names = [
            getattr(call, 'name', None) or getattr(call, 'server_name', None)
            for call in made
        ]
        self.assertEqual(
            [EVIL] * 4,
            [n for n in names if n and not n.startswith('restore-')],
        )
        self.assertEqual(EVIL, shell.requests[0][2]['name'])

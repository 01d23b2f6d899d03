# SPDX-License-Identifier: Apache-2.0
"""The commands of all steps are commands of the installed client."""

import dataclasses

import testtools

from backupclient.model import plans
from backupclient.model import restores
from backupclient.operations.by_hand import home
from backupclient.procedures import registry
from backupclient.procedures.backup import server_power
from backupclient.procedures.restore import shell
from backupclient.tests.unit.engine import projects
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.sets import samples

_WHAT_IS_NOT_OURS = 'secret'
"""These commands are in a plugin of the client, python-barbicanclient."""


def backups():
    """Items of each procedure that backs up, in each of its ways."""
    procedures = plans.Procedure
    for procedure in (procedures.SNAPSHOT_IMAGE, procedures.VOLUME_IMAGE):
        for more in ({}, {'to_file': True}, {'keep_image': True}):
            yield projects.volume('v', procedure, 's', result='f', **more)
    for incremental in (True, False):
        yield projects.volume(
            'v', procedures.VOLUME_BACKUP, 's', incremental=incremental
        )
    yield projects.server('s', to_file=True, result='f')
    yield projects.server('s', keep_image=True)
    yield dataclasses.replace(projects.image('i'), result='f')
    yield dataclasses.replace(projects.secret('c'), result='f')


def restored():
    """Items of each procedure that restores, in each of its ways."""
    file = samples.volume_entry(samples.ROOT).file
    key = samples.key_record(f'keys/volume-{samples.DATA.id}.key')
    vault = samples.volume_entry(
        dataclasses.replace(samples.DATA, read_only=True), key=key
    )
    image = dataclasses.replace(
        samples.IMAGE, hidden=True, protected=True, tags=('a b', '-x')
    )
    server = dataclasses.replace(
        samples.SERVER,
        image_id='i',
        tags=('a b',),
        description='it is\nlong',
        config_drive=True,
        availability_zone='z',
        security_groups=('g',),
    )
    planned = home.plan(
        samples.manifest(
            *(
                one
                for one in samples.EVERYTHING.items
                if one.volume is None or one.key is None
            ),
            vault,
            samples.image_entry(dataclasses.replace(image, id='2-2')),
            samples.server_entry(dataclasses.replace(server, id='5-2')),
        )
    )
    for item in planned.items:
        task = item.restore
        yield item
        yield dataclasses.replace(
            item, task=dataclasses.replace(task, drill=True)
        )
        if item.volume and file and task.source.key:
            new = dataclasses.replace(task.new, way=restores.Way.OPENED)
            yield dataclasses.replace(
                item, task=dataclasses.replace(task, new=new)
            )


class CommandsTestCase(testtools.TestCase):
    def calls(self, items, texts):
        """What the client is called with by commands of some steps."""
        bash = self.useFixture(commands.Shell())
        done = bash.run(
            'declare -A new',
            'IMAGE=id KEY=id VOLUME=id SERVER=id',
            *(f'{shell.new(one.resource.id)}=id' for one in items),
            'qemu-img() { :; }; barbican() { echo id; }; cat() { :; }',
            shell.READY,
            *texts,
            'echo So far.',
        )
        self.assertIn('So far.', done.stdout)
        return bash.calls

    def assert_parsed(self, items, known):
        texts = [
            step.command(item)
            for item in items
            for step in registry.steps(item)
        ]
        found = set()
        for call in self.calls(items, filter(None, texts)):
            words = call[2:] if call[0].startswith('--os-') else call
            found.add(' '.join(words[:2]))
            if words[0] != _WHAT_IS_NOT_OURS:
                commands.parsed(call)
        self.assertEqual(known, found)

    def test_backup(self):
        self.assert_parsed(
            [*backups()],
            {
                'image create',
                'image delete',
                'image save',
                'image show',
                'secret get',
                'server image',
                'volume backup',
                'volume create',
                'volume delete',
                'volume snapshot',
            },
        )

    def test_power(self):
        server = projects.server('s')
        steps = (*server_power.STOP, *server_power.START)
        texts = [step.command(server) for step in steps]
        calls = self.calls([server], filter(None, texts))
        self.assertEqual(['stop', 'start'], [call[1] for call in calls])
        for call in calls:
            commands.parsed(call)

    def test_restore(self):
        self.assert_parsed(
            [*restored()],
            {
                'image create',
                'image delete',
                'image set',
                'image show',
                'secret delete',
                'server create',
                'server delete',
                'server show',
                'volume create',
                'volume delete',
                'volume set',
                'volume show',
                'volume unset',
            },
        )

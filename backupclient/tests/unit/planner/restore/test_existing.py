# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import resources
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

IMAGE = samples.image('golden')
SECRET = samples.secret('tls')
SERVER = samples.server(
    'web', image_id='', flavor_name='m1.small', vcpus=1, ram_mib=2048
)
ROOT = samples.volume(
    'root',
    type_name='ssd',
    attachments=(resources.Attachment(SERVER.id, '/dev/vda'),),
)
EVERY = (IMAGE, SECRET, ROOT, SERVER)


def backup_of(record):
    return base.whole(record) if record is SERVER else base.entry(record)


def restored(record, **marks):
    """Something that a restore made of a resource, unless marks differ."""
    found = {
        'backupclient_source': f'{record.resource.kind}/{record.id}',
        'backupclient_role': 'restored',
        **marks,
    }
    field = 'properties' if record is IMAGE else 'metadata'
    return dataclasses.replace(record, id='new', **{field: found})


class TestSkipExisting(base.TestCase):
    def made(self, record, there, **options):
        options.setdefault('skip_existing', True)
        others = [base.entry(ROOT)] if record is SERVER else []
        return self.item(backup_of(record), *others, there=there, **options)

    def test_under_its_id(self):
        for record in EVERY:
            item = self.made(record, [record])
            self.assertIsNone(item.restore)
            self.assertTrue(item.possible)
            self.says(item.reason, 'still exists')
            self.assertEqual(record.id, item.task.id)

    def test_restored_before(self):
        for record in EVERY:
            item = self.made(record, [restored(record)])
            self.assertIsNone(item.restore)
            self.says(item.reason, 'new was restored')
            self.assertEqual('new', item.task.id)

    def test_both(self):
        for record in EVERY:
            item = self.made(record, [restored(record), record])
            self.assertEqual(record.id, item.task.id)

    def test_what_is_no_restored_one(self):
        for record in EVERY:
            for marks in (
                {'backupclient_role': 'artifact'},
                {'backupclient_role': 'temporary'},
                {'backupclient_source': f'{record.resource.kind}/other'},
                {'backupclient_source': f'x/{record.id}'},
            ):
                item = self.made(record, [restored(record, **marks)])
                self.assertIsNotNone(item.restore)

    def test_inherited_marks(self):
        image = restored(IMAGE, backupclient_image='another')
        self.assertIsNotNone(self.made(IMAGE, [image]).restore)

    def test_only_when_asked_for(self):
        for record in EVERY:
            item = self.made(record, [record], skip_existing=False)
            self.assertIsNotNone(item.restore)

    def test_not_readable(self):
        for record in EVERY:
            kind = record.resource.kind
            cloud = {'unread': {kind: 'It says 500.'}}
            item = self.made(record, [], cloud=cloud)
            self.refuses(item, '500', '--skip-existing')

    def test_plan_is_complete(self):
        made = self.plan(
            *map(backup_of, EVERY), there=EVERY, skip_existing=True
        )
        self.assertTrue(made.complete)
        self.assertEqual(0, made.bytes_to_move)

    def test_server_whose_volume_is_there(self):
        item = self.made(SERVER, [ROOT])
        self.refuses(
            item, ROOT.resource.label, 'Nothing that exists', '--skip-existing'
        )
        self.assertTrue(self.made(SERVER, [ROOT, SERVER]).possible)

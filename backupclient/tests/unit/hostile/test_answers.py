# SPDX-License-Identifier: Apache-2.0
"""A cloud that answers with anything: what it says is used or refused."""

import functools
import json

import fixtures
import hypothesis
from hypothesis import strategies as st
import requests

from backupclient import errors
from backupclient.cloud import inventory
from backupclient.cloud import refusals
from backupclient.model import inventories
from backupclient.osc import display
from backupclient.tests.unit import examples
from backupclient.tests.unit.cloud import base
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds
from backupclient.tests.unit.hostile import values

HEADERS = {
    'Content-Range': ('bytes 0-', 'bytes \xb2-', 'bytes -1-', '9' * 5000),
    'Content-Type': (
        'application/json',
        'text/html; charset=idna',
        'text/html; charset=undefined',
        'text/html; charset=\0',
        'text/plain; charset=utf-7',
    ),
    'Date': (
        'Fri, 02 Jan 2026 03:04:05 GMT',
        'Fri, 02 Jan 2026 03:04:05 -0000',
        'Fri, 99 Jan 99999 03:04:05 +9999',
        '\xb2',
        '',
    ),
    'Retry-After': ('0', '9', '\xb2', '9' * 5000, '-1', 'Fri', '1e9'),
}
headers = st.fixed_dictionaries(
    {},
    optional={name: st.sampled_from(said) for name, said in HEADERS.items()},
)
VOLUME, IMAGE = '00000001-volume', '00000001-image'
SERVER, SECRET = '00000001-server', '00000001-secret'
# A request, and what asks for it.
CALLS = {
    'GET cinder /volumes/detail': lambda c: inventory.read(c),
    'GET cinder /snapshots/detail': lambda c: inventory.read(c),
    'GET cinder /backups/detail': lambda c: inventory.read(c),
    f'GET cinder /os-quota-sets/{worlds.PROJECT}': lambda c: inventory.read(c),
    'GET glance /images': lambda c: inventory.read(c, ['a name']),
    'GET nova /servers/detail': lambda c: inventory.read(c),
    'GET barbican /secrets': lambda c: inventory.read(c),
    'GET barbican /containers': lambda c: inventory.read(c),
    f'GET cinder /volumes/{VOLUME}': lambda c: c.cinder.volume_state(VOLUME),
    f'GET glance /images/{IMAGE}': lambda c: c.glance.image(IMAGE),
    f'GET nova /servers/{SERVER}': lambda c: c.nova.server(SERVER),
    f'GET barbican /secrets/{SECRET}': lambda c: c.barbican.secret(SECRET),
    'POST cinder /snapshots': lambda c: c.cinder.create_snapshot(
        VOLUME, 'name', {}
    ),
    'POST cinder /backups': lambda c: c.cinder.create_backup(
        VOLUME, 'name', {}, description='', incremental=False, in_use=True
    ),
    f'POST cinder /volumes/{VOLUME}/action': lambda c: c.cinder.create_image(
        VOLUME, 'name'
    ),
    f'POST nova /servers/{SERVER}/action': lambda c: c.nova.create_image(
        SERVER, 'name', {}
    ),
}


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.LoggerFixture('keystoneauth'))
        fake = self.fake
        fake.nova.add_server(
            'web',
            b'boot',
            addresses={'net': [{'addr': '10.0.0.1', 'version': 4}]},
            security_groups=[{'name': 'default'}],
        )
        volume = fake.cinder.add_volume('data', server=SERVER)
        fake.cinder.add_backup(volume, 'backup')
        fake.world.add(
            'snapshots',
            'snapshot',
            status='available',
            volume_id=VOLUME,
            size=1,
        )
        fake.glance.add_image('image', b'image')
        fake.barbican.add_container(
            'box', key=fake.barbican.add_secret('password', b'secret')
        )

    def go(self, work):
        """Ask: there is an answer, or an error for people."""
        try:
            return work(self.cloud)
        except errors.BackupError as error:
            self.assertLess(len(str(error)), 900)
            self.assertFalse(values.obeys(display.clean(str(error))))
            return None

    def genuine(self, words):
        """What the cloud really answers."""
        method, service, path = words.split()
        if method == 'POST':
            id_ = '00000009-image'
            return {
                'snapshot': {'id': id_},
                'backup': {'id': id_},
                'os-volume_upload_image': {'image_id': id_},
                'image_id': id_,
            }
        request = wire.Request(method, service, path, {}, {}, b'')
        return getattr(self.fake, service).answer(request).json


class TestAnswers(TestCase):
    @examples.examples(120)
    @hypothesis.given(st.data())
    def test_changed(self, data):
        words = data.draw(st.sampled_from(sorted(CALLS)))
        answer = self.genuine(words)
        body = data.draw(values.files(json.dumps(answer)))
        fault = wire.Answer(200, content=body)
        self.fake.faults.clear()
        self.fake.fail(fault, words, times=50, same=False)
        found = self.go(CALLS[words])
        if isinstance(found, inventories.Inventory):
            # What was taken can be written down and shown.
            json.dumps([one.resource.label for one in found.volumes])
            for one in (*found.volumes, *found.snapshots, *found.backups):
                display.size(one.size)

    def test_unchanged(self):
        for words, call in CALLS.items():
            answer = wire.Answer(200, json=self.genuine(words))
            self.fake.faults.clear()
            self.fake.fail(answer, words, times=50, same=False)
            self.assertIsNotNone(self.go(call), words)

    @examples.examples(60)
    @hypothesis.given(
        st.sampled_from((200, 202, 204, 206, 302, 400, 403, 404, 409, 413))
        | st.sampled_from((418, 429, 500, 503)),
        headers,
        st.binary(max_size=100)
        | st.sampled_from((b'[' * 100_000, b'{"a":' * 100_000))
        | st.builds(lambda value: json.dumps(value).encode(), values.anything),
    )
    def test_any_body(self, status, said, body):
        for words in ('GET cinder', 'GET glance', 'PATCH glance'):
            self.fake.faults.clear()
            answer = wire.Answer(status, content=body, headers=dict(said))
            self.fake.fail(answer, words, times=50, same=False)
            self.go(lambda cloud: cloud.cinder.volume(VOLUME))
            self.go(lambda cloud: self.download(cloud))
            now = self.go(lambda cloud: cloud.glance.renew_lease(IMAGE, {}))
            if now is not None:
                self.assertIsNotNone(now.tzinfo)

    def download(self, cloud):
        with cloud.glance.data(IMAGE).open(3) as opened:
            opened.read(10)
            return opened.start

    def test_ids_that_lead_elsewhere(self):
        """Nothing that a service calls an ID becomes a path."""
        for id_ in values.PATHS:
            for words, answer in (
                ('GET cinder /volumes', {'volumes': [{'id': id_}]}),
                ('GET nova /servers', {'servers': [{'id': id_}]}),
                ('GET glance /images', {'images': [{'id': id_}]}),
                ('GET barbican /secrets', {'secrets': [{'secret_ref': id_}]}),
            ):
                if words.endswith('secrets') and '/' in id_:
                    continue
                self.fake.faults.clear()
                self.fake.fail(wire.Answer(json=answer), words)
                read = inventory.read(self.cloud)
                self.assertEqual(1, len(read.unread), (words, id_))
                kind = f'{next(iter(answer))}'
                self.assertEqual((), getattr(read, kind), (words, id_))
            for words, call in CALLS.items():
                if words.startswith('POST'):
                    text = json.dumps(self.genuine(words))
                    answer = json.loads(text.replace('00000009-image', 'ID'))
                    for each in (answer, *answer.values()):
                        for key in ('id', 'image_id'):
                            if isinstance(each, dict) and key in each:
                                each[key] = id_
                    self.fake.faults.clear()
                    self.fake.fail(wire.Answer(202, answer), words)
                    self.assertIsNone(self.go(call), (words, id_))

    def test_typed_names(self):
        """A name is looked for; only an ID becomes a path."""
        for name in (*values.NAMES, *values.PATHS):
            self.fake.seen.clear()
            self.go(functools.partial(inventory.read, images=[name]))
            for request in self.fake.seen:
                if request.service == 'glance':
                    self.assertIn(request.path, ('/images', f'/images/{name}'))
                    self.assertNotIn('/images/..', request.path)

    def test_lists_without_end(self):
        for words, answer in (
            ('GET barbican /secrets', {'secrets': [], 'total': 10**15}),
            (
                'GET glance /images',
                {'images': [{'id': IMAGE}], 'next': '/v2/images?marker=x'},
            ),
        ):
            self.fake.faults.clear()
            self.fake.seen.clear()
            self.fake.fail(
                wire.Answer(json=answer), words, times=10_000, same=False
            )
            self.go(inventory.read)
            self.assertLess(len(self.fake.seen), 50)


class TestRefusals(TestCase):
    @examples.examples(60)
    @hypothesis.given(st.binary() | values.texts.map(json.dumps), headers)
    def test_any_body(self, body, said):
        answer = requests.Response()
        answer.status_code = 413
        answer.headers.update(said)
        answer._content = body if isinstance(body, bytes) else body.encode()
        self.assertLess(len(refusals.explain(answer)), 501)
        self.assertIsInstance(refusals.error(answer, 'try'), errors.CloudError)

    def test_no_time_is_lost_with_the_body(self):
        """A page that is made to be slow is no slower than another one."""
        for body in (b'<' * 65536, b'<title>' * 9000, b'<a ' * 20000):
            answer = requests.Response()
            answer.status_code = 500
            answer._content = body
            refusals.explain(answer)

# SPDX-License-Identifier: Apache-2.0
"""What is backed up is deleted meanwhile, on real services."""

import os
import types

import fixtures

from backupclient import clocks
from backupclient.cloud import barbican_api
from backupclient.cloud import cinder_api
from backupclient.cloud import door
from backupclient.cloud import image_data
from backupclient.cloud import inventory
from backupclient.cloud import nova_api
from backupclient.model import requests
from backupclient.model import results
from backupclient.operations import running
from backupclient.osc import progress
from backupclient.planner import backup
from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class DeletedTestCase(base.TestCase):
    def back_up(self, owner, method, meanwhile, **selection):
        """Back up in this process, and do something around one call.

        :param meanwhile: is given the call, which it has to make.
        """
        real = getattr(owner, method)

        def call(*arguments, **options):
            return meanwhile(lambda: real(*arguments, **options))

        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_STATE_HOME', self.tenant.environment()['XDG_STATE_HOME']
            )
        )
        system = clocks.SystemClock()
        there = door.connect(self.tenant.conn, system)
        wanted = requests.Request(target=str(self.target), **selection)
        plan = backup.plan(wanted, inventory.read(there))
        name = f'{owner.__module__}.{owner.__name__}.{method}'
        with fixtures.MonkeyPatch(name, call):
            report = running.start(
                there,
                system,
                plan,
                progress.Lines(),
                parallel=2,
                timeout=600.0,
            )
        [one] = report.outcomes
        self.assertIs(results.State.FAILED, one.state, one)
        self.assertEqual((), one.notes)
        return one.reason

    def check(self, reason, kind, thing):
        self.assertEqual(
            f'The {kind} "{thing.name}" ({thing.id}) was deleted during the '
            'backup.',
            reason,
        )
        census = self.tenant.census()
        left = {*census.snapshots, *census.volumes, *census.backups}
        self.assertEqual(set(), left)

    def test_server(self):
        compute = self.tenant.conn.compute
        image = self.tenant.image('tiny', os.urandom(cloud.MIB))
        server = self.tenant.server('web', image=image)

        def meanwhile(call):
            made = call()
            compute.delete_server(server)
            return made

        reason = self.back_up(
            nova_api.Nova, 'create_image', meanwhile, servers=('web',)
        )
        self.check(reason, 'server', server)
        images = self.tenant.census().images
        self.assertEqual({image.id}, {*images})

    def test_volume(self):
        storage = self.tenant.conn.block_storage
        volume = self.tenant.volume('data')

        def meanwhile(call):
            storage.delete_volume(volume)
            return call()

        reason = self.back_up(
            cinder_api.Cinder, 'create_image', meanwhile, volumes=('data',)
        )
        cloud.until(lambda: not self.tenant.census().volumes, 'gone')
        self.check(reason, 'volume', volume)

    def test_image(self):
        image = self.tenant.image('golden', os.urandom(cloud.MIB))

        def meanwhile(call):
            self.tenant.conn.image.delete_image(image)
            return call()

        reason = self.back_up(
            image_data.ImageData, 'open', meanwhile, images=('golden',)
        )
        self.check(reason, 'image', image)

    def test_secret(self):
        id_ = self.tenant.secret('word', 'opaque', b'sesame')

        def meanwhile(call):
            self.tenant.conn.key_manager.delete(f'/secrets/{id_}')
            return call()

        reason = self.back_up(
            barbican_api.Barbican, 'payload', meanwhile, secrets=('word',),
            plaintext_keys=True,
        )  # fmt: skip
        gone = types.SimpleNamespace(name='word', id=id_)
        self.check(reason, 'secret', gone)

# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner import backup
from backupclient.procedures import registry
from backupclient.tests.unit.planner import base
from backupclient.tests.unit.planner import samples


class TestPlan(base.TestCase):
    def test_of_a_whole_project(self):
        root = samples.attached('root', 'bfv', size_gib=1)
        data = samples.attached('data', 'web', size_gib=2)
        request = requests.Request(
            everything=True, target='/backups', plaintext_keys=True
        )
        inventory = samples.inventory(
            samples.server('web', disk_gib=1),
            samples.server('bfv', image_id=''),
            samples.server('rescued', 'RESCUE'),
            root,
            samples.encrypted(data, 'key-of-data'),
            samples.volume('lone', size_gib=3),
            samples.image('golden'),
            samples.image('cirros', owner='admin'),
            samples.secret('', id='key-of-data'),
            samples.secret('password'),
        )
        made = backup.plan(request, inventory)
        self.assertEqual(
            [
                ('bfv', 'none', ''),
                ('root', 'snapshot-image', 'crash-consistent'),
                ('rescued', 'none', ''),
                ('web', 'server-image', 'crash-consistent'),
                ('data', 'snapshot-image', 'crash-consistent'),
                ('lone', 'volume-image', 'detached'),
                ('golden', 'image-download', 'immutable'),
                ('password', 'secret-download', 'immutable'),
            ],
            [
                (item.resource.name, item.procedure, item.consistency)
                for item in made.items
            ],
        )
        self.assertFalse(made.complete)
        self.assertEqual(7 * resources.GIB + 1000, made.bytes_to_files)
        self.assertIs(request, made.request)
        self.assertIs(inventory.identity, made.identity)
        self.assertEqual(plans.FORMAT_VERSION, made.version)


class TestRegistry(testtools.TestCase):
    def test_every_kind_has_a_rule(self):
        kinds = [rule.KIND for rule in backup.RULES]
        self.assertEqual(list(resources.Kind), kinds)

    def test_every_procedure_has_its_steps(self):
        procedures = set(plans.Procedure) - {plans.Procedure.NONE}
        self.assertEqual(procedures, registry.PROCEDURES.keys())

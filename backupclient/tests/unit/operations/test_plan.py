# SPDX-License-Identifier: Apache-2.0

from backupclient import errors
from backupclient.model import requests
from backupclient.operations import plan
from backupclient.tests.unit.operations import base

ALL = requests.Request(everything=True)


class PlanTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data', b'data', size=2)
        self.file = self.root / 'plan.json'

    def test_make(self):
        """The cloud is as before, and no file is written."""
        before = self.fake.world.holdings()
        made = plan.make(self.session, ALL)
        (item,) = made.items
        self.assertEqual(self.volume['id'], item.resource.id)
        self.assertEqual('volume-backup', item.procedure)
        self.assertTrue(made.complete)
        self.assertEqual(before, self.fake.world.holdings())
        self.assertEqual([], self.fake.asked('POST', 'PUT', 'DELETE'))
        self.assertEqual([], [*self.root.iterdir()])

    def test_name_that_nothing_has(self):
        asked = requests.Request(volumes=('date',))
        error = self.assertRaises(
            errors.UsageError, plan.make, self.session, asked
        )
        self.assertIn('It could mean: volume "data"', str(error))

    def test_save_and_load(self):
        made = plan.make(self.session, ALL, save_to=self.file)
        self.assertEqual(made, plan.load(self.file))

    def test_file_that_is_there(self):
        """The project is not read for a plan that could not be saved."""
        self.file.write_text('mine')
        for function, arguments, options in (
            (plan.make, (self.session, ALL), {'save_to': self.file}),
            (plan.save, (self.plan(), self.file), {}),
        ):
            self.fake.seen.clear()
            error = self.assertRaises(
                errors.TargetError, function, *arguments, **options
            )
            self.assertIn(f'{self.file} is there already', str(error))
            self.assertEqual([], self.fake.seen)
        self.assertEqual('mine', self.file.read_text())

    def test_folder_that_is_not_there(self):
        file = self.root / 'no' / 'plan.json'
        error = self.assertRaises(
            errors.TargetError, plan.make, self.session, ALL, save_to=file
        )
        self.assertIn('mkdir -p', str(error))
        self.assertEqual([], self.fake.seen)

    def test_load_something_else(self):
        self.file.write_text('{"x": 1}')
        error = self.assertRaises(errors.DocumentError, plan.load, self.file)
        self.assertIn(f'saved plan {self.file}', str(error))

    def test_target(self):
        self.target.touch()
        for target, count in (('', 0), (self.root, 0), (self.target, 1)):
            made = self.plan(target=str(target))
            cautions = plan.cautions_of_target(made)
            self.assertEqual(count, len(cautions), cautions)
        self.assertIn(f'Caution: {self.target} ', cautions[0])

    def test_steps(self):
        server = self.fake.nova.add_server('web', b'root')['id']
        self.fake.cinder.add_volume('its', server=server)
        made = self.plan(
            everything=False,
            servers=('web',),
            target=str(self.target),
            stop_servers=True,
        )
        steps = [*plan.steps(made)]
        self.assertEqual(
            [
                ('web', f'openstack server stop {server}'),
                ('web', f'openstack server start {server}'),
            ],
            [
                (step.resource.name, step.command)
                for step in steps
                if step.title in ('stop', 'start')
            ],
        )
        self.assertEqual('stop', steps[0].title)

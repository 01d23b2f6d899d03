# SPDX-License-Identifier: Apache-2.0

from backupclient import errors
from backupclient.model import plans
from backupclient.model import tags
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures import base
from backupclient.tests.unit.procedures import every_failure


class AttachedTestCase(every_failure.EveryFailure):
    procedure = plans.Procedure.SNAPSHOT_IMAGE
    more = {'to_file': True}

    def seed(self):
        server = self.cloud.nova.add_server('web')
        volume = self.cloud.cinder.add_volume(
            'data', base.DATA, server=server['id']
        )
        return self.work.cloud.cinder.volume(volume['id'])

    def check_complete(self, made):
        self.assertEqual({}, self.new_things())
        path = f'volumes/{self.item.resource.id}.raw'
        self.check_file(made, path, base.DATA)

    def test_requests(self):
        self.go()
        volume, snapshot = '00000003-volume', '00000002-snapshot'
        image = '00000002-image'
        self.assertEqual(
            [
                'POST cinder /snapshots',
                'POST cinder /volumes',
                f'POST cinder /volumes/{volume}/action',
                f'PATCH glance /images/{image}',
                f'DELETE cinder /volumes/{volume}',
                f'DELETE cinder /snapshots/{snapshot}',
                f'DELETE glance /images/{image}',
            ],
            self.cloud.asked('POST', 'PATCH', 'DELETE'),
        )
        taken, copied = (
            request.json
            for request in self.cloud.seen[:]
            if str(request)
            in ('POST cinder /snapshots', 'POST cinder /volumes')
        )
        resource = self.item.resource
        wanted = tags.metadata(base.RUN, resource, tags.Role.TEMPORARY)
        name = tags.name(base.RUN, resource)
        for asked in (taken['snapshot'], copied['volume']):
            self.assertEqual(wanted, asked['metadata'])
            self.assertEqual(name, asked['name'])
        self.assertIs(True, taken['snapshot']['force'])
        self.assertEqual(
            {'snapshot_id', 'name', 'metadata'}, copied['volume'].keys()
        )

    def test_captured_by_the_snapshot(self):
        """The source is free before anything else is made of it."""
        order = []
        self.cloud.fail(
            lambda: order.append(self.captured), 'POST cinder /volumes'
        )
        self.go()
        self.assertEqual([1], order)

    def test_snapshot_goes_after_its_volume(self):
        self.cloud.world.delay = 4
        seen = []

        def look():
            seen.append(set(self.cloud.world.things['volumes']))

        self.cloud.fail(look, 'DELETE cinder /snapshots/')
        self.go()
        self.assertEqual([{'00000001-volume', '00000002-volume'}], seen)

    def test_busy_snapshot_is_deleted_again(self):
        self.cloud.cinder.busy = 3
        self.check_complete(self.go())
        deleted = self.cloud.asked('DELETE')
        path = 'DELETE cinder /snapshots/00000002-snapshot'
        self.assertEqual(4, deleted.count(path))

    def test_no_quota(self):
        """413 with Retry-After 0: no rate limit, so no second try."""
        for quota, limit in (
            ('snapshots', 1),
            ('volumes', 2),
            ('gigabytes', 4),
        ):
            self.begin()
            self.cloud.cinder.limits[quota] = limit
            failure = self.assertRaises(errors.QuotaExceeded, self.go)
            self.assertIn(f"quota '{quota}'", str(failure))
            self.assertEqual({}, self.new_things())
            self.check_untouched()
            self.assertLessEqual(len(self.cloud.asked('POST')), 2)

    def test_cinder_says_why(self):
        """The state ``error`` alone tells nobody what to do."""
        for kind, id_ in (
            ('snapshots', '00000002-snapshot'),
            ('volumes', '00000003-volume'),
        ):
            self.begin()
            world = self.cloud.world
            world.messages[id_] = 'The shelf is full.'

            def spoil(world=world, kind=kind, id_=id_):
                world.settle()
                world.things[kind][id_]['status'] = 'error'

            self.cloud.fail(spoil, f'GET cinder /{kind}/{id_}')
            failure = self.assertRaises(errors.WaitFailed, self.go)
            self.assertIn('The shelf is full.', str(failure), kind)
            self.assertIn(self.item.resource.label, str(failure), kind)
            self.assertEqual({}, self.new_things())
            self.check_untouched()

    def test_killed_while_undoing(self):
        """Whenever: the next process undoes the rest and begins again."""
        refused = wire.Answer(403, {'forbidden': {'message': 'no'}})
        for skip in range(100):
            self.begin()
            self.cloud.fail(refused, 'POST cinder /volumes/')
            kill = self.cloud.fail(wire.Killed(), skip=skip)
            kill.fits = lambda _: bool(self.cloud.faults[0].hit)
            try:
                self.assertRaises(errors.Forbidden, self.go)
            except wire.Killed:
                self.new_process()
                self.check_complete(self.go())
                self.check_untouched()
            if not kill.hit:
                self.assertGreater(skip, 4)
                return


class EncryptedTestCase(every_failure.EveryFailure):
    """Each copy has a copy of the key; none of them stays."""

    procedure = plans.Procedure.SNAPSHOT_IMAGE
    more = {'to_file': True}
    passing = {}
    lasting = {'refused': every_failure.LASTING['refused']}
    kills = {'after': every_failure.KILLS['after']}

    def seed(self):
        server = self.cloud.nova.add_server('web')
        key = self.cloud.barbican.add_secret('', bytes(range(32)))
        # Never attached: no header, so the proof is quick.
        volume = self.cloud.cinder.add_volume(
            'secret', bytes(9000), server=server['id'], key=key['id']
        )
        return self.work.cloud.cinder.volume(volume['id'])

    def check_complete(self, made):
        self.assertEqual({}, self.new_things())
        id_ = self.item.resource.id
        self.assertEqual(
            {
                f'volumes/{id_}.raw': bytes(9000),
                f'keys/volume-{id_}.key': bytes(range(32)).hex().encode(),
            },
            self.folder.files(),
        )
        self.assertEqual('not checked', made.key.opens)
        self.assertFalse(made.key.protected)

    def test_as_planned(self):
        made = self.go()
        self.check_complete(made)
        (note,) = made.notes
        self.assertIn('never attached', note)


class NameTestCase(base.TestCase):
    """An image that stays."""

    procedure = plans.Procedure.SNAPSHOT_IMAGE

    def seed(self):
        server = self.cloud.nova.add_server('web')
        volume = self.cloud.cinder.add_volume(
            'data', base.DATA, server=server['id']
        )
        return self.work.cloud.cinder.volume(volume['id'])

    def test_a_person_sees_what_it_is(self):
        made = self.go()
        image = self.cloud.world.things['images'][made.artifact.id]
        name = tags.name(base.RUN, self.item.resource)
        self.assertEqual(f'{name} (data)', image['name'])
        self.assertEqual(image['name'], made.artifact.name)

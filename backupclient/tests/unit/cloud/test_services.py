# SPDX-License-Identifier: Apache-2.0

import fixtures
import requests

from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import once
from backupclient.cloud import services
from backupclient.tests.unit.cloud import base
from backupclient.tests.unit.fake_cloud import wire

HTML = """<html>
 <head>
  <title>409 Conflict</title>
 </head>
 <body>
  <h1>409 Conflict</h1>
  Image &quot;a&quot; is in use<br /><br />


 </body>
</html>"""
QUOTA = wire.Answer(
    413,
    {
        'overLimit': {
            'code': 413,
            'message': 'VolumeLimitExceeded: Maximum number of volumes '
            "allowed (10) exceeded for quota 'volumes'.",
        }
    },
    headers={'Retry-After': '0'},
)
RATE = wire.Answer(
    413,
    {'overLimit': {'message': 'This request was rate-limited.'}},
    headers={'Retry-After': '9'},
)


class PaceTestCase(base.TestCase):
    """keystoneauth paces requests by the clock on the wall."""

    def setUp(self):
        super().setUp()
        self.slept = []
        self.useFixture(fixtures.MonkeyPatch('time.sleep', self.slept.append))
        self.volume = self.fake.cinder.add_volume('data')['id']

    def test_clock_that_is_set_back(self):
        self.useFixture(fixtures.MonkeyPatch('time.time', lambda: 0.0))
        self.assertTrue(self.cloud.cinder.volume(self.volume))
        self.assertEqual([], self.slept)

    def test_limit_of_the_user(self):
        connection = self.fake.connection()
        connection.config.config['rate_limit'] = {'volume': 0.5}
        cloud = door.connect(connection, self.clock)
        for _ in range(3):
            cloud.cinder.volume(self.volume)
        self.assertGreater(sum(self.slept), 5)


class ReadTestCase(base.TestCase):
    """A request that may be done twice."""

    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data')['id']

    def _read(self):
        return self.cloud.cinder.volume(self.volume)

    def test_retries_are_logged(self):
        log = self.useFixture(fixtures.FakeLogger('backupclient'))
        for answer in wire.Answer(503), RATE:
            self.fake.fail(answer, 'GET cinder')
        self._read()
        self.assertIn('(HTTP 503): next try in 0.5 s\n', log.output)
        self.assertIn('(HTTP 413): next try in 9 s\n', log.output)
        self.assertIn(f'not read volume {self.volume} now', log.output)

    def test_repeated_until_answered(self):
        for how in (
            wire.Answer(429),
            wire.Answer(500),
            wire.Answer(502),
            wire.Answer(503),
            wire.Answer(504),
            wire.Lost(),
            requests.ReadTimeout(),
            requests.exceptions.ChunkedEncodingError(),
            RATE,
        ):
            fault = self.fake.fail(how, times=5)
            self.assertEqual('data', self._read().name, how)
            self.assertEqual(5, len(fault.hit), how)

    def test_answer_that_is_no_object(self):
        """It is said what failed, of what, why, and what to do."""
        for content in b'<html>Hello</html>', b'[]', b'':
            self.fake.fail(wire.Answer(200, content=content))
            failure = self.assertRaises(errors.CloudError, self._read)
            for words in (
                f'Could not read volume {self.volume}: Cinder answered with',
                'other than a JSON object',
                'ask the operator',
            ):
                self.assertIn(words, str(failure))

    def test_not_for_ever(self):
        for how, error in (
            (wire.Answer(429), errors.CloudError),
            (wire.Answer(500), errors.CloudError),
            (wire.Lost(), errors.AnswerLost),
            (RATE, errors.CloudError),
        ):
            self.fake.faults.clear()
            self.fake.seen.clear()
            self.fake.fail(how, times=1000)
            failure = self.assertRaises(error, self._read)
            self.assertIn(self.volume, str(failure))
            self.assertLessEqual(len(self.fake.seen), 40)

    def test_half_a_minute(self):
        for how in (wire.Answer(429), wire.Answer(500), wire.Lost()):
            self.fake.seen.clear()
            self.fake.faults.clear()
            self.clock.pauses.clear()
            self.fake.fail(how, times=1000)
            self.assertRaises(errors.CloudError, self._read)
            self.assertEqual(13, len(self.fake.seen))
            self.assertTrue(30 <= self.clock.slept < 40, self.clock.slept)

    def test_silence_has_an_end(self):
        """Each try takes as long as its timeout."""

        def silent():
            self.clock.pauses.append(120.0)
            raise requests.ReadTimeout

        self.fake.fail(silent, times=1000)
        self.assertRaises(errors.AnswerLost, self._read)
        self.assertEqual(3, len(self.fake.seen))

    def test_retry_after(self):
        for value, pause in (
            ('33', 33),
            ('9999', 60),
            ('never', 0.5),
            ('', 0.5),
        ):
            self.clock.pauses.clear()
            self.fake.fail(wire.Answer(503, headers={'Retry-After': value}))
            self._read()
            self.assertEqual([pause], self.clock.pauses, value)

    def test_pauses_grow(self):
        self.fake.fail(wire.Answer(500), times=12)
        self._read()
        self.assertEqual(sorted(self.clock.pauses), self.clock.pauses)
        self.assertGreater(self.clock.slept, 20)

    def test_refusals_are_not_repeated(self):
        for status, error in (
            (400, errors.CloudError),
            (403, errors.Forbidden),
            (409, errors.CloudError),
        ):
            self.fake.seen.clear()
            self.fake.fail(wire.Answer(status, {'x': {'message': 'so'}}))
            failure = self.assertRaises(error, self._read)
            self.assertEqual(status, failure.status)
            self.assertIn('so', str(failure))
            self.assertEqual(1, len(self.fake.seen))

    def test_nobody_is_redirected(self):
        """The token goes to no host that an answer names."""
        elsewhere = {'Location': 'https://elsewhere.example.org/'}
        for status in (301, 302, 307, 308):
            self.fake.fail(wire.Answer(status, headers=elsewhere))
            self.assertRaises(errors.CloudError, self._read)

    def test_no_object(self):
        self.fake.fail(wire.Answer(json=['a list']))
        self.assertRaises(errors.CloudError, self._read)

    def test_no_json(self):
        """As a proxy answers that has an opinion of its own."""
        self.fake.fail(wire.Answer(content=b'<html>Welcome!</html>'))
        self.assertRaises(errors.CloudError, self._read)

    def test_stops_when_asked_to(self):
        self.clock.stop.ask()
        self.assertRaises(errors.Interrupted, self._read)
        self.assertEqual([], self.fake.seen)

    def test_a_deletion_is_repeated_and_may_find_nothing(self):
        self.fake.fail(wire.Lost(), 'DELETE cinder /volumes/', done=True)
        self.fake.world.delay = 0
        self.cloud.cinder.delete_volume(self.volume)
        self.assertEqual(2, len(self.fake.asked('DELETE')))
        self.assertIsNone(self._read())


class RenewedTestCase(base.TestCase):
    """A service refuses the token, and keystoneauth asks for a new one."""

    def setUp(self):
        super().setUp()
        self.begin()

    def begin(self):
        self.log_in()
        self.volume = self.fake.cinder.add_volume('data')['id']
        self.asked = []

    def _keystone(self, *answers):
        """Let Keystone give some answers before its usual one."""
        self.fake.fail(wire.Answer(401))
        login, left = self.fake._login, list(answers)

        def answer(raw):
            self.asked.append(raw.method)
            if not left:
                return login(raw)
            if isinstance(left[0], Exception):
                raise left.pop(0)
            return left.pop(0)

        self.patch(self.fake, '_login', answer)

    def _read(self):
        return self.cloud.cinder.volume(self.volume)


class ExpiredTestCase(RenewedTestCase):
    """The token has expired, and Keystone is in trouble."""

    def test_asked_again(self):
        self._keystone(
            wire.Answer(500),
            wire.Answer(502, content=b'<html>Bad gateway</html>'),
            wire.Answer(503),
            requests.ReadTimeout(),
            requests.ConnectionError(),
        )
        self.assertEqual('data', self._read().name)
        self.assertEqual(6, len(self.asked))

    def test_not_for_ever(self):
        self._keystone(*1000 * [wire.Answer(503)])
        failure = self.assertRaises(errors.AnswerLost, self._read)
        self.assertIn(self.volume, str(failure))
        self.assertEqual(13, len(self.asked))


def _refusal(status, message):
    """Keystone's own form of an error."""
    return wire.Answer(
        status, {'error': {'code': status, 'message': message, 'title': 'x'}}
    )


REVOKED = _refusal(404, 'Failed to validate token')


class EndedTestCase(RenewedTestCase):
    """Keystone renews the login no more."""

    def test_told_and_nothing_more_is_asked(self):
        for refusal, words in (
            (REVOKED, 'Failed to validate token (HTTP 404)'),
            (_refusal(401, 'The request needs a login.'), '(HTTP 401)'),
            (_refusal(403, 'No rescoping'), 'No rescoping (HTTP 403)'),
            (
                _refusal(404, 'Could not find Application Credential: x.'),
                'Could not find Application Credential: x (HTTP 404)',
            ),
            (wire.Answer(401), '(HTTP 401)'),
        ):
            self.begin()
            self._keystone(refusal, refusal, refusal, refusal)
            failure = self.assertRaises(errors.LoginEnded, self._read)
            self.assertIn(words, str(failure))
            self.assertIn('Log in again', str(failure))
            self.assertEqual(2, len(self.asked))
            seen = len(self.fake.seen)
            self.assertRaises(errors.LoginEnded, self._read)
            self.assertRaises(
                errors.LoginEnded, self.cloud.glance.delete, 'an-id'
            )
            self.assertEqual((2, seen), (len(self.asked), len(self.fake.seen)))

    def test_one_refusal_is_trouble(self):
        """As of a Keystone that is coming back."""
        self._keystone(REVOKED)
        self.assertEqual('data', self._read().name)
        self.assertIsNone(self.cloud.login.ended)

    def test_a_refusal_between_troubles(self):
        self._keystone(wire.Answer(503), REVOKED, wire.Answer(503))
        self.assertEqual('data', self._read().name)

    def test_a_page_is_no_refusal(self):
        """A proxy answers for a Keystone that is not there."""
        page = wire.Answer(404, content=b'<html>Not Found</html>')
        self._keystone(page, page, page)
        self.assertRaises(errors.CloudError, self._read)
        self.assertIsNone(self.cloud.login.ended)

    def test_a_post_too(self):
        self._keystone(REVOKED, REVOKED)
        self.assertRaises(
            errors.LoginEnded,
            self.cloud.cinder.create_snapshot,
            self.volume,
            'name',
            {},
        )

    def test_a_download_ends(self):
        """Its stream goes on for hours, for nothing."""
        image = self.fake.glance.add_image('a', b'data')['id']
        with self.cloud.glance.data(image).open() as opened:
            self.assertEqual(b'da', opened.read(2))
            self._keystone(REVOKED, REVOKED)
            self.assertRaises(errors.LoginEnded, self._read)
            self.assertRaises(errors.LoginEnded, opened.read, 2)

    def test_a_service_that_needs_a_moment(self):
        """It refuses the renewed token, too: a revocation covers a second."""
        self.fake.fail(wire.Answer(401), times=4)
        self.assertEqual('data', self._read().name)

    def test_a_service_that_refuses_everybody(self):
        """Keystone renews the login, so that it has not ended."""
        self.fake.fail(wire.Answer(401), times=1000)
        failure = self.assertRaises(errors.CloudError, self._read)
        self.assertEqual(401, failure.status)
        self.assertEqual(6, len(self.fake.seen))
        self.assertIsNone(self.cloud.login.ended)


class WriteTestCase(base.TestCase):
    """A request that must not be done twice."""

    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data')['id']

    def _write(self):
        return self.cloud.cinder.create_snapshot(self.volume, 'a name', {})

    def _posts(self):
        return len(self.fake.asked('POST'))

    def test_lost(self):
        for how in (
            wire.Lost(),
            wire.Answer(202, content=b'<html>Thank you!</html>'),
            wire.Answer(500),
            wire.Answer(502),
            wire.Answer(503, headers={'Retry-After': '1'}),
            wire.Answer(504),
            requests.ReadTimeout(),
        ):
            self.fake.seen.clear()
            self.fake.fail(how)
            self.assertRaises(errors.AnswerLost, self._write)
            self.assertEqual(1, self._posts(), how)

    def test_repeated_when_nothing_was_done(self):
        for how in (wire.Answer(429, headers={'Retry-After': '3'}), RATE):
            self.fake.seen.clear()
            self.fake.fail(how)
            self._write()
            self.assertEqual(2, self._posts())

    def test_quota_is_no_limit_of_the_rate(self):
        self.fake.fail(QUOTA)
        failure = self.assertRaises(errors.QuotaExceeded, self._write)
        self.assertIn("exceeded for quota 'volumes'", str(failure))
        self.assertEqual(1, self._posts())
        self.assertEqual([], self.clock.pauses)

    def test_quota_words_beside_a_pause(self):
        answer = wire.Answer(413, QUOTA.json, headers={'Retry-After': '9'})
        self.fake.fail(answer)
        self.assertRaises(errors.QuotaExceeded, self._write)
        self.assertEqual(1, self._posts())


class MakeOnceTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data')['id']
        self.tags = {'a': 'b'}

    def _make(self):
        cinder = self.cloud.cinder
        return once.make_once(
            lambda: cinder.find_snapshot(self.volume, self.tags),
            lambda: cinder.create_snapshot(self.volume, 'it', self.tags),
            self.clock,
        )

    def _check(self, posts):
        made = self._make()
        self.assertEqual([made], list(self.fake.world.things['snapshots']))
        self.assertEqual(posts, len(self.fake.asked('POST')))

    def test_made(self):
        self._check(posts=1)

    def test_there_already(self):
        self._make()
        self.fake.seen.clear()
        self._check(posts=0)

    def test_done_and_lost(self):
        self.fake.fail(wire.Lost(), 'POST', done=True)
        self._check(posts=1)

    def test_not_done_and_lost(self):
        self.fake.fail(wire.Lost(), 'POST', times=2)
        self._check(posts=3)

    def test_appears_late(self):
        """The service was still at it when the connection broke."""
        self.fake.fail(wire.Lost(), 'POST')
        self.fake.world.later(
            lambda: self.fake.world.add(
                'snapshots',
                'it',
                volume_id=self.volume,
                metadata=self.tags,
                status='creating',
            ),
            4,
        )
        self._check(posts=1)

    def test_lost_for_ever(self):
        self.fake.fail(wire.Lost(), 'POST', times=1000)
        self.assertRaises(errors.AnswerLost, self._make)
        self.assertEqual(3, len(self.fake.asked('POST')))

    def test_refused(self):
        self.fake.fail(wire.Answer(403), 'POST')
        self.assertRaises(errors.Forbidden, self._make)
        self.assertEqual(1, len(self.fake.asked('POST')))


class ExplainTestCase(base.TestCase):
    def test_each_service_has_its_own_form(self):
        for answer, text in (
            (wire.Answer(400, {'badRequest': {'message': 'No.'}}), 'No.'),
            (wire.Answer(409, content=HTML.encode()), 'Image "a" is in use'),
            (
                wire.Answer(
                    400, {'code': 400, 'title': 'T', 'description': 'D'}
                ),
                ': D (HTTP 400)',
            ),
            (wire.Answer(400, {'code': 400, 'title': 'Title'}), 'Title'),
            (wire.Answer(400, {}), '(HTTP 400)'),
            (wire.Answer(400, ['odd']), 'odd'),
            (wire.Answer(400), 'no reason given (HTTP 400)'),
            (wire.Answer(400, content=b'\xff\x00\xfe'), 'HTTP 400'),
        ):
            self.fake.fail(answer)
            failure = self.assertRaises(
                errors.CloudError, self.cloud.cinder.volume, 'an-id'
            )
            self.assertIn(text, str(failure))
            self.assertNotIn('<', str(failure))
            self.assertIn('an-id', str(failure))

    def test_long_ones_are_cut(self):
        self.fake.fail(wire.Answer(400, {'x': {'message': 'a' * 100_000}}))
        failure = self.assertRaises(
            errors.CloudError, self.cloud.cinder.volume, 'an-id'
        )
        self.assertLess(len(str(failure)), 700)


class OptionsTestCase(base.TestCase):
    """What is told to requests with each request."""

    def setUp(self):
        super().setUp()
        self.sent = []
        real = requests.Session.request

        def request(session, method, url, **options):
            self.sent.append((method, options))
            return real(session, method, url, **options)

        self.patch(requests.Session, 'request', request)

    def test_timeouts(self):
        self.cloud.cinder.volume('an-id')
        ((_, options),) = self.sent
        self.assertEqual(services.TIMEOUT, options['timeout'])

    def test_microversions(self):
        self.cloud.cinder.volume('an-id')
        self.cloud.nova.server('an-id')
        versions = [
            options['headers']['OpenStack-API-Version']
            for _, options in self.sent
        ]
        self.assertEqual(['volume 3.65', 'compute 2.72'], versions)

    def test_downloads_are_streamed(self):
        image = self.fake.glance.add_image('a', b'data')['id']
        with self.cloud.glance.data(image).open():
            pass
        _, options = self.sent[-1]
        self.assertIs(True, options['stream'])

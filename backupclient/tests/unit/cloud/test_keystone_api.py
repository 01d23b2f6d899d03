# SPDX-License-Identifier: Apache-2.0

import datetime

from backupclient.cloud import door
from backupclient.cloud import inventory
from backupclient.tests.unit.cloud import base
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

PASSCODE = {
    'username': 'alice',
    'user_domain_id': 'default',
    'project_id': worlds.PROJECT,
    'passcode': '123456',
}


class LoginTestCase(base.TestCase):
    """How long the login lasts."""

    def login(self, *type_, **auth):
        connection = self.fake.connection(*type_, **auth)
        cloud = door.connect(connection, self.clock)
        self.expires = connection.session.auth.get_access(
            connection.session
        ).expires
        return inventory.read(cloud).login

    def credential(self, answer):
        self.fake.credential = answer
        return self.login(
            'v3applicationcredential',
            application_credential_id='cafe',
            application_credential_secret='secret',
        )

    def test_password(self):
        login = self.login()
        self.assertTrue(login.renewable)
        self.assertEqual(('', None), (login.ends_at, login.seconds_left))

    def test_what_is_given_once(self):
        for type_, auth in (
            ('token', {'token': 'a', 'project_id': worlds.PROJECT}),
            ('v3token', {'token': 'a', 'project_id': worlds.PROJECT}),
            ('v3totp', PASSCODE),
            (
                'v3multifactor',
                {
                    **PASSCODE,
                    'auth_methods': ['v3password', 'v3totp'],
                    'password': 'wonderland',
                },
            ),
        ):
            login = self.login(type_, **auth)
            self.assertFalse(login.renewable, type_)
            ends_at = datetime.datetime.fromisoformat(login.ends_at)
            self.assertEqual(
                self.expires.replace(tzinfo=datetime.UTC, microsecond=0),
                ends_at.replace(microsecond=0),
            )

    def test_two_factors_that_last(self):
        login = self.login(
            'v3multifactor',
            auth_methods=['v3password'],
            username='alice',
            user_domain_id='default',
            project_id=worlds.PROJECT,
            password='wonderland',
        )
        self.assertTrue(login.renewable)

    def test_application_credential(self):
        ends_at = '2026-01-02T04:04:05.000000'
        login = self.credential(
            wire.Answer(
                json={'application_credential': {'expires_at': ends_at}}
            )
        )
        self.assertTrue(login.renewable)
        self.assertEqual('2026-01-02T04:04:05+00:00', login.ends_at)
        self.assertEqual(3600.0 - self.clock.slept, login.seconds_left)

    def test_application_credential_whose_end_is_not_known(self):
        for answer in (
            wire.Answer(json={'application_credential': {'expires_at': None}}),
            wire.Answer(json={'application_credential': {}}),
            wire.Answer(json={'application_credential': {'expires_at': 'x'}}),
            wire.Answer(403),
            wire.Answer(404),
            wire.Answer(503),
        ):
            login = self.credential(answer)
            self.assertTrue(login.renewable)
            self.assertEqual(('', None), (login.ends_at, login.seconds_left))

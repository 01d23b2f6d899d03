# SPDX-License-Identifier: Apache-2.0
"""A login that ends in the middle of a run, on a real Keystone.

The services keep what Keystone said of a token for 60 seconds, so that the
run is stopped for a bit longer than that.
"""

import os
import signal
import subprocess
import time

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import proxy
from backupclient.tests.functional.faults import region

_CACHED = 62.0
"""Seconds until each service asks Keystone for a token anew."""


class LoginEndsTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.auth = self.tenant.conn.config.config['auth']
        self.url = self.auth['auth_url'].rstrip('/')
        self.proxy = self.useFixture(
            proxy.Proxy(region.upstreams(self.tenant.admin))
        )
        self.region = self.useFixture(
            region.Region(self.tenant, self.proxy.urls)
        )

    def environment(self, **login):
        """The client's, by way of the proxy, with another login."""
        kept = self.region.environment()
        for name in ('OS_CLOUD', 'OS_CLIENT_CONFIG_FILE'):
            kept.pop(name)
        return {
            **kept,
            'OS_AUTH_URL': self.proxy.urls['identity'],
            'OS_REGION_NAME': self.region.name,
            'OS_IDENTITY_API_VERSION': '3',
            **login,
        }

    def token_login(self):
        """Log in with a token, and give the way to revoke it."""
        token = self.tenant.conn.session.auth.get_auth_ref(
            self.tenant.conn.session
        ).auth_token
        environment = self.environment(
            OS_AUTH_TYPE='token',
            OS_TOKEN=token,
            OS_PROJECT_ID=self.tenant.project.id,
        )
        return environment, lambda: self.tenant.conn.session.delete(
            f'{self.url}/auth/tokens', headers={'X-Subject-Token': token}
        )

    def credential_login(self, **options):
        """Log in with an application credential."""
        conn = self.tenant.conn
        url = f'{self.url}/users/{conn.current_user_id}'
        url += '/application_credentials'
        roles = [{'name': name} for name in self.roles]
        wanted = {'name': f'x{time.monotonic_ns()}', 'roles': roles, **options}

        def made_of():
            body = {'application_credential': wanted}
            answer = conn.session.post(url, json=body, raise_exc=False)
            return answer.json().get('application_credential')

        # Of roles that it has just assigned, Keystone may not know at once.
        made = cloud.until(made_of, 'an application credential')
        environment = self.environment(
            OS_AUTH_TYPE='v3applicationcredential',
            OS_APPLICATION_CREDENTIAL_ID=made['id'],
            OS_APPLICATION_CREDENTIAL_SECRET=made['secret'],
        )
        return environment, lambda: conn.session.delete(f'{url}/{made["id"]}')

    def run_until(self, pattern, environment, revoke, *arguments):
        """Run a backup; end its login when it says something.

        :returns: the result, and the requests that came after that.
        """
        session = self.proxy.begin()
        process = subprocess.Popen(
            [base.OPENSTACK, 'backup', 'run', *arguments, '-f', 'json'],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        session.client = process.pid
        said = []
        for line in process.stderr:
            said.append(line)
            if pattern in line:
                break
        os.kill(process.pid, signal.SIGSTOP)
        revoke()
        time.sleep(_CACHED)
        before = len(session.record.seen)
        os.kill(process.pid, signal.SIGCONT)
        out, err = process.communicate(timeout=300)
        result = base.Result(process.returncode, out, ''.join(said) + err)
        return result, session.record.seen[before:]

    def check_ended(self, result, asked, *words):
        """One sentence, hardly a request, exit code 130."""
        self.assertEqual(130, result.code, result)
        _, said = result.err.split('The login has ended')
        for word in ('--resume', 'cleanup', *words):
            self.assertIn(word, said)
        of_keystone = [x for x in asked if x.request.service == 'identity']
        self.assertLessEqual(len(of_keystone), 4, [*map(str, asked)])
        self.assertLessEqual(len(asked), 10, [*map(str, asked)])

    def test_token(self):
        self.tenant.volume('one', os.urandom(cloud.MIB))
        self.tenant.volume('two', os.urandom(cloud.MIB))
        before = self.tenant.settled()
        result, asked = self.run_until(
            'copy the volume to an image',
            *self.token_login(),
            *('--all', '--to', self.target, '--parallel', '2'),
        )
        self.check_ended(result, asked, 'Failed to validate token')
        self.assertIn('cannot be renewed', result.err)
        result = self.resume()
        self.assertEqual(
            ['complete', 'complete'], [row['Outcome'] for row in result.rows]
        )
        self.backup_set(result)
        self.assertOnly(before)

    def test_application_credential(self):
        """A server that is off then is named; ``cleanup`` takes the rest."""
        image = self.tenant.image('tiny', os.urandom(cloud.MIB))
        server = self.tenant.server('web', image=image)
        before = self.tenant.settled()
        result, asked = self.run_until(
            'copy the root disk',
            *self.credential_login(),
            *('--server', 'web', '--stop-servers'),
        )
        self.check_ended(result, asked, 'Application Credential')
        self.assertIn(f'openstack server start {server.id}', result.err)
        result = self.resume()
        [row] = result.rows
        self.assertEqual('complete', row['Outcome'], result)
        status = self.tenant.conn.compute.get_server(server.id).status
        self.assertEqual('ACTIVE', status)
        self.assertOnly(before, f'images/{row["Result"]}')

    def test_user(self):
        """Keystone lets nobody in who was disabled, whatever the login."""
        self.tenant.volume('one', os.urandom(cloud.MIB))
        before = self.tenant.settled()
        admin, user = self.tenant.admin.identity, self.tenant.conn
        id_ = user.current_user_id
        environment = self.region.environment()

        def disable():
            admin.update_user(id_, is_enabled=False)
            self.addCleanup(user.session.invalidate)
            self.addCleanup(admin.update_user, id_, is_enabled=True)

        result, asked = self.run_until(
            'copy the volume to an image',
            environment,
            disable,
            *('--all', '--to', self.target),
        )
        self.check_ended(result, asked, 'HTTP 401')
        admin.update_user(id_, is_enabled=True)
        user.session.invalidate()
        rows = self.command(environment, 'cleanup', '--yes').rows
        self.assertIn('deleted', [row['Action'] for row in rows])
        self.assertOnly(before)

    def test_cautions(self):
        """The plan says what ends, and asks no more than it must."""
        self.tenant.volume('one')
        for expires_at, said in (
            (time.strftime('%Y-%m-%dT%H:%M:%S', _in(3600)), True),
            (time.strftime('%Y-%m-%dT%H:%M:%S', _in(90 * 86400)), False),
        ):
            environment, revoke = self.credential_login(expires_at=expires_at)
            result = self.plan(environment)
            self.assertEqual(said, f'ends at {expires_at}' in result.err)
            revoke()
        environment, revoke = self.credential_login()
        self.assertNotIn('login', self.plan(environment).err)
        environment, revoke = self.token_login()
        self.assertIn('cannot be renewed', self.plan(environment).err)

    def resume(self):
        """Go on, with the password: that login still works."""
        return self.command(
            self.region.environment(), 'run', '--resume', 'last'
        )

    def plan(self, environment):
        """Plan with a login."""
        return self.command(environment, 'plan')

    def command(self, environment, *words):
        """Run a command to its end, which is a good one."""
        result = base.forked_result(
            ['backup', *words, '-f', 'json'], environment
        )
        self.assertEqual(0, result.code, result)
        return result


def _in(seconds):
    return time.gmtime(time.time() + seconds)

# SPDX-License-Identifier: Apache-2.0
"""The whole: a Keystone, five services, and the wire to them."""

from collections.abc import Iterable
import dataclasses
import email.utils
import io
import threading
from typing import Any
from urllib import parse

import fixtures
from keystoneauth1 import fixture as keystone
import openstack
import openstack.connection
import requests
import requests_mock

from backupclient.tests.unit.fake_cloud import barbican
from backupclient.tests.unit.fake_cloud import cinder
from backupclient.tests.unit.fake_cloud import glance
from backupclient.tests.unit.fake_cloud import neutron
from backupclient.tests.unit.fake_cloud import nova
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds

AUTH_URL = 'https://keystone.example.com/v3'
REGION = 'RegionOne'
ENVIRONMENT = {
    'OS_AUTH_TYPE': 'password',
    'OS_AUTH_URL': AUTH_URL,
    'OS_USERNAME': 'alice',
    'OS_PASSWORD': 'wonderland',
    'OS_PROJECT_ID': worlds.PROJECT,
    'OS_USER_DOMAIN_ID': 'default',
    'OS_REGION_NAME': REGION,
    'OS_IDENTITY_API_VERSION': '3',
}
TYPES = {
    'volumev3': 'cinder',
    'image': 'glance',
    'compute': 'nova',
    'key-manager': 'barbican',
    'network': 'neutron',
}


class FakeCloud(fixtures.Fixture):
    """A cloud while it is in use.

    :param types: the service types of the catalogue.
    :param elsewhere: those that are only in another region.
    :param seen: all requests to the services, in their order.
    :param down: names of services that refuse to connect, before they tell
        their versions.
    :param ended: what Keystone says of a login that has ended, None while it
        lasts; the services refuse it then, too.
    :param refused: how often Keystone said so.
    :param credential: what Keystone says of the application credential of
        the login, None if there is none.
    """

    def __init__(
        self,
        types: Iterable[str] = tuple(TYPES),
        roles: Iterable[str] = ('member', 'creator'),
        elsewhere: Iterable[str] = (),
    ) -> None:
        super().__init__()
        self._elsewhere = tuple(elsewhere)
        self._types = tuple(types)
        self._roles = tuple(roles)
        self.reset()

    def reset(self) -> None:
        """Empty the cloud."""
        self.world = worlds.World()
        self.glance = glance.Glance(self.world)
        self.cinder = cinder.Cinder(self.world, self.glance)
        self.nova = nova.Nova(self.world, self.glance)
        self.barbican = barbican.Barbican(self.world)
        self.neutron = neutron.Neutron(self.world)
        self.seen: list[wire.Request] = []
        self.faults: list[wire.Fault] = []
        self.dead = False
        self.down: set[str] = set()
        self.ended: wire.Answer | None = None
        self.refused = 0
        self.credential: wire.Answer | None = None

    def _setUp(self) -> None:
        # Looked up for each request, a fifth of the time that it takes.
        for module in ('sessions', 'utils'):
            name = f'requests.{module}.get_environ_proxies'
            self.useFixture(fixtures.MonkeyPatch(name, _no_proxies))
        mocker = requests_mock.Mocker(case_sensitive=True)
        mocker.start()
        self.addCleanup(mocker.stop)
        self.addCleanup(_await_readers)
        mocker.add_matcher(self._answer)

    def connection(
        self, auth_type: str = 'password', **auth: str
    ) -> openstack.connection.Connection:
        """Log in with the SDK.

        :param auth: what the type of login needs, none for the password's.
        """
        password = {
            'username': 'alice',
            'password': 'wonderland',
            'project_id': worlds.PROJECT,
            'user_domain_id': 'default',
        }
        return openstack.connect(
            load_yaml_config=False,
            load_envvars=False,
            auth_type=auth_type,
            auth={'auth_url': AUTH_URL, **(auth or password)},
            region_name=REGION,
        )

    def fail(self, how: Any, text: str = '', **more: Any) -> wire.Fault:
        """Let requests fail.

        :param text: how they begin, as ``POST cinder /snapshots``.
        """
        fits = wire.to(text) if text else None
        self.faults.append(wire.Fault(how, fits, **more))
        return self.faults[-1]

    def end_login(self) -> None:
        """Revoke the token, and all that could be made of it."""
        error = {'code': 404, 'message': 'Failed to validate token'}
        self.ended = wire.Answer(404, {'error': error})

    def remove(self, kind: str, id_: str) -> None:
        """Take a thing away, with the key that only it has."""
        thing = self.world.things[kind][id_]
        for key in ('encryption_key_id', 'cinder_encryption_key_id'):
            self.world.remove('secrets', thing.get(key, ''))
        self.world.remove(kind, id_)

    def asked(self, *beginnings: str) -> list[str]:
        """Give the requests in words, as ``POST cinder /snapshots``.

        :param beginnings: of those that are meant; none for all.
        """
        words = [str(request) for request in self.seen]
        return [each for each in words if each.startswith(beginnings or '')]

    def _answer(self, raw: Any) -> requests.Response:
        url = parse.urlsplit(raw.url)
        name = (url.hostname or '').partition('.')[0]
        if name == 'keystone':
            return _response(raw, self._login(raw))
        if name not in TYPES.values():
            raise AssertionError(f'A request went astray: {raw.url}')
        if name in self.down:
            raise requests.ConnectionError('Connection refused')
        service = getattr(self, name)
        path = url.path.removeprefix(service.prefix)
        if raw.method == 'GET' and (path == url.path or path in ('', '/')):
            return _response(raw, _discovery(name))
        body = raw.body or b''
        request = wire.Request(
            raw.method,
            name,
            path,
            dict(parse.parse_qsl(url.query)),
            raw.headers,
            _bytes(body),
        )
        with self.world.lock:
            answer = self._serve(service, request)
            date = email.utils.format_datetime(self.world.now(), usegmt=True)
            answer.headers.setdefault('Date', date)
            return _response(raw, answer)

    def _serve(self, service: Any, request: wire.Request) -> wire.Answer:
        if self.dead:
            raise wire.Killed()
        self.seen.append(request)
        if self.ended is not None:
            return service.refuse(401, 'This server could not verify you.')
        self.world.tick()
        fault = next((f for f in self.faults if f.strikes(request)), None)
        if fault is None:
            return service.answer(request)
        if fault.done:
            service.answer(request)
        if isinstance(fault.how, wire.Killed):
            self.dead = True
        if isinstance(fault.how, wire.Lost):
            raise requests.ConnectionError('Connection reset by peer')
        if isinstance(fault.how, BaseException):
            raise fault.how
        if isinstance(fault.how, wire.Answer):
            return fault.how
        fault.how()
        return service.answer(request)

    def _login(self, raw: Any) -> wire.Answer:
        if '/application_credentials/' in raw.url:
            return self.credential or wire.Answer(403)
        if raw.method == 'GET':
            versions = keystone.DiscoveryList(AUTH_URL, v2=False)
            return wire.Answer(json=versions)
        if self.ended is not None:
            self.refused += 1
            return dataclasses.replace(self.ended, headers={})
        token = keystone.V3Token(
            user_id=worlds.USER,
            user_name='alice',
            project_id=worlds.PROJECT,
            project_name='wonder',
            project_domain_id='default',
        )
        if self.credential is not None:
            token.set_application_credential('cafe')
        for role in self._roles:
            token.add_role(name=role)
        for type_ in self._types:
            name = TYPES[type_]
            suffix = {'glance': '', 'barbican': '', 'neutron': ''}.get(
                name, getattr(self, name).prefix
            )
            token.add_service(type_, name).add_standard_endpoints(
                region='Elsewhere' if type_ in self._elsewhere else REGION,
                public=f'https://{name}.example.com{suffix}',
            )
        return wire.Answer(201, token, headers={'X-Subject-Token': 'a-token'})


def _bytes(body: Any) -> bytes:
    """Give the bytes of a body, also of one that comes in blocks."""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else b''.join(body)


def _no_proxies(*_: Any, **__: Any) -> dict[str, str]:
    return {}


def _await_readers() -> None:
    """Let a command that has ended read to the end.

    Where one list is refused, the others are still read: those requests are
    not for the cloud of the next test.
    """
    for thread in threading.enumerate():
        if thread.name.startswith('read '):
            thread.join(10)


def _discovery(name: str) -> wire.Answer:
    """Say which versions a service has."""
    id_, least, most = {
        'cinder': ('v3.0', '3.0', '3.71'),
        'glance': ('v2.16', '', ''),
        'nova': ('v2.1', '2.1', '2.96'),
        'barbican': ('v1', '1.0', '1.2'),
        'neutron': ('v2.0', '', ''),
    }[name]
    version = {
        'id': id_,
        'status': 'CURRENT',
        'min_version': least,
        'version': most,
        'max_version': most,
        'links': [
            {
                'rel': 'self',
                'href': f'https://{name}.example.com/'
                f'{id_.partition(".0")[0].partition(".16")[0]}/',
            }
        ],
    }
    return wire.Answer(json={'versions': [version]})


class _Broken(io.BytesIO):
    """A body whose connection breaks at its end."""

    def read(self, *size: int, **_: Any) -> bytes:
        block = super().read(*size[:1])
        if not block:
            raise requests.ConnectionError('Connection broken')
        return block


def _response(raw: Any, answer: wire.Answer) -> requests.Response:
    options: dict[str, Any] = {'content': answer.content}
    if answer.breaks is not None:
        options = {'body': _Broken(answer.content[: answer.breaks])}
    elif answer.json is not None:
        options = {'json': answer.json}
        answer.headers.setdefault('Content-Type', 'application/json')
    return requests_mock.create_response(
        raw, status_code=answer.status, headers=answer.headers, **options
    )

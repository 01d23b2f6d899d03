# SPDX-License-Identifier: Apache-2.0
"""Make the clients of all services from the SDK's connection."""

import dataclasses
import functools

from keystoneauth1 import adapter
from keystoneauth1.identity import base
import openstack.connection
import os_service_types

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import barbican_api
from backupclient.cloud import cinder_api
from backupclient.cloud import glance_api
from backupclient.cloud import keystone_api
from backupclient.cloud import logins
from backupclient.cloud import neutron_api
from backupclient.cloud import nova_api
from backupclient.cloud import proxies
from backupclient.cloud import services
from backupclient.model import inventories

Connection = openstack.connection.Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud, as seen by one user in one project.

    :param services: the service types that the catalogue has in the user's
        region, as the SDK names them.
    """

    identity: inventories.CloudIdentity
    roles: frozenset[str]
    services: frozenset[str]
    cinder: cinder_api.Cinder
    glance: glance_api.Glance
    nova: nova_api.Nova
    barbican: barbican_api.Barbican
    neutron: neutron_api.Neutron
    keystone: keystone_api.Keystone
    clock: clocks.Clock
    login: logins.Login


def connect(connection: Connection, clock: clocks.Clock) -> Cloud:
    """Log in, and return the cloud with a client for each service.

    :param connection: OSC's ``client_manager.sdk_connection``: it has the
        user's authentication, region and TLS settings. Its session gets a
        timeout if the user's settings have none.
    :raises UsageError: if the login is not a Keystone login.
    """
    session = connection.session
    if session.timeout is None:
        # Requests of keystoneauth itself (a new token, a service's versions)
        # have no other timeout.
        session.timeout = max(services.TIMEOUT)
    auth = session.auth
    if not isinstance(auth, base.BaseIdentityPlugin):
        raise errors.UsageError(
            'Backups need a Keystone login: a project and a service catalogue.'
        )
    access = auth.get_access(session)
    identity = inventories.CloudIdentity(
        auth_url=str(getattr(auth, 'auth_url', '') or ''),
        region=str(connection.config.get_region_name() or ''),
        project_id=str(access.project_id or ''),
        project_name=str(access.project_name or ''),
        user_id=str(access.user_id or ''),
    )
    official = os_service_types.ServiceTypes().get_service_type
    offered = frozenset(
        official(type_) or type_
        for type_, endpoints in access.service_catalog.get_endpoints(
            interface=connection.config.get_interface(),
            region_name=connection.config.get_region_name(),
        ).items()
        if endpoints
    )
    proxies.quieten()
    login = logins.Login()
    service = functools.partial(_service, connection, offered, clock, login)
    return Cloud(
        identity=identity,
        roles=frozenset(access.role_names or ()),
        services=offered,
        cinder=cinder_api.Cinder(
            service('block-storage', 'Cinder', cinder_api.MICROVERSION)
        ),
        glance=glance_api.Glance(service('image', 'Glance')),
        nova=nova_api.Nova(service('compute', 'Nova', nova_api.MICROVERSION)),
        barbican=barbican_api.Barbican(service('key-manager', 'Barbican')),
        neutron=neutron_api.Neutron(service('network', 'Neutron')),
        keystone=keystone_api.Keystone(
            session, access, keystone_api.is_renewable(auth)
        ),
        clock=clock,
        login=login,
    )


def _service(
    connection: openstack.connection.Connection,
    offered: frozenset[str],
    clock: clocks.Clock,
    login: logins.Login,
    type_: str,
    name: str,
    microversion: str | None = None,
) -> services.Service:
    config = connection.config
    return services.Service(
        proxies.Proxy(functools.partial(_proxy, connection, offered, type_)),
        name,
        clock,
        microversion,
        limited=bool(
            config.get_rate_limit(type_) or config.get_concurrency(type_)
        ),
        login=login,
    )


def _proxy(
    connection: openstack.connection.Connection,
    offered: frozenset[str],
    service: str,
) -> adapter.Adapter:
    """Return the SDK's proxy of a service.

    Older SDKs fail to make a proxy of a service that the catalogue lacks.
    For such a service, return a plain adapter, which fails when it is used.
    """
    if service not in offered:
        return adapter.Adapter(connection.session, service_type=service)
    found: adapter.Adapter = getattr(connection, service.replace('-', '_'))
    return found

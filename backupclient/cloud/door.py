# SPDX-License-Identifier: Apache-2.0
"""From the SDK's connection to the services as this program uses them."""

import dataclasses
import functools

from keystoneauth1 import adapter
from keystoneauth1.identity import base
import openstack.connection
import os_service_types

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import barbican as barbican_
from backupclient.cloud import cinder as cinder_
from backupclient.cloud import glance as glance_
from backupclient.cloud import keystone as keystone_
from backupclient.cloud import login as login_
from backupclient.cloud import neutron as neutron_
from backupclient.cloud import nova as nova_
from backupclient.cloud import proxies
from backupclient.cloud import services
from backupclient.model import inventories

Connection = openstack.connection.Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud, as one user sees it in one project.

    :param services: the service types that the catalogue has in the user's
        region, as the SDK names them.
    """

    identity: inventories.CloudIdentity
    roles: frozenset[str]
    services: frozenset[str]
    cinder: cinder_.Cinder
    glance: glance_.Glance
    nova: nova_.Nova
    barbican: barbican_.Barbican
    neutron: neutron_.Neutron
    keystone: keystone_.Keystone
    clock: clocks.Clock
    login: login_.Login


def connect(connection: Connection, clock: clocks.Clock) -> Cloud:
    """Open the door.

    :param connection: OSC's ``client_manager.sdk_connection``: it has the
        user's authentication, region and TLS settings. Its requests get a
        timeout, if the user's settings have none.
    """
    session = connection.session
    if session.timeout is None:
        # For what is asked on the way: a new token, a service's versions.
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
    login = login_.Login()
    service = functools.partial(_service, connection, offered, clock, login)
    return Cloud(
        identity=identity,
        roles=frozenset(access.role_names or ()),
        services=offered,
        cinder=cinder_.Cinder(
            service('block-storage', 'Cinder', cinder_.MICROVERSION)
        ),
        glance=glance_.Glance(service('image', 'Glance')),
        nova=nova_.Nova(service('compute', 'Nova', nova_.MICROVERSION)),
        barbican=barbican_.Barbican(service('key-manager', 'Barbican')),
        neutron=neutron_.Neutron(service('network', 'Neutron')),
        keystone=keystone_.Keystone(
            session, access, keystone_.is_renewable(auth)
        ),
        clock=clock,
        login=login,
    )


def _service(
    connection: openstack.connection.Connection,
    offered: frozenset[str],
    clock: clocks.Clock,
    login: login_.Login,
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
    """Give the SDK's proxy of a service.

    Older SDKs cannot make that of an absent one: a plain adapter fails when
    it is used.
    """
    if service not in offered:
        return adapter.Adapter(connection.session, service_type=service)
    found: adapter.Adapter = getattr(connection, service.replace('-', '_'))
    return found

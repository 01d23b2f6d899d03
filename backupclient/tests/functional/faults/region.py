# SPDX-License-Identifier: Apache-2.0
"""A region of the dev cloud whose services are behind the proxy."""

import os

import fixtures
import yaml

SERVICES = ('block-storage', 'compute', 'image', 'key-manager')
_NEAR = 'RegionOne'


def upstreams(admin):
    """The URLs of the services, Keystone among them, by their types."""
    types = {each.id: each.type for each in admin.identity.services()}
    found = {
        types[each.service_id]: each.url
        for each in admin.identity.endpoints(
            interface='public', region_id=_NEAR
        )
    }
    urls = {service: found[service] for service in SERVICES}
    return urls | {'identity': admin.session.auth.auth_url}


class Region(fixtures.Fixture):
    """The region, for as long as a test lasts, and how a tenant uses it.

    Its endpoints belong to services of their own: Nova takes the first
    endpoint of the service ``cinder`` in whatever region, and must not come
    to us.

    :param tenant: whose client shall go through the proxy.
    :param urls: of the proxy, by the types of the services.
    """

    def __init__(self, tenant, urls):
        self._tenant = tenant
        self._urls = urls
        self.name = f'faults-{os.getpid()}'

    def _setUp(self):
        self._delete()
        self.addCleanup(self._delete)
        identity = self._tenant.admin.identity
        identity.create_region(id=self.name)
        for type_ in SERVICES:
            service = identity.create_service(name=self.name, type=type_)
            identity.create_endpoint(
                service_id=service.id,
                interface='public',
                url=self._urls[type_],
                region_id=self.name,
            )
        self.clouds = os.path.join(self._tenant.folder, 'faults.yaml')
        self._write_clouds()

    def environment(self):
        """What a command needs to act as the tenant, by way of the proxy."""
        return {
            **self._tenant.environment(),
            'OS_CLIENT_CONFIG_FILE': self.clouds,
        }

    def _write_clouds(self):
        with open(self._tenant.clouds, encoding='utf-8') as file:
            config = yaml.safe_load(file)
        cloud = config['clouds']['tenant']
        cloud['region_name'] = self.name
        cloud['auth']['auth_url'] = self._urls['identity']
        with open(self.clouds, 'w', encoding='utf-8') as file:
            yaml.safe_dump(config, file)

    def _delete(self):
        """Delete it, also what a killed process has left."""
        identity = self._tenant.admin.identity
        for endpoint in identity.endpoints(region_id=self.name):
            identity.delete_endpoint(endpoint)
        for service in identity.services(name=self.name):
            identity.delete_service(service)
        if any(each.id == self.name for each in identity.regions()):
            identity.delete_region(self.name)

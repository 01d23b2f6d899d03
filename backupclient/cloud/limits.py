# SPDX-License-Identifier: Apache-2.0
"""The quotas that only a restore needs: those of Nova and of Glance."""

from backupclient import errors
from backupclient.cloud import glance_api
from backupclient.cloud import nova_api
from backupclient.cloud import quotas
from backupclient.model import inventories


def of_servers(nova: nova_api.Nova) -> dict[str, inventories.Quota]:
    """Return the limits of servers, cores and memory, and their use.

    Nova tells every user those of the own project.
    """
    return quotas.of_server_limits(
        nova.service.get('/limits', 'read the limits of servers')
    )


def of_images(glance: glance_api.Glance) -> dict[str, inventories.Quota]:
    """Return the limits of images and their use, nothing without limits.

    Glance has them when Keystone keeps its limits
    (``glance/quota/keystone.py``). The largest size of an image it tells
    nobody.
    """
    try:
        body = glance.service.get('/info/usage', 'read the limits of images')
    except (errors.Forbidden, errors.NotFound):
        return {}
    return quotas.of_image_usage(body)

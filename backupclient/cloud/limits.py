# SPDX-License-Identifier: Apache-2.0
"""Read the quotas that only a restore needs: Nova's and Glance's."""

from backupclient import errors
from backupclient.cloud import glance_api
from backupclient.cloud import nova_api
from backupclient.cloud import quotas
from backupclient.model import inventories


def of_servers(nova: nova_api.Nova) -> dict[str, inventories.Quota]:
    """Return the limits of servers, cores and memory, and their use.

    Nova shows the limits of a project to each of its users.

    :raises CloudError: if Nova does not answer or refuses.
    """
    return quotas.of_server_limits(
        nova.service.get('/limits', 'read the limits of servers')
    )


def of_images(glance: glance_api.Glance) -> dict[str, inventories.Quota]:
    """Return the limits of images and their use, ``{}`` if there are none.

    Glance has limits only if Keystone stores them
    (``glance/quota/keystone.py``). It shows nobody the largest size of an
    image.
    """
    try:
        body = glance.service.get('/info/usage', 'read the limits of images')
    except (errors.Forbidden, errors.NotFound):
        return {}
    return quotas.of_image_usage(body)

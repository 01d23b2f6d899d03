# SPDX-License-Identifier: Apache-2.0
"""Barbican's API.

The same as barbican.wsgi.api, which has /etc/barbican written into it.
"""

import os

from paste import deploy

application = deploy.loadapp(
    'config:{DEVCLOUD_STATE}/etc/barbican/barbican-api-paste.ini'.format(
        **os.environ
    )
)

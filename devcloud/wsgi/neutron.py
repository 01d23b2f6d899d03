# SPDX-License-Identifier: Apache-2.0
"""Neutron's API: neutron.wsgi.api with one more model loaded before it.

Without any L3 plugin, neutron's queries for ports still name
Port.port_forwardings, which only that model adds, and SQLAlchemy puts it on
the class only when the mappers are configured.  Without this every
`server show` fails, because nova asks for the ports of the server.
"""

import neutron.db.models.port_forwarding  # noqa: F401
from neutron.wsgi.api import application  # noqa: F401
import sqlalchemy.orm

sqlalchemy.orm.configure_mappers()

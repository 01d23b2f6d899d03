# SPDX-License-Identifier: Apache-2.0
"""Make neutron's tables from its models: seconds, not all its migrations.

Run by the services' Python with the URL of the database and the option that
names the configuration.
"""

from __future__ import annotations

import sys

from neutron.db.migration import cli
from neutron.db.migration.models import head
import neutron.db.models.port_forwarding  # noqa: F401
import sqlalchemy

if __name__ == '__main__':
    url, configuration = sys.argv[1:]
    head.get_metadata().create_all(sqlalchemy.create_engine(url))
    sys.argv = ['neutron-db-manage', configuration, 'stamp', 'heads']
    cli.main()

# SPDX-License-Identifier: Apache-2.0
"""How the OpenStack services are set up and started.

Each API is one uWSGI process; everything else is a program of the service's
own.  A `make_...` function makes the tables of a service, once.
"""

from __future__ import annotations

from devcloud import settings
from devcloud.commands import environment
from devcloud.commands import run
from devcloud.commands import wait
from devcloud.infrastructure import make_database
from devcloud.infrastructure import sql
from devcloud.settings import AUTH_URL
from devcloud.settings import CHECKOUT
from devcloud.settings import DATA
from devcloud.settings import ETC
from devcloud.settings import HERE
from devcloud.settings import HOST
from devcloud.settings import REGION
from devcloud.settings import VENV
from devcloud.settings import database_url

BIN = VENV / 'bin'


def config(service: str, name: str = '') -> str:
    """Give the option that names a service its configuration."""
    return f'--config-file={ETC / service / (name or service + ".conf")}'


def uwsgi(
    name: str, port: int, module: str, threads: int, arguments: str
) -> list[str]:
    """Give the command of an API.

    `module` is the service's own WSGI module, or a file in ``wsgi/``.
    """
    if module.endswith('.py'):
        what = ['--wsgi-file', str(HERE / 'wsgi' / module)]
    else:
        what = ['--module', f'{module}:application']
    return [
        str(BIN / 'uwsgi'),
        '--http-socket', f'{HOST}:{port}',
        '--master', '--lazy-apps', '--need-app',
        '--processes', '1', '--threads', str(threads), '--enable-threads',
        '--thunder-lock',
        '--buffer-size', '65535',
        '--add-header', 'Connection: close',
        # 1 MiB and 4 s by default: uploads in chunks break on them.
        '--chunked-input-limit', '134217728',
        '--chunked-input-timeout', '600',
        '--http-timeout', '600', '--socket-timeout', '600',
        '--die-on-term', '--no-orphans',
        '--hook-master-start', 'unix_signal:15 gracefully_kill_them_all',
        '--worker-reload-mercy', '3', '--reload-mercy', '3',
        '--log-master', '--procname-prefix-spaced', name,
        *what,
        *(['--pyargv', arguments] if arguments else []),
    ]  # fmt: skip


def worker(name: str) -> list[str]:
    """Give the command of a service without an API."""
    return [str(BIN / name), config(name.partition('-')[0])]


def python(module: str, *arguments: str) -> None:
    """Run a module of this package with the services' Python."""
    run(
        [BIN / 'python', '-m', f'devcloud.{module}', *arguments],
        log=module,
        env=environment() | {'PYTHONPATH': str(CHECKOUT)},
    )


def _manage(service: str, *words: str, conf: str = '') -> None:
    run(
        [BIN / f'{service}-manage', config(service, conf), *words],
        log=f'make-{service}',
    )


def make_keystone() -> None:
    """Make keystone's tables and keys, the admin and its own endpoint."""
    make_database('keystone')
    _manage('keystone', 'db_sync')
    for folder, verb in (
        ('fernet', 'fernet_setup'),
        ('credential', 'credential_setup'),
    ):
        (DATA / folder).mkdir(mode=0o700, exist_ok=True)
        _manage(
            'keystone',
            verb,
            '--keystone-user',
            'root',
            '--keystone-group',
            'root',
        )
    urls = [
        f'--bootstrap-{kind}-url={AUTH_URL}'
        for kind in ('public', 'internal', 'admin')
    ]
    _manage(
        'keystone',
        'bootstrap',
        '--bootstrap-password',
        settings.facts().passwords['admin'],
        '--bootstrap-region-id',
        REGION,
        *urls,
    )


def finish_keystone() -> None:
    """Make projects, users, and the list of services."""
    python('bootstrap', 'keystone')


def make_glance() -> None:
    """Make glance's tables."""
    make_database('glance')
    _manage('glance', 'db_sync', conf='glance-api.conf')


def make_barbican() -> None:
    """Make barbican's tables."""
    make_database('barbican')
    run(
        [
            BIN / 'barbican-manage',
            'db',
            'upgrade',
            '--db-url',
            database_url('barbican'),
        ],
        log='make-barbican',
    )


def make_placement() -> None:
    """Make placement's tables."""
    make_database('placement')
    _manage('placement', 'db', 'sync')


def make_neutron() -> None:
    """Make neutron's tables."""
    make_database('neutron')
    python('neutron_tables', database_url('neutron'), config('neutron'))


def make_cinder() -> None:
    """Make cinder's tables."""
    make_database('cinder')
    _manage('cinder', 'db', 'sync')


def make_nova() -> None:
    """Make nova's tables, and the one cell where all servers are."""
    make_database('nova', 'nova_api', 'nova_cell0')
    _manage('nova', 'api_db', 'sync')
    _manage(
        'nova',
        'cell_v2',
        'map_cell0',
        '--database_connection',
        database_url('nova_cell0'),
    )
    _manage('nova', 'db', 'sync')
    _manage('nova', 'cell_v2', 'create_cell', '--name', 'cell1')


def finish_nova() -> None:
    """Tell nova's API about the one machine for servers."""
    wait(lambda: bool(sql('select 1 from nova.compute_nodes')), 60)
    _manage('nova', 'cell_v2', 'discover_hosts')


def make_offers() -> None:
    """Make what tenants choose from: volume types, flavors, an image."""
    python('bootstrap', 'offers')

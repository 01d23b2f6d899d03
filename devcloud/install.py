# SPDX-License-Identifier: Apache-2.0
"""Install what is missing: Debian packages, and the services' Python.

Besides the packages nothing is written outside of the state folder, except
for two configuration files (see `system_files`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
import contextlib
import hashlib
import os
import pathlib
import re
import subprocess

from devcloud import settings
from devcloud import system_files
from devcloud.commands import run
from devcloud.commands import say
from devcloud.machine import PYTHON
from devcloud.settings import HERE
from devcloud.settings import STATE
from devcloud.settings import VENV

_PACKAGES = (
    'python3-venv',
    # PyPI has no rados and no rbd, and no libvirt ready built
    'python3-rados', 'python3-rbd', 'python3-libvirt',
    'ceph-mon', 'ceph-mgr', 'ceph-osd', 'ceph-common',
    'mariadb-server', 'rabbitmq-server', 'memcached',
    'qemu-system-x86', 'qemu-utils', 'qemu-block-extra', 'seabios',
    'ipxe-qemu', 'cryptsetup-bin',
    'libvirt-daemon', 'libvirt-daemon-system', 'libvirt-daemon-driver-qemu',
    'libvirt-clients',
    # mkfs.vfat, for the ephemeral disks of servers
    'dosfstools',
    # for thread_cpu.c
    'gcc', 'libc6-dev',
)  # fmt: skip
_LOCK = HERE / 'requirements.lock'
_MARK = VENV / 'devcloud-installed'
_MODULES = re.compile(
    r'(rados|rbd|libvirt|libvirt_qemu|libvirtmod|libvirtmod_qemu)'
    r'\.(py|cpython-.*)$'
)


def _missing_packages(more: Collection[str]) -> list[str]:
    wanted = [*_PACKAGES, *more]
    done = subprocess.run(
        [
            'dpkg-query',
            '-W',
            '-f',
            '${Package} ${db:Status-Status}\n',
            *wanted,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    there = {
        line.split()[0]
        for line in done.stdout.splitlines()
        if line.endswith(' installed')
    }
    return [name for name in wanted if name not in there]


def _fingerprint() -> str:
    """Tell one set of requirements, for one Python, from another."""
    version = run([PYTHON, '--version'])
    return hashlib.sha256(version.encode() + _LOCK.read_bytes()).hexdigest()


def _has_venv() -> bool:
    return _MARK.exists() and _MARK.read_text() == _fingerprint()


def installed(more: Collection[str] = ()) -> bool:
    """Say whether everything is installed.

    :param more: Debian packages of optional parts.
    """
    return not _missing_packages(more) and _has_venv()


def announce(more: Collection[str] = ()) -> None:
    """Say what will be installed or written, before it is."""
    packages = _missing_packages(more)
    lines = []
    if packages:
        lines.append(
            'install, with apt-get and what they depend on: '
            + ' '.join(packages)
        )
    if not _has_venv():
        lines.append(
            f'install in {VENV}, with pip: the services, as pinned in {_LOCK}'
        )
    lines += system_files.plans()
    if lines:
        say(
            'this will change the machine:\n'
            + '\n'.join(f'        - {line}' for line in lines)
            + f'\n        and all else is under {STATE}'
        )


def install(more: Collection[str] = ()) -> None:
    """Install what is missing."""
    for folder in ('log', 'home', 'bin'):
        (STATE / folder).mkdir(parents=True, exist_ok=True)
    if packages := _missing_packages(more):
        _install_packages(packages)
    if not _has_venv():
        _install_services()
    _link_modules()
    _wrap_qemu_img()


def _install_packages(packages: list[str]) -> None:
    say(f'apt-get install: {len(packages)} packages are missing')
    env = os.environ | {'DEBIAN_FRONTEND': 'noninteractive'}
    with _no_autostart():
        run(['apt-get', 'update', '-q'], log='apt', env=env)
        run(
            [
                'apt-get',
                'install',
                '-y',
                '-q',
                '--no-install-recommends',
                *packages,
            ],
            log='apt',
            env=env,
        )


@contextlib.contextmanager
def _no_autostart() -> Iterator[None]:
    """Keep the packages from starting their own servers.

    Debian asks policy-rc.d.  Many container images have one already.
    """
    policy = pathlib.Path('/usr/sbin/policy-rc.d')
    if policy.exists():
        yield
        return
    policy.write_text('#!/bin/sh\nexit 101\n')
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def _install_services() -> None:
    say(f'pip install: the services, in {VENV} (about a minute)')
    # As the caller has it: pip's own settings are there.
    env = dict(os.environ)
    env.pop('PYTHONPATH', None)
    _MARK.unlink(missing_ok=True)
    run([PYTHON, '-m', 'venv', '--clear', VENV], log='pip', env=env)
    run([VENV / 'bin/pip', 'install', '-q', '-r', _LOCK], log='pip', env=env)
    settings.write(_MARK, _fingerprint())


def _link_modules() -> None:
    """Put Debian's own modules beside those of the services."""
    site = next(VENV.glob('lib/python3*/site-packages'))
    for module in pathlib.Path('/usr/lib/python3/dist-packages').iterdir():
        link = site / module.name
        if _MODULES.match(module.name) and not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(module)


def _wrap_qemu_img() -> None:
    """Make a qemu-img that measures time rightly; thread_cpu.c tells why."""
    library = STATE / 'bin/thread_cpu.so'
    if not library.exists():
        run(
            [
                'gcc',
                '-shared',
                '-fPIC',
                '-O2',
                '-o',
                library,
                HERE / 'thread_cpu.c',
            ]
        )
    wrapper = STATE / 'bin/qemu-img'
    settings.write(
        wrapper,
        f'#!/bin/sh\nLD_PRELOAD={library} exec /usr/bin/qemu-img "$@"\n',
    )
    wrapper.chmod(0o755)

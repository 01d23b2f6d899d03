# SPDX-License-Identifier: Apache-2.0
"""The two files outside of the state folder, which have no other place.

What was there before is kept beside, as ``NAME.before-devcloud``, until
`restore` puts it back.
"""

from __future__ import annotations

import pathlib

from devcloud import settings
from devcloud.commands import say

# libvirt has no option for another one.
_QEMU_CONF = pathlib.Path('/etc/libvirt/qemu.conf')
# librbd inside QEMU reads no other.
_CEPH_CONF = pathlib.Path('/etc/ceph/ceph.conf')


def _kept(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(path.name + '.before-devcloud')


def _has_qemu_conf() -> bool:
    """Say whether libvirt has our settings."""
    template = settings.HERE / 'conf/libvirt/qemu.conf'
    return (
        _QEMU_CONF.exists() and _QEMU_CONF.read_text() == template.read_text()
    )


def _has_ceph_conf() -> bool:
    """Say whether librbd finds our cluster."""
    return (
        _CEPH_CONF.is_symlink() and _CEPH_CONF.readlink() == settings.CEPH_CONF
    )


def plans() -> list[str]:
    """Tell what `write` would do."""
    found = []
    if not _has_qemu_conf():
        found.append(f'write {_QEMU_CONF}')
    if not _has_ceph_conf():
        found.append(f'link {_CEPH_CONF} to {settings.CEPH_CONF}')
    return found


def write() -> None:
    """Write both, unless they are there."""
    if not _has_qemu_conf():
        _keep(_QEMU_CONF)
        template = settings.HERE / 'conf/libvirt/qemu.conf'
        settings.write(_QEMU_CONF, template.read_text())
    if not _has_ceph_conf():
        _keep(_CEPH_CONF)
        _CEPH_CONF.parent.mkdir(exist_ok=True)
        _CEPH_CONF.symlink_to(settings.CEPH_CONF)


def _keep(path: pathlib.Path) -> None:
    """Keep what is there now, but never lose what was kept before."""
    if not path.is_symlink() and not path.exists():
        return
    if _kept(path).exists():
        path.unlink()
    else:
        path.rename(_kept(path))
        say(f'kept {path} as {_kept(path)}')


def restore() -> None:
    """Put back what was there before us."""
    for path, ours in (
        (_QEMU_CONF, _has_qemu_conf()),
        (_CEPH_CONF, _has_ceph_conf()),
    ):
        if not ours:
            continue  # somebody else's by now
        path.unlink()
        if _kept(path).exists() or _kept(path).is_symlink():
            _kept(path).rename(path)
            say(f'put {path} back')
        else:
            say(f'removed {path}')

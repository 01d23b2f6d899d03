# SPDX-License-Identifier: Apache-2.0
"""A disk that fails: what the operating system says, call by call."""

import builtins
import errno
import functools
import os
import shutil

import fixtures

_NEEDS_ROOM = ('open', 'mkdir', 'symlink', 'link', 'fsync', 'pwrite')
_FREES_ROOM = ('rename', 'replace', 'unlink', 'rmdir', 'ftruncate')
_PATCHED = (*_NEEDS_ROOM, *_FREES_ROOM)
_ALL = (*_PATCHED, 'reopen')
_WRITES = os.O_WRONLY | os.O_RDWR


class FailingDisk(fixtures.Fixture):
    """Calls that write below a folder fail, from one of them on.

    :param root: the folder.
    :param at: the number of the first call that fails, from 0.
    :param witness: called when it fails; what it gives is in ``seen``.
    :param calls: which of them fail.
    :param code: what they say.
    :param once: only that first one fails.
    """

    calls = _ALL
    code = errno.EIO
    once = False

    def __init__(self, root, at, witness):
        self.root = str(root)
        self.at = at
        self.witness = witness
        self.count = 0
        self.hit = ''
        self.seen = None

    def _setUp(self):
        for name in _PATCHED:
            real = getattr(os, name)
            self._patch(
                f'os.{name}', functools.partial(self._call, name, real)
            )
        real = builtins.open
        for name in ('builtins.open', 'io.open'):
            self._patch(name, functools.partial(self._open, real))

    def _patch(self, name, function):
        self.useFixture(fixtures.MonkeyPatch(name, function))

    def _open(self, real, file, mode='r', *more, **options):
        if set(mode) & set('wax+') and not isinstance(file, int):
            self._strike('open', file, None)
        return real(file, mode, *more, **options)

    def _call(self, name, real, path, *more, **options):
        if name != 'open' or more[0] & _WRITES:
            folder = options.get('dir_fd', options.get('src_dir_fd'))
            self._strike(name, path, folder)
        return real(path, *more, **options)

    def _strike(self, name, path, folder):
        path = _resolved(path, folder)
        if not f'{path}/'.startswith(f'{self.root}/'):
            return
        if os.path.exists(path):
            # Nothing is made.
            name = {'mkdir': '', 'open': 'reopen'}.get(name, name)
        if name not in self.calls:
            return
        self.count += 1
        if self.count <= self.at or (self.once and self.hit):
            return
        if not self.hit:
            self.hit = f'{name} {path}'
            self.seen = self.witness()
        self.fail(path)

    def fail(self, path):
        raise OSError(self.code, os.strerror(self.code), path)


class Full(FailingDisk):
    """What makes no file larger still works."""

    calls = _NEEDS_ROOM
    code = errno.ENOSPC


class ReadOnly(FailingDisk):
    code = errno.EROFS


class Broken(FailingDisk):
    """One call fails, as on a bad sector."""

    once = True


class Gone(FailingDisk):
    """The folder is taken away and not put back; its calls say so."""

    code = errno.ENOENT
    once = True

    def fail(self, path):
        shutil.rmtree(self.root)


ALL = (Full, ReadOnly, Broken, Gone)


def _resolved(path, folder):
    if isinstance(path, int):
        return os.readlink(f'/proc/self/fd/{path}')
    if folder is not None:
        return os.path.join(os.readlink(f'/proc/self/fd/{folder}'), path)
    return os.path.abspath(path)

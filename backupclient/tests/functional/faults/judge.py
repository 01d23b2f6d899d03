# SPDX-License-Identifier: Apache-2.0
"""Whether files have the right bytes, looked at while a run goes on."""

import os
import subprocess
import threading

from backupclient.tests.functional import cloud

_FOLDERS = ('images', 'secrets', 'servers', 'volumes')


class Original:
    """What the file of a resource must hold.

    :param data: its bytes, zeros follow them.
    :param size: of all, None: only the data.
    """

    def __init__(self, data, size=None):
        self._data = data
        self._size = size or len(data)

    def sha512_of(self, path):
        """Give the hash of a file that is right."""
        return cloud.sha512(self._data, self._size)

    def is_in(self, path):
        """Compare a file, byte for byte; holes are not read."""
        with open(path, 'rb') as file:
            if os.fstat(file.fileno()).st_size != self._size:
                return False
            if file.read(len(self._data)) != self._data:
                return False
            return all(not any(block) for block in _rest(file, self._size))


class Disk(Original):
    """The same for a disk image in a format of its own.

    :param folder: for what is converted.
    """

    def __init__(self, data, size, folder):
        super().__init__(data, size)
        self._folder = folder

    def sha512_of(self, path):
        """Hash the file: its format leaves room for differences."""
        return cloud.sha512_of(path)

    def is_in(self, path):
        """Compare what a guest would read of it."""
        plain = os.path.join(self._folder, 'converted')
        converted = subprocess.run(
            ['qemu-img', 'convert', '-O', 'raw', path, plain],
            stderr=subprocess.DEVNULL,
        )
        return converted.returncode == 0 and super().is_in(plain)


def _rest(file, size):
    """Read what is no hole, from where the file is read to."""
    at = file.tell()
    while at < size:
        try:
            at = os.lseek(file.fileno(), at, os.SEEK_DATA)
        except OSError:
            # Nothing but a hole is left.
            return
        block = os.pread(file.fileno(), min(size - at, cloud.MIB), at)
        yield block
        at += len(block)


def files(target):
    """The data files under their final names, of all sets in a folder."""
    return [
        path
        for name in _FOLDERS
        for path in target.glob(f'*/{name}/*')
        if path.suffix != '.part'
    ]


class Watcher:
    """Looks at each file as soon as it has its final name.

    :param target: the folder of the backup sets.
    """

    def __init__(self, target, original):
        self.wrong = []
        self._target = target
        self._original = original
        self._known = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        while not self._ended.wait(0.02):
            self._look()
        self._look()

    def _look(self):
        for path in files(self._target):
            try:
                found = path.stat()
                version = (path, found.st_ino, found.st_size, found.st_mtime)
                if version not in self._known:
                    self._known.add(version)
                    if not self._original.is_in(path):
                        self.wrong.append(str(path))
            except FileNotFoundError:
                # It was taken away again, or its set got its final name.
                continue

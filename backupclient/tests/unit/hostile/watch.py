# SPDX-License-Identifier: Apache-2.0
"""Sees where this process writes, whichever way it does."""

import os
import pathlib
import sys

import fixtures

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# The names of the arguments that are paths, by the kind of event.
_PATHS = {
    'os.chmod': (0,),
    'os.link': (0, 1),
    'os.mkdir': (0,),
    'os.remove': (0,),
    'os.rename': (0, 1),
    'os.rmdir': (0,),
    'os.symlink': (1,),
    'os.truncate': (0,),
    'shutil.rmtree': (0,),
}
_watching: list['Watch'] = []


def _hook(event, arguments):
    # Hooks stay for as long as the process lives.
    if not _watching:
        return
    if event == 'open' and isinstance(arguments[2], int):
        indexes = (0,) if arguments[2] & _WRITES else ()
    else:
        indexes = _PATHS.get(event, ())
    for index in indexes:
        _watching[-1].saw(arguments[index])


sys.addaudithook(_hook)


class Watch(fixtures.Fixture):
    """Remembers what was written to outside of some folders.

    :param allowed: where writing is fine.
    """

    def __init__(self, *allowed):
        super().__init__()
        # hypothesis makes tables of its own when it needs them.
        every = (*allowed, '.hypothesis')
        self._allowed = [pathlib.Path(path).resolve() for path in every]
        self.elsewhere = []

    def _setUp(self):
        _watching.append(self)
        self.addCleanup(_watching.remove, self)

    def saw(self, path):
        # Relative to an open folder, or a descriptor: checked when opened.
        if isinstance(path, int) or not os.path.isabs(os.fspath(path)):
            return
        _watching.remove(self)
        try:
            folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))
            real = pathlib.Path(folder).resolve() / name
        finally:
            _watching.append(self)
        if not any(real.is_relative_to(one) for one in self._allowed):
            self.elsewhere.append(str(path))

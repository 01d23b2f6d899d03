# SPDX-License-Identifier: Apache-2.0
"""Follow ``RESTORE.md`` as a person does: paste it into ``bash``."""

from collections.abc import Callable
import dataclasses
import pathlib
import re
import subprocess

from backupclient.tests.functional import base
from backupclient.tests.functional import forked


@dataclasses.dataclass(frozen=True)
class Restored:
    """What came of following a page.

    :param new: the new IDs by the old ones.
    """

    code: int
    out: str
    err: str
    new: dict[str, str]

    @property
    def said(self) -> str:
        """What the commands wrote."""
        return self.out + self.err

    def __repr__(self) -> str:
        return f'exit {self.code}\n{self.out}\n{self.err}'


def everything(_title: str) -> bool:
    """Choose all sections."""
    return True


def script(page: str, wanted: Callable[[str], bool] = everything) -> str:
    """Return a page with some of its sections.

    :param wanted: tells of the title of a resource, such as
        ``Volume `data```, whether it is followed.
    """
    parts = re.split('(?m)^(?=##)', page)
    return ''.join(
        part
        for part in parts
        if not part.startswith('### ')
        or wanted(part.partition('\n')[0].removeprefix('### '))
    )


def follow(
    case: base.TestCase,
    folder: pathlib.Path,
    wanted: Callable[[str], bool] = everything,
    edit: Callable[[str], str] = str,
    code: int = 0,
    starts: bool = False,
    **variables: str,
) -> Restored:
    """Follow the page of a set, in its folder, as the case's tenant.

    :param wanted: as of :func:`script`.
    :param edit: changes the page, as a person may do.
    :param code: the exit code that is expected; the first command that fails
        ends the script.
    :param starts: each ``openstack`` starts as for a person, and is not
        forked: that takes seconds more.
    :param variables: what a person may choose: ``SUFFIX``, ``IDENTITY``.
    """
    text = edit(script((folder / 'RESTORE.md').read_text(), wanted))
    tools = f'{pathlib.Path(base.OPENSTACK).parent}:/usr/local/bin'
    if not starts:
        tools = f'{forked.program().folder}:{tools}'
    done = subprocess.run(
        ['bash'],
        input=text,
        cwd=folder,
        env={
            **case.tenant.environment(),
            'PATH': f'{tools}:/usr/bin:/bin',
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=1800,
    )
    new = dict(re.findall(r'^(\S+) is now (\S+)$', done.stdout, re.M))
    found = Restored(done.returncode, done.stdout, done.stderr, new)
    case.assertEqual(code, found.code, f'{text}\n{found}')
    return found

# SPDX-License-Identifier: Apache-2.0
"""Follow ``RESTORE.md`` as a person does: paste its blocks into one bash."""

from collections.abc import Callable, Iterator
import dataclasses
import pathlib
import re
import subprocess

import markdown_it

from backupclient.tests.functional import base

_MARK = '@@restored'
# Other blocks are facts, cautions and names.
_COMMAND = re.compile(
    r'[A-Z]+[0-9]*=|\$PYTHON|(age|barbican|cat|openstack|sha512sum|umask) '
)
# What needs root, or is a way without OpenStack, and the last chapter.
_NOT_FOLLOWED = re.compile(
    r'sudo |cryptsetup |qemu-img |message list|IDENTITY=~'
)
# What a person fills in: the caller gives it.
_CHOSEN = re.compile('^(IDENTITY|NETWORK)=', re.M)


@dataclasses.dataclass(frozen=True)
class Restored:
    """What came of following a page.

    :param variables: by the start of a section's title (``Server 1``): the
        variables as they were at its end (``IMAGE``, ``SERVER``, ...).
    """

    code: int
    out: str
    err: str
    variables: dict[str, dict[str, str]]

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
    """Return the page's commands as a script.

    What is to be repeated until it prints something is a loop.

    :param wanted: tells of a section's title, such as ``Volume 1: `data```,
        whether it is followed.
    """
    lines: list[str] = []
    for title, block in _blocks(page):
        if title and not wanted(title):
            continue
        lines.append(block)
        if title:
            lines.append(_report(title.partition(':')[0]))
    return '\n'.join(lines)


def follow(
    case: base.TestCase,
    folder: pathlib.Path,
    wanted: Callable[[str], bool] = everything,
    edit: Callable[[str], str] = str,
    suffix: str = '',
    code: int = 0,
    **variables: str,
) -> Restored:
    """Follow the page of a set, in its folder, as the case's tenant.

    :param wanted: as of :func:`script`.
    :param edit: changes the script, as a person may do.
    :param suffix: of the new names.
    :param code: the exit code that is expected; the first command that fails
        ends the script.
    :param variables: what a person fills in: ``NETWORK``, ``IDENTITY``.
    """
    text = script((folder / 'RESTORE.md').read_text(), wanted)
    case.assertIn('SUFFIX=-restored\n', text)
    text = text.replace('SUFFIX=-restored\n', f'SUFFIX={suffix}\n')
    tools = pathlib.Path(base.OPENSTACK).parent
    done = subprocess.run(
        ['bash', '-euo', 'pipefail', '-c', edit(text)],
        cwd=folder,
        env={
            **case.tenant.environment(),
            'PATH': f'{tools}:/usr/local/bin:/usr/bin:/bin',
            **variables,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )
    found = Restored(
        done.returncode, done.stdout, done.stderr, _reported(done.stdout)
    )
    case.assertEqual(code, found.code, f'{text}\n{found}')
    return found


def _blocks(page: str) -> Iterator[tuple[str, str]]:
    """Give the blocks to paste, each with its section's title or ``''``."""
    title = waits_for = ''
    heading = False
    for token in markdown_it.MarkdownIt().parse(page):
        if token.type == 'heading_open':
            heading, title = token.tag == 'h3', ''
        elif token.type == 'heading_close':
            heading = False
        elif token.type == 'inline' and heading:
            title = token.content
        elif token.type == 'inline' and 'until it prints' in token.content:
            waits_for = token.content.split('`')[1]
        elif token.type == 'code_block' and _is_followed(token.content):
            code = token.content.strip()
            if waits_for:
                code = f'until [ "$({code})" = {waits_for} ]; do sleep 1; done'
            waits_for = ''
            yield title, code


def _is_followed(block: str) -> bool:
    return bool(_COMMAND.match(block)) and not (
        _NOT_FOLLOWED.search(block) or _CHOSEN.search(block)
    )


def _report(section: str) -> str:
    """Give the command that tells the variables at a section's end."""
    return (
        'for v in ${!IMAGE@} ${!SECRET@} ${!SERVER@} ${!VOLUME@} ${!ROOT@}; '
        f'do echo "{_MARK} {section} $v=${{!v}}"; done'
    )


def _reported(out: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for section, name, value in re.findall(
        rf'^{_MARK} (\w+ \d+) (\w+)=(.*)$', out, re.M
    ):
        found.setdefault(section, {})[name] = value
    return found

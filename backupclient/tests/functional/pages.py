# SPDX-License-Identifier: Apache-2.0
"""Follow ``RESTORE.md``: paste all of its commands into one bash."""

import pathlib
import re
import subprocess

import markdown_it

from backupclient.tests.functional import base

# Not the facts, and nothing that needs root, is a way without OpenStack, or
# has to be filled in.
_COMMAND = re.compile(
    r'([A-Z]+[0-9]*=|\$PYTHON|(age|barbican|cat|openstack|sha512sum|umask) )'
)
_OTHERS = re.compile(r'sudo |cryptsetup |qemu-img |message list|IDENTITY=~')


def script(page):
    """Make a script of the page's commands.

    What is to be repeated until it prints something is a loop.
    """
    waits_for = ''
    for token in markdown_it.MarkdownIt().parse(page):
        if token.type == 'inline' and 'until it prints' in token.content:
            waits_for = token.content.split('`')[1]
        elif token.type != 'code_block' or not _COMMAND.match(token.content):
            continue
        elif not _OTHERS.search(token.content):
            code = token.content.strip()
            if waits_for:
                code = f'until [ "$({code})" = {waits_for} ]; do sleep 1; done'
            waits_for = ''
            yield code


def follow(case, folder, suffix='', **variables):
    """Follow the page of a set as the case's tenant.

    :param suffix: of the new names.
    :param variables: of the environment, such as ``IDENTITY``.
    :returns: what the commands wrote.
    """
    text = '\n'.join(script((folder / 'RESTORE.md').read_text()))
    case.assertIn('SUFFIX=\n', text)
    tools = pathlib.Path(base.OPENSTACK).parent
    done = subprocess.run(
        [
            *('bash', '-euo', 'pipefail', '-c'),
            text.replace('SUFFIX=\n', f'SUFFIX={suffix}\n'),
        ],
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
    case.assertEqual(0, done.returncode, f'{text}\n{done.stdout}{done.stderr}')
    return done.stdout + done.stderr

# SPDX-License-Identifier: Apache-2.0
"""The list of checksums of a set: ``SHA512SUMS``."""

import re

from backupclient import documents
from backupclient import errors
from backupclient.model import layout

TEXTS = (layout.MANIFEST, layout.INSTRUCTIONS)
"""The texts that are listed."""

_LINE = re.compile(r'([0-9a-f]{128}) [ *](.+)')


def parse(data: bytes, what: str) -> dict[str, str]:
    """Read a list of checksums.

    :param what: it is, for messages.
    :returns: digests by path.
    :raises DocumentError: it has anything else than checksums of files that a
        set can have.
    """
    found = {}
    for line in documents.text(data, what).splitlines():
        match = _LINE.fullmatch(line)
        if not match or not _may_be_listed(match[2]):
            raise errors.DocumentError(
                f'The {what} has a line that it cannot have: '
                f'{line[:100]!r}. Use a good copy of the backup set.'
            )
        found[match[2]] = match[1]
    return found


def _may_be_listed(path: str) -> bool:
    return path in TEXTS or layout.is_member(path)

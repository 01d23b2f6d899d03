# SPDX-License-Identifier: Apache-2.0
"""The parts of a request that a person writes in words of their own."""

from collections.abc import Iterable
import dataclasses
import datetime
import os
import re

from backupclient import errors
from backupclient.keys import protection
from backupclient.model import addresses
from backupclient.model import stamps
from backupclient.store import targets

_UNITS = {'h': 'hours', 'd': 'days', 'w': 'weeks'}


def target(text: str) -> str:
    """Return the target of a request for the words of ``--to``.

    :param text: the path of a folder, which need not be there yet,
        ``restic:REPOSITORY``, or ``rclone:REMOTE:PATH``.
    :returns: the target, with an absolute path and without its passwords;
        this process remembers those.
    :raises UsageError: the text is no target, or the current folder is gone.
    """
    try:
        found = addresses.parse(text)
        if found.is_of_this_machine:
            place = os.path.abspath(found.place)
            found = dataclasses.replace(found, place=place)
        return targets.keep(found)
    except ValueError as exc:
        raise errors.UsageError(str(exc)) from exc
    except OSError as exc:
        raise errors.UsageError(
            f'"{text}" is below the current folder, which is gone: give a '
            'path that begins with "/".'
        ) from exc


def recipients(values: Iterable[str]) -> tuple[str, ...]:
    """Return the public keys that the words of ``--encrypt-to`` stand for.

    :param values: age or SSH public keys, or files of them.
    :raises UsageError: one is neither, or is a secret key.
    """
    return protection.expand(values)


def moment(
    text: str,
    now: datetime.datetime | None = None,
    *,
    begins: bool = False,
) -> str:
    """Return the time that the words of ``--at`` stand for.

    :param text: a date, a time in ISO 8601, or an age as ``12h``, ``7d``,
        ``2w``. Without a zone, it is UTC.
    :param now: None for the clock of this machine.
    :param begins: a date is the begin of that day, else its end.
    :returns: in ISO 8601.
    :raises UsageError: the text is none of these.
    """
    here = now or datetime.datetime.now(datetime.UTC)
    age = re.fullmatch('([0-9]{1,5})([hdw])', text)
    if age:
        ago = datetime.timedelta(**{_UNITS[age[2]]: int(age[1])})
        return (here - ago).isoformat(timespec='seconds')
    found = stamps.read(text)
    if found is None:
        raise errors.UsageError(
            f'"{text}" is no time. Give a date (2026-01-31), a time '
            '(2026-01-31T12:00), or an age (7d).'
        )
    if re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', text) and not begins:
        found += datetime.timedelta(days=1, seconds=-1)
    return found.isoformat(timespec='seconds')

# SPDX-License-Identifier: Apache-2.0
"""Parse the option values of a request: targets, recipients and times."""

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
    """Return the target of a request for a value of ``--to``.

    :param text: the path of a folder, which need not exist yet,
        ``restic:REPOSITORY``, or ``rclone:REMOTE:PATH``.
    :returns: the target, with an absolute path and without its passwords.
        These stay in the memory of this process.
    :raises UsageError: if the text is no target, or the current folder is
        gone.
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
    """Return the public keys for the values of ``--encrypt-to``.

    :param values: age or SSH public keys, or files of them.
    :raises UsageError: if a value is no public key or file of them, or is a
        private key.
    """
    return protection.expand(values)


def moment(
    text: str,
    now: datetime.datetime | None = None,
    *,
    begins: bool = False,
) -> str:
    """Return the time for a value of an option such as ``--at``.

    :param text: a date, a time in ISO 8601, or an age such as ``12h``, ``7d``
        or ``2w``. A time without a zone is UTC.
    :param now: the current time; None for the clock of this machine.
    :param begins: True if a date means the start of that day, else its end.
    :returns: the time in ISO 8601.
    :raises UsageError: if the text is none of these.
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

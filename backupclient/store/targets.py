# SPDX-License-Identifier: Apache-2.0
"""From a target to its store.

Plans and journals have targets without their passwords. What a person has
given is remembered by this process alone, see :func:`keep`.
"""

import pathlib
import threading

from backupclient import errors
from backupclient.model import addresses
from backupclient.store import base
from backupclient.store import localfolder

_given: dict[str, addresses.Address] = {}
_stores: dict[addresses.Address, base.Store] = {}
_lock = threading.Lock()


def keep(address: addresses.Address) -> str:
    """Remember a target, and return it without its passwords.

    :returns: what :func:`find` takes from now on, in this process.
    """
    with _lock:
        _given[address.shown] = address
    return address.shown


def find(target: str) -> base.Store:
    """Return the store of a target.

    A store that calls a program is opened once: that takes seconds.

    :param target: as in a request: the absolute path of a folder, or another
        target, with its passwords or as :func:`keep` has returned it.
    :raises UsageError: it is no target, or its passwords are not known.
    """
    try:
        address = addresses.parse(target)
    except ValueError as exc:
        raise errors.UsageError(str(exc)) from exc
    with _lock:
        address = _given.get(target, address)
        if address.lacks_passwords:
            raise errors.UsageError(
                f'The passwords of the target {target} are kept nowhere. Give '
                'the target again, with --to or --from.'
            )
        if address.kind is addresses.Kind.FOLDER:
            return localfolder.Folder(pathlib.Path(address.place))
        if address not in _stores:
            _stores[address] = _opened(address)
        return _stores[address]


def require_same(kept: str, given: str) -> None:
    """Raise UsageError if a run would go on in another target.

    :param kept: the target of the run, without passwords.
    :param given: what :func:`keep` has returned, ``''`` for nothing.
    """
    if given and given != kept:
        raise errors.UsageError(
            f'The run goes on with its own target, {kept or "none"}: give '
            'that one, or none.'
        )


def forget() -> None:
    """Forget all targets and close all stores, as a new process has none."""
    with _lock:
        _given.clear()
        _stores.clear()


def _opened(address: addresses.Address) -> base.Store:
    """Import what a store needs only where it is used: that takes time."""
    if address.kind is addresses.Kind.RCLONE:
        from backupclient.store.rclone import store as rclone

        return rclone.Rclone(address)
    from backupclient.store.restic import store as restic

    return restic.Restic(address)

# SPDX-License-Identifier: Apache-2.0
"""Finding the store of a target.

Plans and journals have targets without their passwords. Only this process
remembers the passwords, see :func:`keep`.
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

    :returns: a target for :func:`find`, valid in this process.
    """
    with _lock:
        _given[address.shown] = address
    return address.shown


def find(target: str) -> base.Store:
    """Return the store of a target.

    A store that calls a program is opened only once, because that takes
    seconds.

    :param target: the absolute path of a folder; or another target, with its
        passwords or as :func:`keep` has returned it.
    :raises UsageError: if it is not a target, or its passwords are unknown.
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
        if address.scheme is addresses.Scheme.FOLDER:
            return localfolder.Folder(pathlib.Path(address.place))
        if address not in _stores:
            _stores[address] = _opened(address)
        return _stores[address]


def require_same(kept: str, given: str) -> None:
    """Raise UsageError if a run would continue in another target.

    :param kept: the target of the run, without passwords.
    :param given: the user's target as :func:`keep` has returned it, ``''``
        if the user gave none.
    """
    if given and given != kept:
        raise errors.UsageError(
            f'The run goes on with its own target, {kept or "none"}: give '
            'that one, or none.'
        )


def forget() -> None:
    """Forget all targets and stores, as if the process were new."""
    with _lock:
        _given.clear()
        _stores.clear()


def _opened(address: addresses.Address) -> base.Store:
    """Return a new store. Its modules are imported here to save time."""
    if address.scheme is addresses.Scheme.RCLONE:
        from backupclient.store.rclone import store as rclone

        return rclone.Rclone(address)
    from backupclient.store.restic import store as restic

    return restic.Restic(address)

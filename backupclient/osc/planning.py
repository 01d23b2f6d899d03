# SPDX-License-Identifier: Apache-2.0
"""From the options to a plan: the half of the way that both commands go."""

import argparse
import dataclasses
import os
import pathlib
from typing import Any

from backupclient import clock as clock_
from backupclient import documents
from backupclient import errors
from backupclient import planner
from backupclient.cloud import door
from backupclient.cloud import inventory
from backupclient.model import plan as plan_
from backupclient.model import request as request_
from backupclient.osc import leftovers
from backupclient.osc import options
from backupclient.planner import revision
from backupclient.store import place
from backupclient.store import targets
from backupclient.transfer import room


def connect(app: Any) -> tuple[door.Cloud, clock_.SystemClock]:
    """Open the door to the cloud of an OSC application's options."""
    clock = clock_.SystemClock()
    return door.connect(app.client_manager.sdk_connection, clock), clock


def plan(cloud: door.Cloud, request: request_.Request) -> plan_.Plan:
    """Read the project and plan for it."""
    return planner.plan(request, inventory.read(cloud, request.images))


def chosen(
    cloud: door.Cloud, args: argparse.Namespace
) -> tuple[plan_.Plan, list[str]]:
    """Give the plan that ``run`` was asked for.

    :returns: it, and what to say of it: what has changed since it was saved,
        and what interrupted runs have left.
    """
    if args.plan:
        return _saved(cloud, args)
    request = _named(options.request(args), args.name)
    read = inventory.read(cloud, request.images)
    return planner.plan(request, read), leftovers.hints(cloud, read)


def _saved(
    cloud: door.Cloud, args: argparse.Namespace
) -> tuple[plan_.Plan, list[str]]:
    saved = documents.read(args.plan, plan_.Plan, 'saved plan', edited=True)
    revision.require_same_project(saved, cloud.identity)
    saved = dataclasses.replace(
        saved, request=_named(saved.request, args.name)
    )
    images = [item.image.id for item in saved.items if item.image]
    read = inventory.read(cloud, images)
    fresh = dataclasses.replace(
        planner.plan(revision.request(saved, read), read),
        gaps=planner.gaps(saved.request, read),
    )
    said = revision.changes(saved, fresh, read.unread) + leftovers.hints(
        cloud, read
    )
    now = revision.revised(saved, fresh, read.unread, replan=args.replan)
    return now, said


def _named(request: request_.Request, name: str) -> request_.Request:
    return dataclasses.replace(request, name=name) if name else request


def require_new(file: pathlib.Path) -> None:
    """Raise TargetError if a file is there already, or cannot be made."""
    if os.path.lexists(file):
        raise errors.TargetError(
            f'{file} is there already, and plans are not replaced. Give '
            'another name.'
        )
    if why := place.obstacle(file):
        raise errors.TargetError(f'{file} cannot be written: {why}')


def save(plan_to_keep: plan_.Plan, file: pathlib.Path) -> None:
    """Write a plan to a new file.

    :raises TargetError: it cannot be written, or is there already.
    """
    require_new(file)
    documents.write(file, plan_to_keep, replace=False)


def no_room(planned: plan_.Plan) -> list[str]:
    """Say when the target could not take a plan's files, as it is now."""
    try:
        if planned.request.target:
            store = targets.find(planned.request.target)
            room.require_room(store, planned.bytes_to_files)
    except errors.TargetError as exc:
        return [f'Caution: {exc}']
    return []

# SPDX-License-Identifier: Apache-2.0
"""From the options to a plan: the half of the way that both commands go."""

import argparse
import dataclasses
import pathlib
from typing import Any

from backupclient import clock as clock_
from backupclient import documents
from backupclient import errors
from backupclient import planner
from backupclient.cloud import door
from backupclient.cloud import inventory
from backupclient.model import events
from backupclient.model import plan as plan_
from backupclient.model import request as request_
from backupclient.osc import leftovers
from backupclient.osc import options
from backupclient.planner import revision


def connect(app: Any) -> tuple[door.Cloud, clock_.SystemClock]:
    """Open the door to the cloud of an OSC application's options."""
    clock = clock_.SystemClock()
    return door.connect(app.client_manager.sdk_connection, clock), clock


def plan(
    cloud: door.Cloud,
    request: request_.Request,
    reporter: events.Reporter | None = None,
) -> plan_.Plan:
    """Read the project and plan for it.

    :param reporter: hears of what interrupted runs left there.
    """
    read = inventory.read(cloud, request.images)
    if reporter is not None:
        hint = leftovers.hint(cloud, read)
        if hint:
            reporter.say(hint)
    return planner.plan(request, read)


def chosen(
    cloud: door.Cloud, args: argparse.Namespace, reporter: events.Reporter
) -> plan_.Plan:
    """Give the plan that ``run`` was asked for."""
    if not args.plan:
        return plan(cloud, _named(options.request(args), args.name), reporter)
    saved = documents.read(args.plan, plan_.Plan, 'saved plan')
    saved = dataclasses.replace(
        saved, request=_named(saved.request, args.name)
    )
    fresh = plan(cloud, saved.request, reporter)
    for change in revision.changes(saved, fresh):
        reporter.say(change)
    return fresh if args.replan else revision.still_valid(saved, fresh)


def _named(request: request_.Request, name: str) -> request_.Request:
    return dataclasses.replace(request, name=name) if name else request


def save(plan_to_keep: plan_.Plan, file: pathlib.Path) -> None:
    """Write a plan to a new file.

    :raises TargetError: it cannot be written, or is there already.
    """
    if file.exists():
        raise errors.TargetError(
            f'{file} is there already, and plans are not replaced.'
        )
    documents.write(file, plan_to_keep)

# SPDX-License-Identifier: Apache-2.0
"""The tools that a worker uses in its process."""

from collections.abc import Sequence
import dataclasses
from typing import Any

from backupclient import clocks
from backupclient import errors
from backupclient.engine import journal_base
from backupclient.model import graphs
from backupclient.model import plans
from backupclient.procedures import compiler
from backupclient.procedures import interim
from backupclient.procedures import registry
from backupclient.procedures import step
from backupclient.procedures.backup import source


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """The tools of a worker: see :class:`backupclient.engine.runner.Context`.

    :param work: the parameters that all steps share.
    :param plan: the original plan of the run, without fallbacks in use.
    """

    work: step.Work
    journal: journal_base.Journal
    plan: plans.Plan
    graph: graphs.Graph

    @classmethod
    def of(cls, work: step.Work, journal: journal_base.Journal) -> 'Context':
        """Compile the plan of a run.

        :raises DocumentError: if the journal is damaged.
        """
        plan = journal.run().plan
        graph = compiler.compile(plan)

        def made_of(group: str) -> interim.Restore:
            for flow in reversed(graph.group(group).flows):
                found = journal.progress(flow.id)
                if found and found.done:
                    made = found.done[-1].made
                    return made if isinstance(made, interim.Restore) else none
            return none

        none = interim.Restore()
        work = dataclasses.replace(work, made_of=made_of)
        return cls(work, journal, plan, graph)

    @property
    def run(self) -> str:
        """The ID of the run."""
        return self.work.run

    @property
    def clock(self) -> clocks.Clock:
        """The clock, which also passes on requests to stop."""
        return self.work.clock

    def steps(self, flow: graphs.Flow) -> Sequence[step.Step[Any]]:
        """Return the steps of a flow, ready to be done."""
        group = self.graph.group(flow.group)
        return registry.of_flow(self.work, self.plan, group, flow)

    def tell(self, flow: graphs.Flow, text: str) -> None:
        """Report what a flow does now."""
        group = self.graph.group(flow.group)
        if group.item is None:
            self.work.reporter.say(f'{group.resource.label}: {text}')
        else:
            self.work.reporter.step(group.resource, text)

    def failure(self, flow: graphs.Flow, error: errors.BackupError) -> str:
        """Return the message for the failure of a flow."""
        group = self.graph.group(flow.group)
        if group.item is None:
            return str(error)
        item = self.plan.items[group.item]
        if item.restore is not None:
            return str(error)
        return source.failure(self.work, item, error)

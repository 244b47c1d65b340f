"""How an open pipeline became another: what came in, what went out, and nothing unaccounted for."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from quota.journeys import Journey, State, steps
from quota.periods import Period
from quota.plans import PlanIndex

REASONS = (
    *("new", "transferred_in", "pulled_in", "increased", "reopened"),
    *("won", "lost", "pushed_out", "transferred_out", "decreased", "deleted", "unstaged"),
)
"""Why a pipeline changes: what comes in, and what goes out."""


class Change(Struct):
    """By how many deals, and how much in minor units, a pipeline changed for one reason; what went out is negative."""

    count: int = 0
    amount: int = 0


class Flow(Struct, frozen=True):
    """What was open at the start and at the end, and every change between: the start and all changes are the end."""

    start: Change
    changes: dict[str, Change]
    end: Change


class Pipeline:
    """Which deals are in the pipeline of a scope: all open ones, or those expected to close in a period."""

    def __init__(self, scope: str, plan: PlanIndex, closing: Period | None = None) -> None:
        self.scope, self.plan, self.closing = scope, plan, closing

    def has(self, state: State | None) -> bool:
        """Whether a deal in this state is in it; what nobody owns is in no other pipeline."""
        return state is not None and state.open and self.owns(state) and self.due(state)

    def owns(self, state: State) -> bool:
        """Whether the deal is the scope's, by where its owner stood on the day of the change."""
        if state.owner in ("unassigned", self.scope):
            return state.owner == self.scope
        day = self.plan.calendar(state.owner).local_day(state.at).isoformat()
        return self.scope in self.plan.line(state.owner, day)

    def due(self, state: State) -> bool:
        """Whether it is expected to close in the period, where one is asked for."""
        if self.closing is None:
            return True
        return state.expected_close is not None and self.closing.start <= state.expected_close < self.closing.end


def flow(journeys: Iterable[Journey], pipeline: Pipeline, start: datetime, end: datetime) -> Flow:
    """What happened to a pipeline from one moment until before another."""
    opened, closed = Change(), Change()
    changes = {reason: Change() for reason in REASONS}
    for each in journeys:
        _count(opened, each.at(start), pipeline)
        _count(closed, each.at(end), pipeline)
        for before, after in steps(each, start, end):
            for reason, count, amount in _between(each, before, after, pipeline):
                changes[reason].count += count
                changes[reason].amount += amount
    return Flow(opened, changes, closed)


def _count(into: Change, state: State | None, pipeline: Pipeline) -> None:
    if state is not None and pipeline.has(state):
        into.count += 1
        into.amount += state.amount or 0


def _between(each: Journey, before: State | None, after: State, pipeline: Pipeline) -> Iterator[tuple[str, int, int]]:
    """Why a deal came in or went out with a change, or by how much it changed while it was in."""
    was, now = pipeline.has(before), pipeline.has(after)
    worth = after.amount or 0
    if was and before is not None:
        held = before.amount or 0
        if not now:
            yield _out(after, pipeline), -1, -held
        elif worth != held:
            yield ("increased" if worth > held else "decreased"), 0, worth - held
    elif now:
        yield _in(each, before, after, pipeline), 1, worth


def _in(each: Journey, before: State | None, after: State, pipeline: Pipeline) -> str:
    if before is None or not before.open:
        # Of changes at one moment the first may have opened it: what it was before then decides.
        return "reopened" if any(state.open for state in each.states if state.at < after.at) else "new"
    return "pulled_in" if pipeline.owns(before) else "transferred_in"


def _out(after: State, pipeline: Pipeline) -> str:
    if after.deleted:
        return "deleted"
    if after.stage is None:
        return "unstaged"
    if after.stage.kind == "won":
        return "won"
    if after.stage.kind == "lost":
        return "lost"
    return "pushed_out" if pipeline.owns(after) else "transferred_out"

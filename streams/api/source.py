"""Where the API takes its answers from: the projection of a worker, or the copy of it in Redis."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from quota.errors import Unavailable
from quota.plans import PlanIndex
from streams.serving.projection import Projection
from streams.web.doors import log_answers

CATCHING_UP = "what stands is still being read; come again in a moment"
NO_PLAN = "no plan has been applied yet: quotaflow plan apply DIR"


class NotReady(Unavailable):
    """The source has no answers now; the message says why, to whoever asked."""


class View(NamedTuple):
    """The newest plan, and the highest moment that any standing knows."""

    plan: PlanIndex
    as_of: datetime | None


class Alerts(NamedTuple):
    """Transitions as they stand in the log, in any order; ended ones that compare below `floor` are not kept."""

    values: Sequence[bytes]
    floor: str


class Source(Protocol):
    """What the API asks; every method raises NotReady."""

    async def view(self) -> View:
        """What questions are read by."""
        ...

    async def standings(self, names: Sequence[tuple[str, str]]) -> list[bytes | None]:
        """The last standing of each scope and period id, as it stands in the log."""
        ...

    async def alerts(self) -> Alerts:
        """The last transition of every alert that is kept."""
        ...

    async def ready(self) -> None:
        """Returns when it could answer."""
        ...


class Memory:
    """A source that is in this process."""

    def __init__(self, projection: Projection) -> None:
        """Somebody else lets the projection follow its log."""
        self._projection = projection

    async def view(self) -> View:
        """What questions are read by."""
        plan = self._projection.plan
        if not self._projection.caught_up:
            raise NotReady(CATCHING_UP)
        if plan is None:
            raise NotReady(NO_PLAN)
        return View(plan, self._projection.as_of)

    async def standings(self, names: Sequence[tuple[str, str]]) -> list[bytes | None]:
        """The last standing of each scope and period id, as it stands in the log."""
        return [self._projection.standing(scope, period) for scope, period in names]

    async def alerts(self) -> Alerts:
        """The last transition of every alert that is kept."""
        held = self._projection.alerts
        return Alerts([said.value for latest in held.partitions for said in latest], held.floor)

    async def ready(self) -> None:
        """Returns when the projection has caught up and the log answers."""
        if not self._projection.caught_up:
            raise NotReady(CATCHING_UP)
        if not await log_answers(self._projection.log):
            raise NotReady("the log does not answer; see that it is there")
